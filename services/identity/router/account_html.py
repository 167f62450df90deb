"""The account pages as HTML: what each asks, says when it is done, and shows when something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from fastapi import status as http

from kernel.problems import Invalid, Problem, TooManyRequests
from services.identity.domain.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from services.identity.errors import AddressTaken, LinkExpired, WrongCode, WrongCredentials
from services.identity.router.pages import rendered
from services.identity.service.invitations import Offer

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address carries the token
    "X-Robots-Tag": "noindex",
}
REPAIRABLE = (Invalid, WrongCredentials, WrongCode, TooManyRequests)
"""What a person can put right in the same form."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a page's link leads to: the account, as far as it tells, and the offer of a team."""

    email: str = ""
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks."""

    name: str
    label: str
    kind: str
    autocomplete: str
    hint: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The words of one page."""

    name: str
    title: str
    text: str
    button: str
    done: tuple[str, str]
    """Title and text once the form has had its effect."""
    way_out: str
    """What to do when the link does not work any more."""
    fields: tuple[Field, ...] = ()


NEW_PASSWORD = Field(
    "password",
    "New password",
    "password",
    "new-password",
    f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters of any kind. Several words in a row make a good one.",
)
PRESENT_PASSWORD = Field("password", "Your password", "password", "current-password")
CODE = Field(
    "code", "One-time code", "text", "one-time-code", "Only if your log-in asks for one.", is_required=False
)
FIRST_NAME = Field("first_name", "First name", "text", "given-name", is_required=False)
LAST_NAME = Field("last_name", "Last name", "text", "family-name", is_required=False)
EMAIL = Field("email", "Email address", "email", "username")

VERIFY_EMAIL = AccountPage(
    "verify-email",
    "Confirm your address",
    "Press the button, and your account is open.",
    "Confirm address",
    ("Your address is confirmed", "Your account is open: you can log in now."),
    "If your address is not confirmed yet, let a letter for a new password come: it confirms the address too.",
)
FORGOT_PASSWORD = AccountPage(
    "forgot-password",
    "Set a new password",
    "We send a letter with a link to the address of your account.",
    "Send the letter",
    (
        "Look into your mail",
        "If the address has an account, a letter is on its way. Its link works for an hour.",
    ),
    "",
    (EMAIL,),
)
RESET_PASSWORD = AccountPage(
    "reset-password",
    "Set a new password",
    "All devices are logged out when the new password is set.",
    "Set password",
    ("Your new password is set", "All devices are logged out. Log in with the new password."),
    "Let another letter come; its link works for an hour, and once.",
    (NEW_PASSWORD,),
)
CHANGE_EMAIL = AccountPage(
    "change-email",
    "Confirm your new address",
    "Press the button, and your account uses this address from now on.",
    "Use this address",
    ("Your account has a new address", "Log in with it from now on."),
    "Ask for the change of address once more where you are logged in.",
)
ACCEPT_INVITATION = AccountPage(
    "accept-invitation",
    "Join a team",
    "",
    "Join the team",
    ("You are in the team", "Log in to see its projects."),
    "Ask whoever invited you for another letter.",
)


def form_page(
    page: AccountPage, values: Mapping[str, str], found: Found, *, problem: Problem | None = None
) -> Response:
    """Return the page with its form, and with what is wrong in it."""
    faults = _faults(problem)
    fields = _fields(page, found.offer)
    names = {field.name for field in fields}
    response = rendered(
        "account_form.html",
        page=page,
        found=found,
        fields=fields,
        values={name: value for name, value in values.items() if name != "password"},
        faults=faults,
        other=[text for name, text in faults.items() if name not in names],
        token=values.get("token", ""),
    )
    return _answer(response, problem.status if problem else http.HTTP_200_OK, problem)


def done_page(page: AccountPage) -> Response:
    """Return what is said once the form has had its effect."""
    title, text = page.done
    return _answer(_message(title, text), http.HTTP_200_OK)


def problem_page(page: AccountPage, problem: Problem) -> Response:
    """Return why a page cannot do its work, and what to do instead."""
    is_over = isinstance(problem, LinkExpired)
    can_ask_again = is_over and page in {VERIFY_EMAIL, RESET_PASSWORD}
    text = page.way_out if is_over else _sentence(problem)
    return _answer(_message(problem.title, text, can_ask_again=can_ask_again), problem.status, problem)


def refusal_page(problem: Problem) -> Response:
    """Return a problem that has no page of its own, for somebody who looks at it in a browser."""
    return _answer(_message(problem.title, problem.detail), problem.status, problem)


def _message(title: str, text: str, *, can_ask_again: bool = False) -> str:
    return rendered("account_message.html", title=title, text=text, can_ask_again=can_ask_again)


def _answer(content: str, status: int, problem: Problem | None = None) -> Response:
    kept = {
        name: value for name, value in (problem.headers if problem else {}).items() if name == "Retry-After"
    }
    return Response(content, status, media_type="text/html", headers=HEADERS | kept)


def _fields(page: AccountPage, offer: Offer | None) -> tuple[Field, ...]:
    if offer is None:
        return page.fields
    return (PRESENT_PASSWORD, CODE) if offer.has_account else (FIRST_NAME, LAST_NAME, NEW_PASSWORD)


def _faults(problem: Problem | None) -> dict[str, str]:
    """Field → what is wrong there; the empty name is the form as a whole."""
    if problem is None:
        return {}
    if isinstance(problem, Invalid):
        listed: list[dict[str, Any]] = problem.members["errors"]
        return {error["pointer"].removeprefix("/"): error["detail"] for error in listed}
    if isinstance(problem, WrongCode):
        return {"code": problem.detail}
    if isinstance(problem, WrongCredentials):
        return {"password": "This is not the password of the account."}
    return {"": _sentence(problem)}


def _sentence(problem: Problem) -> str:
    """What a problem means for somebody at a page, who calls no API."""
    if isinstance(problem, TooManyRequests):
        return f"Please wait {problem.headers['Retry-After']} s, then try again."
    if isinstance(problem, AddressTaken):
        return "Another account has this address. Log in there, or choose another address."
    return problem.detail
