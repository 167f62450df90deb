"""Invitations: mailed, accepted as new or existing user, sent again, taken back, raced."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import asyncpg
import httpx2
import pytest

from tests.conftest import Clients, Person, new_person
from tests.identity.conftest import Mailing
from tests.identity.mailbox import token_in

Member = Callable[[str], Awaitable[Person]]
PASSWORD = "several-words-in-a-row"


async def invite(
    mailing: Mailing, person: Person, team: int, email: str, role: str = "MEMBER"
) -> httpx2.Response:
    body = {"email": email, "role": role}
    return await mailing.client.post(f"/api/teams/{team}/invitations", json=body, headers=person.headers)


async def accept(mailing: Mailing, token: str, **more: object) -> httpx2.Response:
    headers = more.pop("headers", {})
    assert isinstance(headers, dict)
    return await mailing.client.post(
        "/api/invitations/accept", json={"token": token, **more}, headers=headers
    )


def fresh_email() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


async def test_somebody_without_an_account_joins_by_choosing_a_password(
    mailing: Mailing, clients: Clients, alice: Person, team: int, project: int
) -> None:
    email = fresh_email()
    made = await invite(mailing, alice, team, email.upper(), "VIEWER")
    assert made.status_code == 201, made.text
    assert made.json()["email"] == email
    (letter,) = mailing.letters(email)
    assert "Field team" in letter["Subject"]
    token = token_in(letter)
    missing = await accept(mailing, token)
    assert missing.json()["errors"][0]["pointer"] == "/password"
    weak = await accept(mailing, token, password="123456789012")
    assert weak.status_code == 422
    joined = await accept(mailing, token, password=PASSWORD, first_name="Ada")
    assert (joined.status_code, joined.json()) == (200, {"team_id": team})
    tokens = await clients.identity.post("/api/accounts/login", json={"email": email, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
    assert (await clients.ingestion.get(f"/api/projects/{project}", headers=headers)).status_code == 200
    body = {"team_id": team, "name": "A viewer's"}
    assert (await clients.ingestion.post("/api/projects", json=body, headers=headers)).status_code == 403
    again = await accept(mailing, token, password=PASSWORD)
    assert (again.status_code, again.json()["type"]) == (410, "/problems/link-expired")


async def test_somebody_with_an_account_joins_logged_in_with_the_invited_address(
    mailing: Mailing, clients: Clients, alice: Person, mallory: Person, team: int
) -> None:
    bob = await new_person(clients, "bob")
    await invite(mailing, alice, team, bob.email, "ADMIN")
    token = token_in(mailing.letters(bob.email)[0])
    stolen = await accept(mailing, token, headers=mallory.headers)
    assert (stolen.status_code, stolen.json()["type"]) == (403, "/problems/invitation-for-somebody-else")
    without = await accept(mailing, token, password=PASSWORD)
    assert (without.status_code, without.json()["type"]) == (409, "/problems/account-exists")
    assert (await accept(mailing, token, headers=bob.headers)).status_code == 200
    me = (await clients.identity.get("/api/accounts/me", headers=bob.headers)).json()
    assert [(t["id"], t["role"]) for t in me["teams"]] == [(team, "ADMIN")]


async def test_of_parallel_acceptances_exactly_one_joins(
    mailing: Mailing, clients: Clients, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    bob = await new_person(clients, "bob")
    await invite(mailing, alice, team, bob.email)
    token = token_in(mailing.letters(bob.email)[0])
    answers = await asyncio.gather(*(accept(mailing, token, headers=bob.headers) for _ in range(10)))
    assert sorted(a.status_code for a in answers).count(200) == 1
    assert {a.status_code for a in answers} <= {200, 409, 410}
    email = fresh_email()
    await invite(mailing, alice, team, email)
    token = token_in(mailing.letters(email)[0])
    answers = await asyncio.gather(*(accept(mailing, token, password=PASSWORD) for _ in range(5)))
    assert sorted(a.status_code for a in answers).count(200) == 1
    n_members = await owner.fetchval("SELECT count(*) FROM accounts_teammembership WHERE team_id = $1", team)
    n_joined = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE team_id = $1 AND type = 'member-joined'", team
    )
    assert (n_members, n_joined) == (3, 2)


async def test_an_invitation_sent_again_voids_the_earlier_letter(
    mailing: Mailing, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    email = fresh_email()
    made = (await invite(mailing, alice, team, email)).json()
    path = f"/api/teams/{team}/invitations/{made['id']}/resend"
    soon = await mailing.client.post(path, headers=alice.headers)
    assert soon.status_code == 429
    assert 0 < int(soon.headers["retry-after"]) <= 61
    await owner.execute("UPDATE accounts_invitation SET sent_at = sent_at - interval '2 minutes'")
    assert (await mailing.client.post(path, headers=alice.headers)).status_code == 200
    first, second = (token_in(letter) for letter in mailing.letters(email))
    assert (await accept(mailing, first, password=PASSWORD)).status_code == 410
    assert (await accept(mailing, second, password=PASSWORD)).status_code == 200
    assert (await mailing.client.post(path, headers=alice.headers)).status_code == 404


async def test_an_invitation_that_is_taken_back_expired_or_of_a_deleted_team_is_gone(
    mailing: Mailing, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    emails = [fresh_email() for _ in range(3)]
    made = [(await invite(mailing, alice, team, email)).json()["id"] for email in emails]
    tokens = [token_in(mailing.letters(email)[0]) for email in emails]
    path = f"/api/teams/{team}/invitations"
    assert (await mailing.client.delete(f"{path}/{made[0]}", headers=alice.headers)).status_code == 204
    await owner.execute("UPDATE accounts_invitation SET expires_at = now() WHERE id = $1", made[1])
    listed = (await mailing.client.get(path, headers=alice.headers)).json()["items"]
    assert {item["id"] for item in listed} == set(made[1:])
    assert (await invite(mailing, alice, team, emails[1])).status_code == 201, "an expired one does not block"
    await mailing.client.delete(f"/api/teams/{team}", headers=alice.headers)
    for token in tokens:
        assert (await accept(mailing, token, password=PASSWORD)).status_code == 410


async def test_members_and_invited_people_are_not_invited_again(
    mailing: Mailing, alice: Person, team: int
) -> None:
    already = await invite(mailing, alice, team, alice.email)
    assert (already.status_code, already.json()["type"]) == (409, "/problems/already-member")
    email = fresh_email()
    assert (await invite(mailing, alice, team, email)).status_code == 201
    again = await invite(mailing, alice, team, email)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-invited")


async def test_only_owner_and_admin_invite_and_nobody_invites_an_owner(
    mailing: Mailing, alice: Person, mallory: Person, team: int, member: Member
) -> None:
    for role, status in (("ADMIN", 201), ("MEMBER", 403), ("VIEWER", 403)):
        person = await member(role)
        assert (await invite(mailing, person, team, fresh_email())).status_code == status, role
        listed = await mailing.client.get(f"/api/teams/{team}/invitations", headers=person.headers)
        assert listed.status_code == (200 if status == 201 else 403)
    assert (await invite(mailing, mallory, team, fresh_email())).status_code == 404
    refused = await invite(mailing, alice, team, fresh_email(), "OWNER")
    assert refused.json()["errors"][0]["pointer"] == "/role"


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "ü" * 20])
async def test_a_wrong_token_is_a_link_that_does_not_work(mailing: Mailing, token: str) -> None:
    answer = await accept(mailing, token, password=PASSWORD)
    assert answer.status_code == 410


async def test_a_team_has_only_so_many_open_invitations(
    mailing: Mailing, alice: Person, team: int, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "INSERT INTO accounts_invitation (team_id, email, role, token_hash, expires_at) "
        "SELECT $1, 'x' || n, 'VIEWER', md5($2 || n), now() + interval '1 day' FROM generate_series(1, 100) n",
        team,
        uuid.uuid4().hex,
    )
    answer = await invite(mailing, alice, team, fresh_email())
    assert (answer.status_code, answer.json()["limit"]) == (403, 100)
