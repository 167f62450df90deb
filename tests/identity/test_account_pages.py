"""The pages behind the links in letters: without effect until their form is sent, and alike with the API in what they refuse."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import asyncpg
import httpx2
import pyotp
import pytest

from services.identity.app import create
from tests.conftest import Clients, Person, new_person, settings_of
from tests.environment import Stack
from tests.identity.conftest import Mailing
from tests.identity.mailbox import link_in, token_in
from tests.identity.test_second_factor import enrolled

NEW = "entirely-new-words-here"
GATEWAY = "http://127.0.0.1:8080"


class _Form(HTMLParser):
    """What a browser would send: the form's address and its fields as they are filled in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.values, self.described = "", dict[str, str](), dict[str, str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert given["method"] == "post"
            self.action = given["action"]
        if tag == "input":
            self.values[given["name"]] = given["value"]
            self.described[given["name"]] = given.get("aria-describedby", "")


@asynccontextmanager
async def identity_with(stack: Stack, mailing: Mailing, **own: object) -> AsyncIterator[httpx2.AsyncClient]:
    """Another identity with settings of its own, whose letters come to the same folder."""
    app = create(settings_of(stack, "identity", mail_folder=str(mailing.folder), **own))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test") as client:
            yield client


async def opened(mailing: Mailing, link: str) -> httpx2.Response:
    """The page of a letter's link, which points to the gateway."""
    assert link.startswith(f"{GATEWAY}/account/")
    return await mailing.client.get(link.removeprefix(GATEWAY))


async def sent(mailing: Mailing, page: httpx2.Response, **filled_in: str) -> httpx2.Response:
    """What comes of a page's form; a field that it does not show cannot be filled in."""
    form = _Form(page.text)
    assert filled_in.keys() <= form.values.keys()
    return await mailing.client.post(form.action, data={**form.values, **filled_in})


async def assert_done(mailing: Mailing, answer: httpx2.Response, title: str) -> None:
    assert answer.status_code == 303, answer.text
    done = await mailing.client.get(answer.headers["location"])
    assert f"<h1>{title}</h1>" in done.text


async def can_log_in(mailing: Mailing, email: str, password: str) -> bool:
    body = {"email": email, "password": password}
    return (await mailing.client.post("/api/accounts/login", json=body)).status_code == 200


@pytest.mark.asvs("3.5.3", "3.7.2")
async def test_an_address_is_confirmed_by_the_button_and_not_by_opening_the_link(
    stack: Stack, mailing: Mailing
) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    async with identity_with(stack, mailing, auto_verify=False) as client:
        await client.post("/api/accounts/register", json={"email": email, "password": NEW})
    link = link_in(mailing.letters(email)[0])
    for _ in range(3):
        page = await opened(mailing, link)
        assert page.status_code == 200
    assert not await can_log_in(mailing, email, NEW)
    await assert_done(mailing, await sent(mailing, page), "Your address is confirmed")
    assert await can_log_in(mailing, email, NEW)
    used = await sent(mailing, page)
    assert used.status_code == 410
    assert 'href="/account/forgot-password"' in used.text


@pytest.mark.asvs("6.2.6", "6.2.7")
async def test_a_forgotten_password_is_replaced_from_the_first_page_to_the_last(
    mailing: Mailing, alice: Person
) -> None:
    asked = await sent(mailing, await mailing.client.get("/account/forgot-password"), email=alice.email)
    await assert_done(mailing, asked, "Look into your mail")
    page = await opened(mailing, link_in(mailing.letters(alice.email)[-1]))
    weak = await sent(mailing, page, password="short")
    assert weak.status_code == 422
    assert "12 to 128 characters; this one has 5" in weak.text
    assert "<title>Error: Set a new password" in weak.text
    assert _Form(weak.text).described["password"] == "password-fault password-hint"
    assert _Form(weak.text).values["password"] == "", "a password is never sent back"
    assert 'type="password" autocomplete="new-password"' in weak.text
    assert "onpaste" not in weak.text
    await assert_done(mailing, await sent(mailing, weak, password=NEW), "Your new password is set")
    assert await can_log_in(mailing, alice.email, NEW)
    assert mailing.letters(alice.email)[-1]["Subject"] == "Your password was changed"
    assert (await sent(mailing, page, password=NEW)).status_code == 410


async def test_an_unknown_address_is_answered_alike_and_gets_no_letter(mailing: Mailing) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    asked = await sent(mailing, await mailing.client.get("/account/forgot-password"), email=email)
    await assert_done(mailing, asked, "Look into your mail")
    assert not mailing.letters(email)


async def test_an_address_is_changed_by_the_page(mailing: Mailing, alice: Person) -> None:
    new = f"{uuid.uuid4().hex}@example.com"
    body = {"password": alice.password, "email": new}
    await mailing.client.post("/api/accounts/me/email", json=body, headers=alice.headers)
    page = await opened(mailing, link_in(mailing.letters(new)[0]))
    await assert_done(mailing, await sent(mailing, page), "Your account has a new address")
    assert await can_log_in(mailing, new, alice.password)


async def invited(mailing: Mailing, inviter: Person, team: int, email: str) -> httpx2.Response:
    body = {"email": email, "role": "MEMBER"}
    made = await mailing.client.post(f"/api/teams/{team}/invitations", json=body, headers=inviter.headers)
    assert made.status_code == 201, made.text
    return await opened(mailing, link_in(mailing.letters(email)[-1]))


