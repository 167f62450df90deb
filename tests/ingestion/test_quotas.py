"""Quotas: cells with targets, seats that are leased and kept, and never one interview too many."""

import asyncio
import json
import os
import random
import signal
from typing import Any

import asyncpg
import pytest
from fastapi import status as http

from kernel.ids import hash_token
from tests.conftest import Clients, Person
from tests.environment import Stack
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import begun, options, published, text
from tests.live import Connection, Server, serving

LAPSED = (
    "UPDATE data_ingestion_quotaseat SET leased_until = now() - interval '1 second' WHERE project_id = $1"
)


def study(target: int, **fields: Any) -> dict[str, Any]:
    """Women and men wanted in equal numbers; a question after the one that decides."""
    sex = {"code": "sex", "type": "single_choice", "text": text("Sex?"), "options": options("f", "m")}
    more = {"code": "more", "type": "nps", "text": text("More?")}
    quotas = [{"code": f"q_{code}", "when": f"sex == '{code}'", "target": target} for code in "fm"]
    pages = [{"code": "p0", "questions": [sex]}, {"code": "p1", "questions": [more]}]
    return {"languages": ["en"], "pages": pages, "quotas": quotas, **fields}


async def put(clients: Clients, token: str, **answers: Any) -> Any:
    answer = await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": answers})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def finish(clients: Clients, token: str) -> str:
    answer = await clients.ingestion.post(f"/public/sessions/{token}/submit")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


async def results(clients: Clients, person: Person, survey: Any) -> Any:
    return (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=person.headers)
    ).json()


async def test_a_cell_takes_as_many_as_are_wanted_and_the_last_one_stays(
    clients: Clients, alice: Person, project: int
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, study(2))
    tokens = [await begun(clients.ingestion, survey) for _ in range(4)]
    for token in tokens[:2]:
        assert (await put(clients, token, sex="f"))["status"] == "in_progress"
    full = await put(clients, tokens[2], sex="f")
    assert (full["status"], full["step"], full["ending"]["outcome"]) == ("quota_full", None, "quota_full")
    assert (await put(clients, tokens[3], sex="m"))["status"] == "in_progress", "the other cell has room"
    found = (await results(clients, alice, survey))["quotas"]
    assert found == [
        {"code": "q_f", "target": 2, "complete": 0, "under_way": 2},
        {"code": "q_m", "target": 2, "complete": 0, "under_way": 1},
    ]
    for token in tokens[:2]:
        assert (await put(clients, token, more=7))["status"] == "in_progress", "who has a seat keeps it"
        assert await finish(clients, token) == "complete"
    assert await finish(clients, tokens[2]) == "quota_full"
    after = await results(clients, alice, survey)
    assert after["quotas"][0] == {"code": "q_f", "target": 2, "complete": 2, "under_way": 0}
    assert (after["complete"], after["quota_full"], after["in_progress"]) == (2, 1, 1)


async def test_who_goes_away_makes_room_and_may_come_back(
    clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, study(1))
    slow, quick, late = [await begun(clients.ingestion, survey) for _ in range(3)]
    await put(clients, slow, sex="f")
    await owner.execute(LAPSED, project)
    await put(clients, quick, sex="f")
    assert (await put(clients, slow, more=1))["status"] == "quota_full", "the seat was given to another"
    await owner.execute(LAPSED, project)
    await put(clients, late, sex="f")
    await owner.execute(LAPSED, project)
    assert (await put(clients, late, more=2))["status"] == "in_progress", "nobody took the lapsed seat"
    assert await finish(clients, late) == "complete"
    assert await finish(clients, quick) == "quota_full", "also where the lease lapsed before the submission"


async def test_another_answer_leaves_the_cell(clients: Clients, alice: Person, project: int) -> None:
    survey = await published(clients.ingestion, project, alice.headers, study(1))
    undecided, other = await begun(clients.ingestion, survey), await begun(clients.ingestion, survey)
    await put(clients, undecided, sex="f")
    await put(clients, undecided, sex="m")
    assert (await put(clients, other, sex="f"))["status"] == "in_progress"
    quotas = (await results(clients, alice, survey))["quotas"]
    assert [each["under_way"] for each in quotas] == [1, 1]


async def test_a_new_target_holds_for_interviews_under_way(
    clients: Clients, alice: Person, project: int
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, study(1))
    first, second, third = [await begun(clients.ingestion, survey) for _ in range(3)]
    await put(clients, first, sex="f")
    path = f"/api/surveys/{survey['id']}"
    changed = await clients.ingestion.patch(
        path, json={"definition": {"quotas": study(2)["quotas"]}}, headers=alice.headers
    )
    assert changed.status_code == 200, changed.text
    await clients.ingestion.post(f"{path}/publish", json={}, headers=alice.headers)
    assert (await put(clients, second, sex="f"))["status"] == "in_progress"
    assert (await put(clients, third, sex="f"))["status"] == "quota_full"


async def test_the_page_says_so_with_the_words_and_the_address_of_the_survey(
    clients: Clients, browser: Browser, alice: Person, project: int
) -> None:
    ending = {
        "code": "quota_full",
        "outcome": "quota_full",
        "message": text("Full!"),
        "redirect": "https://p.example/?full",
    }
    survey = await published(clients.ingestion, project, alice.headers, study(0, endings=[ending]))
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(sex="f")
    assert ("Full!" in browser.page, 'href="https://p.example/?full"' in browser.page) == (True, True)


