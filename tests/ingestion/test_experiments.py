"""Cells of experiments: each interview gets one, in balance, whoever comes at once or leaves."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import begun, options, published, text
from tests.ingestion.test_quotas import LAPSED, finish, put, results

Drain = Callable[[], Awaitable[None]]
CELLS = ("a", "b", "c")


def trial() -> dict[str, Any]:
    """Three versions of an advertisement, one of which has a question of its own on the second page."""
    ad = {"code": "ad", "type": "hidden", "text": text("Advertisement"), "cells": options(*CELLS)}
    first = {"code": "age", "type": "number", "text": text("Age?")}
    liked = {"code": "liked", "type": "nps", "text": text("Did you like {{ ad }}?"), "show_if": "ad == 'b'"}
    return {
        "languages": ["en"],
        "pages": [{"code": "p0", "questions": [ad, first]}, {"code": "p1", "questions": [liked]}],
    }


async def cells_of(clients: Clients, tokens: list[str]) -> list[str]:
    """The cell of each interview, as its answers say."""
    answers = [
        (await clients.ingestion.get(f"/public/sessions/{token}")).json()["answers"] for token in tokens
    ]
    return [each["ad"] for each in answers]


@pytest.mark.faults
async def test_who_comes_at_once_is_given_cells_in_balance_and_who_leaves_is_made_up_for(
    clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, trial())
    tokens = await asyncio.gather(*(begun(clients.ingestion, survey) for _ in range(24)))
    given = await cells_of(clients, tokens)
    assert Counter(given) == {"a": 8, "b": 8, "c": 8}
    stay = [token for token, cell in zip(tokens, given, strict=True) if cell != "a"]
    for token in stay[:4]:
        await put(clients, token, age=30)
        assert await finish(clients, token) == "complete"
    # Everybody else goes away; a is the only cell without a complete interview, then the smallest ones are filled up.
    await owner.execute(LAPSED + " AND kept_at IS NULL", project)
    complete = Counter(cell for token, cell in zip(tokens, given, strict=True) if token in stay[:4])
    after = Counter(await cells_of(clients, [await begun(clients.ingestion, survey) for _ in range(8)]))
    assert complete + after == Counter(dict.fromkeys(CELLS, 4))
    found = {each["cell"]: each for each in (await results(clients, alice, survey))["cells"]}
    assert {cell: each["complete"] for cell, each in found.items()} == dict.fromkeys(CELLS, 0) | complete
    assert {cell: each["under_way"] for cell, each in found.items()} == dict(after)


async def test_a_cell_is_kept_and_decides_what_is_asked_and_is_a_category_of_the_dataset(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, trial())
    token = await begun(clients.ingestion, survey, hidden={"ad": "b"})
    assert (await put(clients, token, age=20))["step"]["questions"][0]["text"] == "Did you like B?"
    assert (await put(clients, token, liked=9))["answers"]["ad"] == "b"
    assert await finish(clients, token) == "complete"
    browser = Browser(clients.ingestion)
    await browser.open(f"/s/{survey['uuid']}?ad=c")
    await browser.send(age="44")
    await browser.send(action="submit")
    await drain()
    path = f"/api/surveys/{survey['id']}"
    listed = (await clients.ingestion.get(f"{path}/responses", headers=alice.headers)).json()["items"]
    assert [(each["status"], each["answers"]["ad"]) for each in listed] == [
        ("complete", "c"),
        ("complete", "b"),
    ]
    dataset = (await clients.ingestion.get(path, headers=alice.headers)).json()["dataset_id"]
    codebook = (await clients.ingestion.get(f"/api/datasets/{dataset}", headers=alice.headers)).json()
    [variable] = [each for each in codebook["variables"] if each["alias"] == "ad"]
    assert (variable["kind"], variable["label"]) == ("category", "Advertisement")
    assert [(code["code"], code["label"]) for code in variable["codes"]] == [
        ("a", "A"),
        ("b", "B"),
        ("c", "C"),
    ]


async def test_a_form_that_is_sent_twice_takes_one_seat(
    clients: Clients, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, trial())
    browser = Browser(clients.ingestion)
    await browser.open(f"/s/{survey['uuid']}")
    await asyncio.gather(browser.send(age="1"), browser.send(age="1"))
    n_seats = await owner.fetchval(
        "SELECT count(*) FROM data_ingestion_quotaseat WHERE project_id = $1", project
    )
    assert n_seats == 1
