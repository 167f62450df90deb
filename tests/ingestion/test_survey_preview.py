"""The preview of any version in any state of answers: what respondents would see, and nothing is stored."""

from typing import Any

import asyncpg

from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import DRINKS, published, text


async def test_any_version_is_shown_in_any_state_and_nothing_is_stored(
    *, clients: Clients, project: int, alice: Person, mallory: Person, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    path = f"/api/surveys/{survey['id']}"
    first, cups, why = DRINKS["pages"][0]["questions"]
    pages = [{"code": "p1", "questions": [first | {"text": text("Cocoa?")}, cups, why]}]
    await clients.ingestion.patch(path, json={"definition": {"pages": pages}}, headers=alice.headers)

    async def shown(person: Person = alice, **body: Any) -> Any:
        return await clients.ingestion.post(f"{path}/preview", json=body, headers=person.headers)

    draft = await shown()
    assert draft.headers["content-type"].startswith("text/html")
    assert "Preview: nothing on this page is stored" in draft.text
    assert "Cocoa?" in draft.text
    old = await shown(version=1, layout_style="FOCUS")
    assert "Tea or coffee?" in old.text
    assert "Cups a day?" not in old.text
    further = await shown(version=1, layout_style="FOCUS", answers={"drink": "coffee"})
    assert "Cups a day?" in further.text
    wrong = await shown(answers={"drink": "milk"}, position=0)
    assert "none of the options" in wrong.text
    assert (await shown(version=9)).status_code == 404
    assert (await shown(mallory)).status_code == 404
    stored = "SELECT count(*) FROM data_ingestion_surveyresponse WHERE survey_id = $1"
    assert await owner.fetchval(stored, survey["id"]) == 0