@pytest.mark.parametrize(
    ("quota", "pointer"),
    [
        ({"code": "x", "when": "nope == 1", "target": 1}, "/definition/quotas/0/when"),
        ({"code": "x", "when": "sex == 'z'", "target": 1}, "/definition/quotas/0/when"),
        ({"code": "x", "when": "sex == 'f'", "target": -1}, "/definition/quotas/0/target"),
    ],
)
async def test_a_quota_that_makes_no_sense_is_refused(
    clients: Clients, alice: Person, project: int, quota: Any, pointer: str
) -> None:
    body = {"title": "S", "definition": study(1) | {"quotas": [quota]}}
    made = await clients.ingestion.post(f"/api/projects/{project}/surveys", json=body, headers=alice.headers)
    if made.status_code == 201:
        path = f"/api/surveys/{made.json()['id']}/publish"
        made = await clients.ingestion.post(path, json={}, headers=alice.headers)
    assert (made.status_code, made.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_two_who_want_the_last_seat_wait_for_each_other(
    *, stack: Stack, clients: Clients, alice: Person, project: int
) -> None:
    """The second asks while the first has not committed: it must wait, and then see what the first did."""
    survey = await published(clients.ingestion, project, alice.headers, study(1))
    hashes = [hash_token(await begun(clients.ingestion, survey)) for _ in range(2)]
    take = "SELECT access.take_seats('{q_f}', interval '1 hour', true)"
    sessions = [await asyncpg.connect(stack.role_url("plugzero_respondent")) for _ in hashes]
    first, second = sessions
    for session, token_hash in zip(sessions, hashes, strict=True):
        await session.execute("BEGIN")
        await session.execute("SELECT set_config('app.session_hash', $1, true)", token_hash)
    assert await first.fetchval(take) == []
    waiting = asyncio.ensure_future(second.fetchval(take))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.5)
    await first.execute("COMMIT")
    assert await waiting == ["q_f"]
    await second.execute("COMMIT")
    for session in sessions:
        await session.close()


N_RESPONDENTS, TARGET = 500, 100
GONE = "gone"


async def sure(connection: Connection, method: str, path: str, body: object = None) -> Any:
    """The answer of a server; one that is too busy for the moment (503) is asked again, as it says itself."""
    for _ in range(100):
        status = await connection.ask(method, path, body)
        if status != http.HTTP_503_SERVICE_UNAVAILABLE:
            assert status in {200, 201}, connection.body
            return json.loads(connection.body)
        assert b"retry-after:" in connection.headers
        await asyncio.sleep(0.1)
    raise AssertionError(f"{path}: busy for ever")


async def interviewed(server: Server, survey: str, cell: str, *, gives_up: bool) -> str:
    """Run through an interview on one server and return how it ended; `GONE` who gives up after the first answer."""
    connection = await server.connect()
    try:
        path = f"/public/sessions/{(await sure(connection, 'POST', f'/public/surveys/{survey}/sessions', {}))['token']}"
        await sure(connection, "PUT", f"{path}/answers", {"answers": {"sex": cell}})
        return GONE if gives_up else str((await sure(connection, "POST", f"{path}/submit"))["status"])
    finally:
        connection.close()


@pytest.mark.faults
async def test_500_at_once_on_a_quota_of_100_are_exactly_100_whoever_dies(
    *, stack: Stack, clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    """Two servers at a time, one of which is killed again and again; a fifth of the respondents go away in the middle."""
    survey = (await published(clients.ingestion, project, alice.headers, study(TARGET)))["uuid"]
    rnd = random.Random(8)
    gate = asyncio.Semaphore(60)
    n_broken = 0
    with serving(stack, "ingestion") as steady:
        await steady.until_ready()
        servers = [steady]

        async def respond(number: int) -> None:
            nonlocal n_broken
            async with gate:
                try:
                    cell, gives_up = "fm"[number % 2], rnd.random() < 0.2
                    await interviewed(rnd.choice(servers), survey, cell, gives_up=gives_up)
                except (OSError, asyncio.IncompleteReadError):
                    n_broken += 1  # the process died below this respondent, who does not come back

        async def kill_again_and_again() -> None:
            for _ in range(3):
                with serving(stack, "ingestion") as doomed:
                    await doomed.until_ready()
                    servers.append(doomed)
                    await asyncio.sleep(rnd.uniform(0.3, 0.8))
                    os.kill(doomed.pid, signal.SIGKILL)
                    servers.remove(doomed)

        await asyncio.gather(kill_again_and_again(), *map(respond, range(N_RESPONDENTS)))
        n_complete = await completes(owner, project)
        assert max(n_complete.values()) <= TARGET
        # The leases of those who went away or lost their process lapse; whoever comes next takes their places.
        await owner.execute(LAPSED, project)
        for cell in "fm":
            while await interviewed(steady, survey, cell, gives_up=False) == "complete":
                pass
    assert n_broken > 0, "nobody's process was killed"
    assert await completes(owner, project) == {"f": TARGET, "m": TARGET}
    n_kept = await owner.fetchval(
        "SELECT count(*) FROM data_ingestion_quotaseat WHERE project_id = $1 AND kept_at IS NOT NULL", project
    )
    assert n_kept == 2 * TARGET


async def completes(owner: asyncpg.Connection, project: int) -> dict[str, int]:
    """Complete interviews by cell."""
    rows = await owner.fetch(
        "SELECT answers->>'sex' AS cell, count(*) AS n FROM data_ingestion_surveyresponse "
        "WHERE project_id = $1 AND status = 'COMPLETE' GROUP BY 1",
        project,
    )
    return {row["cell"]: row["n"] for row in rows}