async def teams_of(mailing: Mailing, email: str, password: str) -> list[int]:
    body = {"email": email, "password": password}
    tokens = (await mailing.client.post("/api/accounts/login", json=body)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = (await mailing.client.get("/api/accounts/me", headers=headers)).json()
    return [team["id"] for team in me["teams"]]


@pytest.mark.asvs("3.2.2")
async def test_somebody_new_joins_by_choosing_a_password(mailing: Mailing, alice: Person, team: int) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    await mailing.client.patch(
        f"/api/teams/{team}", json={"name": "<script>alert(1)</script>"}, headers=alice.headers
    )
    page = await invited(mailing, alice, team, email)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script" not in page.text
    joined = await sent(mailing, page, password=NEW, first_name="Ada")
    await assert_done(mailing, joined, "You are in the team")
    assert await teams_of(mailing, email, NEW) == [team]


async def test_somebody_with_an_account_joins_by_logging_in(
    mailing: Mailing, clients: Clients, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    bob = await new_person(clients, "bob")
    page = await invited(mailing, alice, team, bob.email)
    wrong = await sent(mailing, page, password=NEW)
    assert wrong.status_code == 401
    assert "This is not the password of the account." in wrong.text
    open_sessions = "SELECT count(*) FROM accounts_session WHERE user_id = $1 AND ended_at IS NULL"
    before = await owner.fetchval(open_sessions, bob.user_id)
    await assert_done(mailing, await sent(mailing, page, password=bob.password), "You are in the team")
    assert await owner.fetchval(open_sessions, bob.user_id) == before, "the page leaves no session behind"
    assert await teams_of(mailing, bob.email, bob.password) == [team]


@pytest.mark.asvs("6.3.4")
async def test_two_factors_are_asked_for_at_the_page_too(
    mailing: Mailing, clients: Clients, alice: Person, team: int
) -> None:
    bob = await new_person(clients, "bob")
    seed, _ = await enrolled(clients, bob)
    page = await invited(mailing, alice, team, bob.email)
    without = await sent(mailing, page, password=bob.password)
    assert (without.status_code, "asks for a one-time code" in without.text) == (422, True)
    wrong = await sent(mailing, page, password=bob.password, code="000000")
    assert (wrong.status_code, "The code is wrong" in wrong.text) == (401, True)
    right = pyotp.TOTP(seed).at(time.time())
    joined = await sent(mailing, page, password=bob.password, code=right)
    await assert_done(mailing, joined, "You are in the team")


@pytest.mark.asvs("6.3.4")
async def test_guessing_at_a_page_waits_as_it_does_at_the_api(
    mailing: Mailing, clients: Clients, alice: Person, team: int
) -> None:
    bob = await new_person(clients, "bob")
    page = await invited(mailing, alice, team, bob.email)
    answers = [await sent(mailing, page, password=f"{NEW}-{n}") for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]
    assert "Please wait 1 s" in answers[-1].text
    assert answers[-1].headers["retry-after"] == "1"


@pytest.mark.asvs("3.4.5")
async def test_a_page_is_kept_by_nobody_and_runs_nothing(mailing: Mailing, alice: Person) -> None:
    await mailing.client.post("/api/accounts/forgot-password", json={"email": alice.email})
    page = await opened(mailing, link_in(mailing.letters(alice.email)[-1]))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")


PAGES = ("verify-email", "reset-password", "change-email", "accept-invitation")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("token", ["", "x", "a" * 64, "ü" * 40, "\x00", "A" * 1900])
async def test_a_link_that_was_cut_or_forged_says_so(mailing: Mailing, name: str, token: str) -> None:
    path = f"/account/{name}"
    for answer in (
        await mailing.client.get(path, params={"token": token}),
        await mailing.client.post(path, data={"token": token, "password": NEW}),
    ):
        assert answer.status_code == 410, answer.text
        assert "<h1>This link does not work any more</h1>" in answer.text


async def test_a_token_of_one_page_opens_no_other(mailing: Mailing, alice: Person) -> None:
    await mailing.client.post("/api/accounts/forgot-password", json={"email": alice.email})
    token = token_in(mailing.letters(alice.email)[-1])
    for name in PAGES:
        found = await mailing.client.get(f"/account/{name}", params={"token": token})
        assert found.status_code == (200 if name == "reset-password" else 410)


@pytest.mark.asvs("2.2.2", "3.5.1")
async def test_what_is_no_form_of_ours_is_refused_as_a_page(mailing: Mailing, alice: Person) -> None:
    path, body = "/account/forgot-password", {"email": alice.email}
    foreign = await mailing.client.post(path, data=body, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    crossed = await mailing.client.post(path, data=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    assert (await mailing.client.post(path, json=body)).status_code == 415
    assert (await mailing.client.post(path, data={"email": "x" * 2001})).status_code == 422
    assert (await mailing.client.post(path, data={f"f{n}": "" for n in range(200)})).status_code == 400
    assert not mailing.letters(alice.email)
    long = await mailing.client.get("/account/reset-password", params={"token": "A" * 2001})
    assert (long.status_code, "2000 at most" in long.text) == (422, True)
    unknown = await mailing.client.get("/account/elsewhere")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not-found")


async def test_letters_link_to_the_front_end_of_an_installation_that_has_one(
    stack: Stack, mailing: Mailing, alice: Person
) -> None:
    async with identity_with(stack, mailing, account_pages_url="https://panel.example/konto/") as client:
        await client.post("/api/accounts/forgot-password", json={"email": alice.email})
    link = link_in(mailing.letters(alice.email)[-1])
    assert link.startswith("https://panel.example/konto/reset-password?token=")


@pytest.mark.asvs("4.1.1")
@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html,*/*", "text/html"), ("*/*", "application/problem+json")]
)
async def test_the_gateways_refusal_is_a_page_in_a_browser_and_a_problem_elsewhere(
    clients: Clients, accept: str, kind: str
) -> None:
    answer = await clients.identity.post("/problems/gateway/429", headers={"Accept": accept})
    assert answer.status_code == 429
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert "Too many requests" in answer.text
