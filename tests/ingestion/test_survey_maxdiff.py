"""Maxdiff questions through both doors: the page shows what the JSON door shows, and both store the same."""

from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser, Reader
from tests.ingestion.survey_definitions import begun, options, published, text
from tests.ingestion.test_surveys_dataset import Drain, rows

DEFINITION: dict[str, Any] = {
    "pages": [
        {
            "code": "p",
            "questions": [
                {
                    "code": "md",
                    "type": "maxdiff",
                    "required": True,
                    "text": text("What matters when you buy a drink?"),
                    "high": text("Matters most"),
                    "options": options("price", "taste", "brand", "look", "size", "smell"),
                    "per_set": 3,
                    "sets": 2,
                }
            ],
        }
    ]
}


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
async def test_sets_are_answered_without_javascript_and_faults_are_shown_where_they_are(
    clients: Clients, project: int, alice: Person, browser: Browser, layout: str
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, DEFINITION, layout_style=layout)
    await browser.open(f"/s/{survey['uuid']}")
    n_pages = 0
    while "<table" in browser.page:
        n_pages += 1
        names = sorted({name.split(".")[1] for name in browser.form.names})
        values = {name: Reader(browser.page).values(f"a.{name}.best") for name in names}
        assert all(len(items) == 3 for items in values.values())
        assert "Matters most" in browser.page
        twice = {f"{name}__{part}": items[0] for name, items in values.items() for part in ("best", "worst")}
        await browser.send(**twice)
        assert (browser.status, "The same option cannot be both." in browser.page) == (422, True)
        page = Reader(browser.page)
        assert page.points_to <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))
        assert browser.form.filled[f"a.{names[0]}.best"] == [values[names[0]][0]]
        await browser.send(**(twice | {f"{name}__worst": items[2] for name, items in values.items()}))
    assert n_pages == (1 if layout == "CLASSIC" else 2)
    if "<form" in browser.page:
        await browser.send()
    listed = await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=alice.headers)
    (row,) = listed.json()["items"]
    assert row["status"] == "complete"
    for answer in row["answers"].values():
        assert (answer["best"], answer["worst"]) == (answer["shown"][0], answer["shown"][2])


async def test_the_json_door_takes_sets_and_the_dataset_knows_what_was_shown(
    clients: Clients, project: int, alice: Person, drain: Drain, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, DEFINITION)
    session = f"/public/sessions/{await begun(clients.ingestion, survey)}"
    step = (await clients.ingestion.get(session)).json()["step"]
    shown = {q["code"]: [option["code"] for option in q["options"]] for q in step["questions"]}
    wrong = {"md_1": {"best": shown["md_1"][0], "worst": next(iter({*"abc"} - {*shown["md_1"]}))}}
    refused = await clients.ingestion.put(f"{session}/answers", json={"answers": wrong})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/answers/md_1/worst")
    answers = {code: {"best": items[1], "worst": items[0]} for code, items in shown.items()}
    taken = (await clients.ingestion.put(f"{session}/answers", json={"answers": answers})).json()
    assert taken["answers"]["md_2"] == {**answers["md_2"], "shown": shown["md_2"]}
    assert (await clients.ingestion.post(f"{session}/submit")).json()["status"] == "complete"
    await drain()
    found = await rows(clients, owner, survey)
    for code, items in shown.items():
        assert [found[f"{code}_{part}"] for part in ("best", "worst", "shown")] == [
            [items[1]],
            [items[0]],
            [items],
        ]
