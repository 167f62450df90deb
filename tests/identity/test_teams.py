"""Teams through their door: what each role and a stranger may do."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]


async def test_a_stranger_cannot_tell_a_team_from_one_that_does_not_exist(
    clients: Clients, team: int, mallory: Person
) -> None:
    theirs = await clients.identity.get(f"/api/teams/{team}", headers=mallory.headers)
    missing = await clients.identity.get("/api/teams/99999999", headers=mallory.headers)
    assert theirs.status_code == missing.status_code == 404
    assert theirs.json()["detail"].replace(str(team), "") == missing.json()["detail"].replace("99999999", "")


@pytest.mark.parametrize(("role", "status"), [("ADMIN", 200), ("MEMBER", 403), ("VIEWER", 403)])
async def test_only_owner_and_admin_rename_a_team(
    clients: Clients, team: int, member: Member, role: str, status: int
) -> None:
    person = await member(role)
    answer = await clients.identity.patch(
        f"/api/teams/{team}", json={"name": "Renamed"}, headers=person.headers
    )
    assert answer.status_code == status
    if status == 403:
        assert role in answer.json()["detail"]


async def test_a_deleted_team_is_gone_for_everybody(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    admin = await member("ADMIN")
    refused = await clients.identity.delete(f"/api/teams/{team}", headers=admin.headers)
    assert refused.status_code == 403
    assert (await clients.identity.delete(f"/api/teams/{team}", headers=alice.headers)).status_code == 204
    for person in (alice, admin):
        assert (await clients.identity.get(f"/api/teams/{team}", headers=person.headers)).status_code == 404


async def test_members_are_listed_with_roles(
    clients: Clients, alice: Person, team: int, member: Member
) -> None:
    viewer = await member("VIEWER")
    answer = await clients.identity.get(f"/api/teams/{team}/members", headers=viewer.headers)
    assert [(m["email"], m["role"]) for m in answer.json()["items"]] == [
        (alice.email, "OWNER"),
        (viewer.email, "VIEWER"),
    ]


async def test_pages_of_teams_are_stable_and_cursors_bound_to_the_caller(
    clients: Clients, alice: Person, mallory: Person
) -> None:
    made = [
        (await clients.identity.post("/api/teams", json={"name": f"Team {i}"}, headers=alice.headers)).json()[
            "id"
        ]
        for i in range(5)
    ]
    first = (await clients.identity.get("/api/teams?limit=2", headers=alice.headers)).json()
    await clients.identity.post("/api/teams", json={"name": "Late"}, headers=alice.headers)
    cursor = first["next_cursor"]
    second = (await clients.identity.get(f"/api/teams?limit=2&cursor={cursor}", headers=alice.headers)).json()
    assert [t["id"] for t in first["items"] + second["items"]] == made[:4]
    stolen = await clients.identity.get(f"/api/teams?limit=2&cursor={cursor}", headers=mallory.headers)
    assert stolen.status_code == 422
    assert stolen.json()["errors"][0]["pointer"] == "/query/cursor"


async def test_a_repeated_post_with_the_same_key_has_its_effect_once(clients: Clients, alice: Person) -> None:
    headers = {**alice.headers, "Idempotency-Key": uuid.uuid4().hex}
    answers = await asyncio.gather(
        *(clients.identity.post("/api/teams", json={"name": "Once"}, headers=headers) for _ in range(5))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    assert len({a.headers["location"] for a in answers}) == 1
    assert sum(a.headers.get("idempotency-replayed") == "true" for a in answers) == 4
    listed = (await clients.identity.get("/api/teams", headers=alice.headers)).json()["items"]
    assert [t["name"] for t in listed] == ["Once"]


async def test_an_idempotency_key_belongs_to_one_request(
    clients: Clients, alice: Person, mallory: Person
) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    await clients.identity.post("/api/teams", json={"name": "First"}, headers={**alice.headers, **key})
    other = await clients.identity.post(
        "/api/teams", json={"name": "Second"}, headers={**alice.headers, **key}
    )
    assert other.status_code == 409
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    somebody = await clients.identity.post(
        "/api/teams", json={"name": "First"}, headers={**mallory.headers, **key}
    )
    assert somebody.status_code == 201
    assert "idempotency-replayed" not in somebody.headers


async def test_a_refused_post_does_not_use_up_its_key(clients: Clients, alice: Person) -> None:
    headers = {**alice.headers, "Idempotency-Key": uuid.uuid4().hex}
    refused = await clients.identity.post("/api/teams", json={"name": ""}, headers=headers)
    assert refused.status_code == 422
    assert (
        await clients.identity.post("/api/teams", json={"name": "Now"}, headers=headers)
    ).status_code == 201
