"""`/account/…`: the pages behind the links in letters. Plain forms: they work without JavaScript.

A GET has no effect, since mail scanners open every link; the form that it shows has. Each page calls the command of the
API route of the same name, so both refuse alike. A team's own front end can take the place of these pages
(`PLUGZERO_ACCOUNT_PAGES_URL`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import BackgroundTasks, Request, Response
from fastapi import status as http
from fastapi.responses import RedirectResponse

from kernel.clock import utc_now
from kernel.forms import form_fields, is_same_origin
from kernel.mail import Letter, deliver
from kernel.problems import Forbidden, Invalid, NotFound, Problem
from kernel.routing import Router
from services.identity.dependencies import IdentityTools
from services.identity.router import account_html as html
from services.identity.router.account_html import AccountPage, Found
from services.identity.service import credentials, invitations, login, registration
from services.identity.service.login import SecondStep
from services.identity.service.tools import Tools

router = Router(prefix="/account", include_in_schema=False)

LONGEST_VALUE = 2_000
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a page, with what its form or link carries."""

    request: Request
    tools: Tools
    values: Values

    @property
    def token(self) -> str:
        """The mailed token."""
        return self.values.get("token", "")


@dataclass(frozen=True, slots=True)
class Act:
    """What a page's form does: whether the link can work is looked at before it is shown."""

    page: AccountPage
    look: Callable[[Visit], Awaitable[Found]]
    do: Callable[[Visit], Awaitable[Letter | None]]


@router.get("/{name}")
async def show(name: str, request: Request, tools: IdentityTools) -> Response:
    """Show a page's form, or why its link does not work any more."""
    act = _act(name)
    try:
        visit = Visit(request, tools, _short(dict(request.query_params)))
        return html.form_page(act.page, visit.values, await act.look(visit))
    except Problem as problem:
        return html.problem_page(act.page, problem)


@router.get("/{name}/done")
async def show_done(name: str) -> Response:
    """Say that a form had its effect; its address can be opened again without harm."""
    return html.done_page(_act(name).page)


@router.post("/{name}")
async def send(name: str, request: Request, tools: IdentityTools, after: BackgroundTasks) -> Response:
    """Take a form in, then say so (303), or show it again with what is wrong."""
    act, found = _act(name), Found()
    values: Values = {}
    try:
        values = await _values(request)
        visit = Visit(request, tools, values)
        found = await act.look(visit)
        letter = await act.do(visit)
    except Problem as problem:
        if values and isinstance(problem, html.REPAIRABLE):
            return html.form_page(act.page, values, found, problem=problem)
        return html.problem_page(act.page, problem)
    if letter is not None:
        after.add_task(deliver, tools.mail, letter)
    return RedirectResponse(f"/account/{name}/done", http.HTTP_303_SEE_OTHER)


def _act(name: str) -> Act:
    found = ACTS.get(name)
    if found is None:
        raise NotFound.of("page", name)
    return found


async def _values(request: Request) -> Values:
    """The form's values; raises Forbidden for a form of another site's page."""
    if not is_same_origin(request):
        raise Forbidden("This form was sent from another site's page. Open the link of the letter again.")
    return _short({name: values[0] for name, values in (await form_fields(request)).items()})


def _short(values: Values) -> Values:
    for name, value in values.items():
        if len(value) > LONGEST_VALUE:
            raise Invalid.at(
                f"/{name[:50]}", f"This has {len(value)} characters; {LONGEST_VALUE} at most are read."
            )
    return values


async def _look_nowhere(_: Visit) -> Found:
    return Found()


async def _look_at_verification(visit: Visit) -> Found:
    _, address = visit.tools.verification.read(visit.token, now=utc_now())
    return Found(address)


async def _look_at_reset(visit: Visit) -> Found:
    user = await registration.find_user_of_reset(visit.tools, visit.token)
    return Found(user.email)


async def _look_at_email_change(visit: Visit) -> Found:
    _, addresses = visit.tools.email_changes.read(visit.token, now=utc_now())
    return Found(addresses.partition("\n")[2])


async def _look_at_invitation(visit: Visit) -> Found:
    offer = await invitations.read_offer(visit.tools, visit.token)
    return Found(offer.email, offer)


async def _verify_email(visit: Visit) -> None:
    await registration.verify_email(visit.tools, visit.token)


async def _forget_password(visit: Visit) -> Letter | None:
    return await registration.forget_password(visit.tools, visit.values.get("email", ""))


async def _reset_password(visit: Visit) -> Letter:
    password = visit.values.get("password", "")
    return await registration.reset_password(visit.tools, visit.token, password=password)


async def _change_email(visit: Visit) -> Letter:
    return await credentials.change_email(visit.tools, visit.token)


async def _accept_invitation(visit: Visit) -> None:
    """Join, by a new account or by logging in to the one that the address has; that session ends with the answer."""
    offer = await invitations.read_offer(visit.tools, visit.token)
    password = visit.values.get("password", "")
    if not offer.has_account:
        names = {name: visit.values.get(name, "")[:150] for name in ("first_name", "last_name")}
        await invitations.accept_as_new(visit.tools, token=visit.token, password=password, **names)
        return
    tokens = await login.log_in(visit.tools, email=offer.email, password=password)
    if isinstance(tokens, SecondStep):
        code = visit.values.get("code", "")
        if not code:
            raise Invalid.at("/code", "This account asks for a one-time code too.")
        tokens = await login.log_in_second_step(visit.tools, mfa_token=tokens.mfa_token, code=code)
    try:
        caller = await visit.request.app.state.resources.verifier.verify(tokens.access_token)
        await invitations.accept(visit.tools, caller, token=visit.token)
    finally:
        await login.log_out(visit.tools, tokens.refresh_token)


ACTS = {
    "verify-email": Act(html.VERIFY_EMAIL, _look_at_verification, _verify_email),
    "forgot-password": Act(html.FORGOT_PASSWORD, _look_nowhere, _forget_password),
    "reset-password": Act(html.RESET_PASSWORD, _look_at_reset, _reset_password),
    "change-email": Act(html.CHANGE_EMAIL, _look_at_email_change, _change_email),
    "accept-invitation": Act(html.ACCEPT_INVITATION, _look_at_invitation, _accept_invitation),
}
