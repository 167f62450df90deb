"""Members: roles, removal and leaving, and that a team has exactly one owner whatever happens at once."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]


async def roles(clients: Clients, person: Person, team: int) -> dict[int, str]:
    answer = await clients.identity.get(f"/api/teams/{team}/members", headers=person.headers)
    return {m["user_id"]: m["role"] for m in answer.json()["items"]}


async def test_a_removed_member_loses_access_in_every_service_at_once(
    *, clients: Clients, alice: Person, team: int, project: int, member: Member, owner: asyncpg.Connection
) -> None:
    person = await member("MEMBER")
    reachable = (
        (clients.identity, f"/api/teams/{team}"),
        (clients.ingestion, f"/api/projects/{project}"),
        (clients.analytics, f"/api/projects/{project}/analyses"),
        (clients.seo, f"/api/projects/{project}/audits"),
    )
    for client, path in reachable:
        assert (await client.get(path, headers=person.headers)).status_code == 200, path
    path = f"/api/teams/{team}/members/{person.user_id}"
    assert (await clients.identity.delete(path, headers=alice.headers)).status_code == 204
    for client, path in reachable:
        assert (await client.get(path, headers=person.headers)).status_code == 404, path
    events = await owner.fetch(
        "SELECT envelope FROM messaging_outbox WHERE team_id = $1 AND type = 'member-removed'", team
    )
    assert [json.loads(e["envelope"])["data"] for e in events] == [
        {"team_id": team, "user_id": person.user_id}
    ]


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize(("role", "status"), [("ADMIN", 204), ("MEMBER", 403), ("VIEWER", 403)])
async def test_only_owner_and_admin_change_roles(
    *, clients: Clients, alice: Person, team: int, member: Member, role: str, status: int
) -> None:
    actor, other = await member(role), await member("MEMBER")
    path = f"/api/teams/{team}/members/{other.user_id}"
    answer = await clients.identity.patch(path, json={"role": "VIEWER"}, headers=actor.headers)
    assert answer.status_code == status
    assert (await roles(clients, alice, team))[other.user_id] == ("VIEWER" if status == 204 else "MEMBER")


async def test_a_changed_role_counts_at_once(
    clients: Clients, alice: Person, team: int, project: int, member: Member
) -> None:
    person = await member("MEMBER")
    path = f"/api/teams/{team}/members/{person.user_id}"
    await clients.identity.patch(path, json={"role": "VIEWER"}, headers=alice.headers)
    refused = await clients.ingestion.patch(
        f"/api/projects/{project}", json={"name": "Mine"}, headers=person.headers
    )
    assert refused.status_code == 403


async def test_a_viewer_may_leave_but_not_remove_others(clients: Clients, team: int, member: Member) -> None:
    viewer, other = await member("VIEWER"), await member("MEMBER")
    path = "/api/teams/{}/members/{}"
    refused = await clients.identity.delete(path.format(team, other.user_id), headers=viewer.headers)
    assert refused.status_code == 403
    left = await clients.identity.delete(path.format(team, viewer.user_id), headers=viewer.headers)
    assert left.status_code == 204


async def test_the_owner_neither_leaves_nor_loses_the_role(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    admin = await member("ADMIN")
    path = f"/api/teams/{team}/members/{alice.user_id}"
    for person in (alice, admin):
        removed = await clients.identity.delete(path, headers=person.headers)
        demoted = await clients.identity.patch(path, json={"role": "VIEWER"}, headers=person.headers)
        assert {removed.status_code, demoted.status_code} == {409}
        assert removed.json()["type"] == "/problems/owner-stays"


async def test_ownership_is_not_given_as_a_role(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    person = await member("MEMBER")
    path = f"/api/teams/{team}/members/{person.user_id}"
    answer = await clients.identity.patch(path, json={"role": "OWNER"}, headers=alice.headers)
    assert answer.status_code == 422


@pytest.mark.asvs("2.3.4")
async def test_of_many_transfers_at_once_one_wins_and_the_team_has_one_owner(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    heirs = [await member("MEMBER") for _ in range(5)]
    path = f"/api/teams/{team}/transfer"
    answers = await asyncio.gather(
        *(clients.identity.post(path, json={"user_id": h.user_id}, headers=alice.headers) for h in heirs)
    )
    assert sorted(a.status_code for a in answers)[:1] == [204]
    assert [a.status_code for a in answers].count(204) == 1
    held = await roles(clients, alice, team)
    assert list(held.values()).count("OWNER") == 1
    assert held[alice.user_id] == "ADMIN"
    read = (await clients.identity.get(f"/api/teams/{team}", headers=alice.headers)).json()
    assert held[read["owner_id"]] == "OWNER"


async def test_a_team_is_not_handed_to_a_stranger(
    clients: Clients, alice: Person, team: int, mallory: Person
) -> None:
    body = {"user_id": mallory.user_id}
    answer = await clients.identity.post(f"/api/teams/{team}/transfer", json=body, headers=alice.headers)
    assert answer.status_code == 404
    assert (await roles(clients, alice, team)) == {alice.user_id: "OWNER"}
