"""Projects through HTTP: who may see and change them."""

from collections.abc import Awaitable, Callable

from tests.conftest import Clients, Person


async def test_a_project_is_created_read_renamed_and_deleted(
    clients: Clients, alice: Person, team: int
) -> None:
    body = {"team_id": team, "name": "Topline", "description": "Wave 1"}
    created = await clients.ingestion.post("/api/projects", json=body, headers=alice.headers)
    assert created.status_code == 201
    where = created.headers["location"]
    assert where == f"/api/projects/{created.json()['id']}"

    renamed = await clients.ingestion.patch(where, json={"name": "Topline 2026"}, headers=alice.headers)
    assert (renamed.json()["name"], renamed.json()["description"]) == ("Topline 2026", "Wave 1")
    emptied = await clients.ingestion.patch(where, json={"description": None}, headers=alice.headers)
    assert emptied.json()["description"] == ""

    assert (await clients.ingestion.delete(where, headers=alice.headers)).status_code == 204
    assert (await clients.ingestion.get(where, headers=alice.headers)).status_code == 404


async def test_projects_are_listed_newest_first_page_by_page(
    clients: Clients, alice: Person, team: int
) -> None:
    for name in ("one", "two", "three"):
        await clients.ingestion.post(
            "/api/projects", json={"team_id": team, "name": name}, headers=alice.headers
        )
    first = await clients.ingestion.get(f"/api/projects?team_id={team}&limit=2", headers=alice.headers)
    assert [p["name"] for p in first.json()["items"]] == ["three", "two"]
    rest = await clients.ingestion.get(
        f"/api/projects?team_id={team}&limit=2&cursor={first.json()['next_cursor']}", headers=alice.headers
    )
    assert [p["name"] for p in rest.json()["items"]] == ["one"]
    assert rest.json()["next_cursor"] is None


async def test_another_teams_project_looks_like_one_that_does_not_exist(
    clients: Clients, mallory: Person, project: int
) -> None:
    where = f"/api/projects/{project}"
    answers = [
        await clients.ingestion.get(where, headers=mallory.headers),
        await clients.ingestion.patch(where, json={"name": "mine"}, headers=mallory.headers),
        await clients.ingestion.delete(where, headers=mallory.headers),
        await clients.ingestion.get(f"{where}/files", headers=mallory.headers),
        await clients.ingestion.get(f"{where}/datasets", headers=mallory.headers),
    ]
    assert [a.status_code for a in answers] == [404] * 5
    assert {a.headers["content-type"] for a in answers} == {"application/problem+json"}
    listed = await clients.ingestion.get("/api/projects", headers=mallory.headers)
    assert listed.json()["items"] == []


async def test_nobody_creates_a_project_in_anothers_team(
    clients: Clients, mallory: Person, team: int
) -> None:
    answer = await clients.ingestion.post(
        "/api/projects", json={"team_id": team, "name": "x"}, headers=mallory.headers
    )
    assert answer.status_code == 404


async def test_a_viewer_reads_projects_but_cannot_change_them(
    clients: Clients, member: Callable[[str], Awaitable[Person]], team: int, project: int
) -> None:
    viewer = await member("VIEWER")
    where = f"/api/projects/{project}"
    assert (await clients.ingestion.get(where, headers=viewer.headers)).status_code == 200
    answers = [
        await clients.ingestion.post(
            "/api/projects", json={"team_id": team, "name": "x"}, headers=viewer.headers
        ),
        await clients.ingestion.patch(where, json={"name": "x"}, headers=viewer.headers),
        await clients.ingestion.delete(where, headers=viewer.headers),
    ]
    assert [a.status_code for a in answers] == [403] * 3


async def test_a_project_needs_a_name_and_says_so_with_a_pointer(
    clients: Clients, alice: Person, team: int
) -> None:
    answer = await clients.ingestion.post(
        "/api/projects", json={"team_id": team, "name": " "}, headers=alice.headers
    )
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/name"]


async def test_without_a_token_there_is_nothing_to_see(clients: Clients, project: int) -> None:
    answer = await clients.ingestion.get(f"/api/projects/{project}")
    assert answer.status_code == 401


async def test_a_project_created_twice_under_one_key_exists_once(
    clients: Clients, alice: Person, team: int
) -> None:
    headers = {**alice.headers, "Idempotency-Key": f"project-{team}"}
    body = {"team_id": team, "name": "Once"}
    first = await clients.ingestion.post("/api/projects", json=body, headers=headers)
    second = await clients.ingestion.post("/api/projects", json=body, headers=headers)
    assert first.json() == second.json()
    listed = await clients.ingestion.get(f"/api/projects?team_id={team}", headers=alice.headers)
    assert len(listed.json()["items"]) == 1
