"""What publishing an edited survey does to trends: told before, kept with the version, and judged by who knows better."""

from typing import Any

from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import DRINKS, options, published, text


async def test_edits_are_told_before_publishing_judged_with_a_reason_and_kept(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    assert survey["edits"] == []
    path, question = f"/api/surveys/{survey['id']}", "/pages/0/questions/0"
    first, cups, why = DRINKS["pages"][0]["questions"]
    drink = first | {"text": text("Tea, or coffee?"), "options": options("tea", "coffee", "water")}
    pages = [{"code": "p1", "questions": [drink, cups | {"show_if": "drink != 'tea'"}, why]}]
    await clients.ingestion.patch(path, json={"definition": {"pages": pages}}, headers=alice.headers)
    lint: dict[str, Any] = (await clients.ingestion.get(f"{path}/lint", headers=alice.headers)).json()
    assert [(one["kind"], one["pointer"], one["trend"]) for one in lint["edits"]] == [
        ("wording", f"{question}/text", "breaks"),
        ("option_added", f"{question}/options/2", "breaks"),
        ("base", "/pages/0/questions/1/show_if", "breaks"),
    ]
    assert (lint["publishable"], lint["edits"][2]["old"]) == (True, "drink == 'coffee'")
    stray = {"pointer": "/pages/9", "trend": "joins", "reason": "A typing error."}
    refused = await clients.ingestion.post(f"{path}/publish", json={"trends": [stray]}, headers=alice.headers)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/trends/0/pointer")
    known = stray | {"pointer": f"{question}/text"}
    again = await clients.ingestion.post(f"{path}/publish", json={"trends": [known]}, headers=alice.headers)
    assert again.status_code == 200, again.text
    wording = again.json()["edits"][0]
    assert (wording["trend"], wording["reason"], wording["overridden"]) == ("joins", "A typing error.", True)
    versions = (await clients.ingestion.get(f"{path}/versions", headers=alice.headers)).json()["items"]
    assert [len(version["edits"]) for version in versions] == [3, 0]
    assert versions[0]["edits"] == again.json()["edits"]
    after = (await clients.ingestion.get(f"{path}/lint", headers=alice.headers)).json()
    assert after["edits"] == []
