"""Refused and don't know as respondents say it, on the page and through the JSON door, and as researchers find it again."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import begun, options, published, text
from tests.ingestion.test_exports import downloaded, written

Drain = Callable[[], Awaitable[None]]
BOTH = [{"code": "refused"}, {"code": "dont_know", "text": {"en": "No idea", "de": "Keine Ahnung"}}]
REFUSED = {"@missing": "refused"}


def q(code: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"code": code, "type": kind, "text": text(code), "required": True, "missing": BOTH, **fields}


DEFINITION = {
    "languages": ["en", "de"],
    "pages": [
        {
            "code": "p1",
            "questions": [
                q("income", "number"),
                q("party", "single_choice", options=options("left", "right")),
                q("city", "single_choice", display="dropdown", options=options("rome", "oslo")),
                q("grid", "matrix_single", rows=options("r1", "r2"), columns=options("yes", "no")),
            ],
        }
    ],
}


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
async def test_the_page_offers_it_beside_every_answer(
    clients: Clients, project: int, alice: Person, layout: str
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, DEFINITION, layout_style=layout)
    browser = Browser(clients.ingestion)
    await browser.open(f"/s/{survey['uuid']}?lang=de")
    assert "Möchte ich nicht sagen" in browser.page
    assert "Keine Ahnung" in browser.page
    both: dict[str, Any] = {
        "income": "3",
        "party": "left",
        "city": "oslo",
        "grid__r1": "yes",
        "grid__r2": "no",
    }
    form = browser.form
    form.filled["m.income"] = ["refused"]
    first = {"income": "3"} if layout == "FOCUS" else both
    answer = await browser.post(form, "next", **first)
    assert answer.status_code == 422
    assert "nicht beides" in answer.text
    said = {"m.income": "refused", "a.party": "@dont_know", "a.city": "@refused", "m.grid": "dont_know"}
    for fields in [said] if layout == "CLASSIC" else [{name: value} for name, value in said.items()]:
        form = browser.form
        form.filled |= {name: [value] for name, value in fields.items()}
        sent = await browser.post(form, "next")
        assert sent.status_code == 303, sent.text
        await browser.open(sent.headers["location"].partition("#")[0])
    listed = await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=alice.headers)
    assert listed.json()["items"][0]["answers"] == {
        "income": REFUSED,
        "party": {"@missing": "dont_know"},
        "city": REFUSED,
        "grid": {"@missing": "dont_know"},
    }
    await browser.send("back")
    assert " checked" in browser.page


async def test_it_is_typed_in_dataset_results_and_exports(
    clients: Clients, project: int, alice: Person, drain: Drain
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, DEFINITION)
    token = await begun(clients.ingestion, survey, language="de")
    seen = (await clients.ingestion.get(f"/public/sessions/{token}")).json()["step"]["questions"][0]
    assert seen["missing"] == [
        {"code": "refused", "text": "Möchte ich nicht sagen"},
        {"code": "dont_know", "text": "Keine Ahnung"},
    ]
    path = f"/public/sessions/{token}/answers"
    wrong = await clients.ingestion.put(path, json={"answers": {"income": {"@missing": "not_asked"}}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/answers/income")
    answers = {"income": REFUSED, "party": {"@missing": "dont_know"}, "city": "oslo", "grid": REFUSED}
    stored = await clients.ingestion.put(path, json={"answers": answers})
    assert (stored.json()["step"], stored.json()["answers"]) == (None, answers)
    assert (await clients.ingestion.post(f"/public/sessions/{token}/submit")).json()["status"] == "complete"
    await drain()
    results = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=alice.headers)
    ).json()
    assert [(one["code"], one["answered"], one["missing"]) for one in results["questions"]] == [
        ("income", 0, {"refused": 1}),
        ("party", 0, {"dont_know": 1}),
        ("city", 1, {}),
        ("grid", 0, {"refused": 1}),
    ]
    assert [one["count"] for one in results["questions"][1]["counts"]] == [0, 0]
    chosen = {"variables": ["income", "party", "grid_r1"]}
    export = await written(clients, drain, alice, survey["dataset_id"], format="csv", **chosen)
    table = pd.read_csv(io.BytesIO((await downloaded(export["url"])).content))
    assert table.iloc[0].dropna().to_dict() == {
        "income__missing": "refused",
        "party__missing": "dont_know",
        "grid_r1__missing": "refused",
    }
    export = await written(clients, drain, alice, survey["dataset_id"], format="sav", **chosen)
    frame, about = pyreadstat.read_sav(
        io.BytesIO((await downloaded(export["url"])).content), user_missing=True
    )
    labels = about.variable_value_labels
    assert [labels[name][frame[name][0]] for name in frame.columns] == ["Refused", "Don't know", "Refused"]
    assert set(about.missing_ranges) == set(frame.columns)
