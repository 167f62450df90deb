"""The activity log: complete, chained, read by those who may, and changed by nobody."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from services.identity.consumers import purge_activity
from tests.conftest import Clients, Person, new_person
from tests.environment import Stack

Member = Callable[[str], Awaitable[Person]]


async def log_of(clients: Clients, person: Person, team: int, **filters: Any) -> list[dict[str, Any]]:
    answer = await clients.identity.get(f"/api/teams/{team}/activity", params=filters, headers=person.headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def verdict(clients: Clients, person: Person, team: int) -> dict[str, Any]:
    found: dict[str, Any] = (
        await clients.identity.get(f"/api/teams/{team}/activity/verify", headers=person.headers)
    ).json()
    return found


async def a_busy_team(clients: Clients, alice: Person, team: int, member: Member) -> Person:
    """Let several things happen; returns a member."""
    bob = await member("MEMBER")
    path = f"/api/teams/{team}/members/{bob.user_id}"
    await clients.identity.patch(path, json={"role": "VIEWER"}, headers=alice.headers)
    await clients.identity.patch(path, json={"role": "ADMIN"}, headers=bob.headers)  # refused
    key = await clients.identity.post(
        f"/api/teams/{team}/api-keys",
        json={"name": "k", "scopes": ["projects:read"]},
        headers=alice.headers,
    )
    body = {"team_id": team, "name": "By a key"}
    bearer = {"Authorization": f"Bearer {key.json()['key']}"}
    await clients.ingestion.post("/api/projects", json=body, headers=bearer)  # refused, in another service
    await clients.identity.delete(path, headers=alice.headers)
    return bob


@pytest.mark.asvs("16.2.1", "16.3.2")
async def test_changes_and_refusals_are_noted_with_who_what_whom_and_whence(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    bob = await a_busy_team(clients, alice, team, member)
    log = await log_of(clients, alice, team)
    assert [(e["action"], e["outcome"]) for e in reversed(log)] == [
        ("team.created", "SUCCESS"),
        ("member.role_changed", "SUCCESS"),
        ("access.denied", "DENIED"),
        ("key.made", "SUCCESS"),
        ("access.denied", "DENIED"),
        ("member.removed", "SUCCESS"),
    ]
    removed, denied_key, _, denied, changed, _ = log
    assert (removed["actor"], removed["target"]) == (f"user:{alice.user_id}", f"user:{bob.user_id}")
    assert removed["ip_address"] == "127.0.0.1"
    assert len(removed["request_id"]) >= 8
    assert changed["details"] == {"before": "MEMBER", "after": "VIEWER"}
    assert (denied["actor_id"], denied["target"]) == (
        bob.user_id,
        "PATCH /api/teams/{team_id}/members/{user_id}",
    )
    assert denied_key["actor"].startswith("key:")
    assert denied_key["target"] == "POST /api/projects"


async def test_the_log_is_filtered_and_paged(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    bob = await a_busy_team(clients, alice, team, member)
    assert {e["action"] for e in await log_of(clients, alice, team, action="member.")} == {
        "member.role_changed",
        "member.removed",
    }
    assert len(await log_of(clients, alice, team, outcome="DENIED")) == 2
    assert len(await log_of(clients, alice, team, actor_id=bob.user_id)) == 1
    everything = await log_of(clients, alice, team)
    middle = everything[2]["created_at"]
    assert len(await log_of(clients, alice, team, since=middle)) == 3
    assert len(await log_of(clients, alice, team, until=middle)) == 3
    path, seen, cursor = f"/api/teams/{team}/activity", [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await clients.identity.get(path, params=params, headers=alice.headers)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == everything


async def test_only_owner_and_admin_read_it(
    clients: Clients, alice: Person, mallory: Person, team: int, member: Member
) -> None:
    for role, status in (("ADMIN", 200), ("MEMBER", 403), ("VIEWER", 403)):
        person = await member(role)
        for path in ("activity", "activity/verify"):
            answer = await clients.identity.get(f"/api/teams/{team}/{path}", headers=person.headers)
            assert answer.status_code == status, (role, path)
    stranger = await clients.identity.get(f"/api/teams/{team}/activity", headers=mallory.headers)
    assert stranger.status_code == 404


TAMPERING = {
    "a changed outcome": (
        "UPDATE accounts_activitylog SET outcome = 'SUCCESS' WHERE chain = $1 AND position = 3",
        3,
    ),
    "a changed time": (
        "UPDATE accounts_activitylog SET created_at = created_at - interval '1 hour' WHERE chain = $1 AND position = 2",
        2,
    ),
    "changed details": (
        "UPDATE accounts_activitylog SET details = '{}' WHERE chain = $1 AND position = 2",
        2,
    ),
    "a removed row": ("DELETE FROM accounts_activitylog WHERE chain = $1 AND position = 4", 5),
    "a removed end": ("DELETE FROM accounts_activitylog WHERE chain = $1 AND position = 6", 6),
    "a row with a recomputed hash": (
        (
            "UPDATE accounts_activitylog l SET actor = 'nobody', hash = access.activity_hash("
            "ROW(l.id, l.chain, l.position, l.team_id, l.actor_id, 'nobody', l.action, l.target, l.outcome, l.ip_address, "
            "l.user_agent, l.request_id, l.details, l.created_at, l.previous_hash, l.hash)::accounts_activitylog) "
            "WHERE chain = $1 AND position = 2"
        ),
        3,
    ),
}


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize("how", TAMPERING)
async def test_the_chain_shows_tampering(  # noqa: PLR0917 - fixtures
    clients: Clients, alice: Person, team: int, member: Member, owner: asyncpg.Connection, how: str
) -> None:
    await a_busy_team(clients, alice, team, member)
    before = await verdict(clients, alice, team)
    assert before | {"head_hash": ""} == {
        "intact": True,
        "n_rows": 6,
        "first_position": 1,
        "last_position": 6,
        "head_hash": "",
        "broken_at": None,
    }
    statement, broken_at = TAMPERING[how]
    assert (await owner.execute(statement, f"team:{team}")).endswith(" 1")
    after = await verdict(clients, alice, team)
    assert (after["intact"], after["broken_at"]) == (False, broken_at)


@pytest.mark.asvs("16.4.2")
async def test_no_service_can_change_or_remove_a_row(stack: Stack) -> None:
    for service in ("identity", "ingestion", "analytics", "seo"):
        connection = await asyncpg.connect(stack.role_url(f"plugzero_{service}"))
        try:
            for statement in (
                "UPDATE accounts_activitylog SET outcome = 'SUCCESS'",
                "DELETE FROM accounts_activitylog",
                (
                    "INSERT INTO accounts_activitylog (chain, position, actor, action, outcome, previous_hash, hash) "
                    "VALUES ('team:1', 1, 'a', 'b', 'SUCCESS', '', '')"
                ),
                "UPDATE accounts_activityhead SET position = 0",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()


async def test_old_rows_leave_from_the_front_and_the_rest_stays_verifiable(
    clients: Clients, alice: Person, team: int, member: Member, owner: asyncpg.Connection
) -> None:
    await a_busy_team(clients, alice, team, member)
    chain = f"team:{team}"
    rows = await owner.fetch("SELECT * FROM accounts_activitylog WHERE chain = $1 ORDER BY position", chain)
    await owner.execute("DELETE FROM accounts_activitylog WHERE chain = $1 AND position <= 2", chain)
    after = await verdict(clients, alice, team)
    assert (after["intact"], after["first_position"], after["n_rows"]) == (True, 3, 4)
    assert len(rows) == 6
    await owner.execute(
        "INSERT INTO accounts_activitylog (chain, position, actor, action, outcome, created_at, previous_hash, hash) "
        "VALUES ($1, 1, 'a', 'old', 'SUCCESS', now() - interval '3 years', '', '')",
        f"{chain}-old",
    )
    await purge_activity(clients.apps["identity"].state.resources)
    left = await owner.fetchval("SELECT count(*) FROM accounts_activitylog WHERE action = 'old'")
    assert left == 0
    assert (await verdict(clients, alice, team))["n_rows"] == 4


@pytest.mark.asvs("16.3.1")
async def test_log_ins_and_their_failures_stand_in_ones_own_log(clients: Clients) -> None:
    bob = await new_person(clients, "bob")
    wrong = {"email": bob.email, "password": "not-the-password"}
    await clients.identity.post("/api/accounts/login", json=wrong, headers={"User-Agent": "Thief"})
    log = (await clients.identity.get("/api/accounts/me/activity", headers=bob.headers)).json()["items"]
    assert [(e["action"], e["outcome"]) for e in log] == [
        ("login.refused", "FAILURE"),
        ("login.succeeded", "SUCCESS"),
        ("account.registered", "SUCCESS"),
    ]
    assert log[0]["user_agent"] == "Thief"
    assert log[0]["details"] == {"factor": "pwd"}
    assert log[1]["details"] == {"factors": ["pwd"]}
    failures = await clients.identity.get(
        "/api/accounts/me/activity", params={"outcome": "FAILURE"}, headers=bob.headers
    )
    assert len(failures.json()["items"]) == 1
