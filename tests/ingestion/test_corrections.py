"""What people correct about variables, and that every later version keeps it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import interviewed, published
from tests.ingestion.test_derived import BAND, derive, read, send
from tests.ingestion.test_files import imported

Drain = Callable[[], Awaitable[None]]
Member = Callable[[str], Awaitable[Person]]
TABLE = b"region,vote,score\n" + b"North,Yes,3.5\nSouth,No,4\n" * 10


@pytest.fixture
async def dataset(clients: Clients, drain: Drain, alice: Person, project: int) -> int:
    """The id of a dataset read from a CSV."""
    file = await imported(clients, drain, alice, project, TABLE)
    return int(file["dataset_ids"][0])


async def correct(
    clients: Clients, person: Person, dataset: int, match: str = "", **variables: Any
) -> httpx2.Response:
    headers = person.headers | ({"If-Match": match} if match else {})
    path = f"/api/datasets/{dataset}/variables"
    return await clients.ingestion.patch(path, json={"variables": variables}, headers=headers)


async def entry(clients: Clients, person: Person, dataset: int, alias: str) -> Any:
    return next(e for e in (await read(clients, person, dataset))["variables"] if e["alias"] == alias)


VOTE = {
    "label": "Did you vote?",
    "kind": "ordered",
    "codes": [{"code": "Yes", "label": "I did", "value": 1}, {"code": "No", "value": 0}],
}


async def test_corrections_make_the_next_version_at_once_and_stay(
    clients: Clients, drain: Drain, alice: Person, dataset: int
) -> None:
    done = await correct(clients, alice, dataset, vote=VOTE, score={"kind": "currency", "unit": "EUR"})
    assert done.status_code == 200, done.text
    assert (done.json()["kind"], done.json()["status"], done.json()["version"]) == ("CORRECT", "SUCCESS", 2)
    assert done.headers["etag"] == '"2"'
    found = await entry(clients, alice, dataset, "vote")
    assert (found["label"], found["kind"]) == ("Did you vote?", "ordered")
    assert found["codes"] == [
        {"code": "Yes", "label": "I did", "value": 1}, {"code": "No", "label": "No", "value": 0},
    ]  # fmt: skip
    score = {"type": "compute", "expression": {"score": "vote"}}
    await derive(clients, alice, dataset, "voted", score)
    await drain()
    assert (await read(clients, alice, dataset))["version"] == 3
    assert await entry(clients, alice, dataset, "vote") == found
    assert (await entry(clients, alice, dataset, "score"))["unit"] == "EUR"
    await correct(clients, alice, dataset, voted={"label": "Voted (0/1)"}, vote={"label": "Vote"})
    await derive(clients, alice, dataset, "g", BAND | {"variable": "score"})
    await drain()
    assert (await entry(clients, alice, dataset, "voted"))["label"] == "Voted (0/1)"
    again = await entry(clients, alice, dataset, "vote")
    assert (again["label"], again["codes"]) == ("Vote", found["codes"])


async def test_who_read_an_older_version_is_told_so(clients: Clients, alice: Person, dataset: int) -> None:
    listed = await send(clients, alice, "GET", f"/api/datasets/{dataset}/variables")
    assert [e["alias"] for e in listed.json()] == ["region", "vote", "score"]
    tag = listed.headers["etag"]
    both = await asyncio.gather(
        *(correct(clients, alice, dataset, tag, vote={"label": label}) for label in ("one", "two"))
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]
    assert (await read(clients, alice, dataset))["version"] == 2


@pytest.mark.parametrize(
    ("variables", "pointer", "says"),
    [
        ({"votes": {"label": "x"}}, "/variables/votes", "no variable 'votes'"),
        ({"vote": {"label": ""}}, "/variables/vote/label", "1 to 2000"),
        ({"vote": {"kind": "colour"}}, "/variables/vote/kind", "give one of: boolean"),
        ({"vote": {"colour": 1}}, "/variables/vote/colour", "can be corrected: label"),
        ({"vote": {"codes": [{"code": "Maybe"}]}}, "/variables/vote/codes", "has no code 'Maybe'"),
        ({"vote": {"codes": [{"code": "No"}, {"code": "No"}]}}, "/variables/vote/codes", "stands twice"),
        ({"vote": {"codes": "Yes"}}, "/variables/vote/codes", "give a list such as"),
        ({"score": {"role": "king"}}, "/variables/score/role", "id, weight"),
    ],
)
async def test_what_cannot_be_corrected_is_named(
    *, clients: Clients, alice: Person, dataset: int, variables: dict[str, Any], pointer: str, says: str
) -> None:
    answer = await correct(clients, alice, dataset, **variables)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert says in answer.json()["detail"]
    assert (await read(clients, alice, dataset))["version"] == 1


async def test_others_correct_nothing(
    clients: Clients, alice: Person, mallory: Person, member: Member, dataset: int
) -> None:
    viewer = await member("VIEWER")
    assert (await correct(clients, mallory, dataset, vote={"label": "x"})).status_code == 404
    assert (await correct(clients, viewer, dataset, vote={"label": "x"})).status_code == 403
    assert (await send(clients, mallory, "GET", f"/api/datasets/{dataset}/variables")).status_code == 404
    assert (await read(clients, alice, dataset))["version"] == 1


async def test_a_correction_makes_results_stale(
    clients: Clients, drain: Drain, alice: Person, dataset: int, project: int
) -> None:
    body = {"dataset_id": dataset, "calculation_type": "FREQUENCY", "parameters": {"variables": ["vote"]}}
    asked = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    await drain()
    path = f"/api/analyses/{asked.json()['id']}"
    assert (await clients.analytics.get(path, headers=alice.headers)).json()["stale"] is False
    await correct(clients, alice, dataset, vote=VOTE)
    await drain()
    assert (await clients.analytics.get(path, headers=alice.headers)).json()["stale"] is True
    again = await clients.analytics.post(f"{path}/rerun", headers=alice.headers)
    await drain()
    found = (await clients.analytics.get(f"/api/analyses/{again.json()['id']}", headers=alice.headers)).json()
    assert found["result_data"]["tables"][0]["labels"] == ["I did", "No"]


async def test_corrections_of_a_survey_stay_with_new_interviews(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    await drain()
    done = await correct(clients, alice, survey["dataset_id"], drink={"label": "Favourite drink"})
    assert done.status_code == 200, done.text
    await interviewed(clients.ingestion, survey, {"drink": "coffee"})
    await drain()
    found = await read(clients, alice, survey["dataset_id"])
    assert found["n_rows"] == 2
    assert (await entry(clients, alice, survey["dataset_id"], "drink"))["label"] == "Favourite drink"
    version = found["version"]
    await drain()
    assert (await read(clients, alice, survey["dataset_id"]))["version"] == version
