"""Surveys for the researcher, through HTTP."""

import io
import uuid
from base64 import b64encode
from typing import Any

import asyncpg
import httpx2
import jsonschema
import pytest
import xlsxwriter

from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.issues import DefinitionRefused
from tests.conftest import Clients, Person
from tests.hostile_files import lying_archive
from tests.ingestion.survey_definitions import DRINKS, begun, interviewed, options, published, text
from tests.ingestion.test_survey_doors import BRAND_STUDY, SCREENER
from tests.unit.test_survey_foreign import PRODUCT
from tests.unit.test_survey_limesurvey import coffee
from tests.xlsforms import workbook


async def drafted(clients: Clients, project: int, person: Person, **fields: Any) -> dict[str, Any]:
    """A new draft."""
    body = {"title": "Drinks", "layout_style": "CLASSIC", "theme_config": {}, "definition": DRINKS, **fields}
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/surveys", json=body, headers=person.headers
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/surveys/{answer.json()['id']}"
    return dict(answer.json())


def pointers(problem: dict[str, Any]) -> set[str]:
    """Where a 422 says that something is wrong."""
    return {error["pointer"] for error in problem["errors"]}


async def test_a_draft_has_a_public_uuid_and_the_dataset_of_its_responses(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await drafted(clients, project, alice)
    assert str(uuid.UUID(survey["uuid"])) == survey["uuid"]
    assert (survey["status"], survey["version"]) == ("DRAFT", None)
    assert survey["definition"] == DRINKS
    assert survey["public_url"].endswith(f"/s/{survey['uuid']}")
    read = await clients.ingestion.get(f"/api/surveys/{survey['id']}", headers=alice.headers)
    assert read.json() == survey
    dataset = await clients.ingestion.get(f"/api/datasets/{survey['dataset_id']}", headers=alice.headers)
    assert (dataset.json()["survey_id"], dataset.json()["version"]) == (survey["id"], 0)


async def test_a_definition_with_faults_is_a_422_with_a_pointer_for_each(
    clients: Clients, project: int, alice: Person
) -> None:
    body = {
        "title": "x",
        "theme_config": {"colors": {"text": "#aaaaaa"}},
        "definition": {"pages": [{"code": "p", "questions": [{"code": "q", "type": "telepathy"}]}]},
    }
    answer = await clients.ingestion.post(
        f"/api/projects/{project}/surveys", json=body, headers=alice.headers
    )
    assert answer.status_code == 422
    assert pointers(answer.json()) == {"/theme_config/colors/text", "/definition/pages/0/questions/0/type"}
    assert "2.32:1" in answer.text


@pytest.mark.parametrize("title", ["", "   ", "x" * 256, "nul\x00"])
async def test_a_title_must_be_one(clients: Clients, project: int, alice: Person, title: str) -> None:
    url = f"/api/projects/{project}/surveys"
    answer = await clients.ingestion.post(url, json={"title": title}, headers=alice.headers)
    assert (answer.status_code, pointers(answer.json())) == (422, {"/title"})


async def test_another_teams_survey_is_a_404_everywhere(
    clients: Clients, project: int, alice: Person, mallory: Person
) -> None:
    survey = await drafted(clients, project, alice)
    base = f"/api/surveys/{survey['id']}"
    for path in ("", "/lint", "/versions", "/responses", "/results"):
        assert (await clients.ingestion.get(base + path, headers=mallory.headers)).status_code == 404
        assert (await clients.ingestion.get(base + path)).status_code == 401
    for path in ("/publish", "/pause", "/close", "/reopen"):
        assert (await clients.ingestion.post(base + path, headers=mallory.headers)).status_code == 404
    assert (
        await clients.ingestion.patch(base, json={"title": "x"}, headers=mallory.headers)
    ).status_code == 404
    assert (await clients.ingestion.delete(base, headers=mallory.headers)).status_code == 404
    listing = f"/api/projects/{project}/surveys"
    assert (await clients.ingestion.get(listing, headers=mallory.headers)).status_code == 404
    assert (
        await clients.ingestion.post(listing, json={"title": "x"}, headers=mallory.headers)
    ).status_code == 404


async def test_a_viewer_reads_and_may_not_write(
    clients: Clients, project: int, alice: Person, member: Any
) -> None:
    survey = await drafted(clients, project, alice)
    viewer = await member("VIEWER")
    base = f"/api/surveys/{survey['id']}"
    assert (await clients.ingestion.get(base, headers=viewer.headers)).status_code == 200
    assert (await clients.ingestion.post(f"{base}/publish", headers=viewer.headers)).status_code == 403
    assert (
        await clients.ingestion.patch(base, json={"title": "x"}, headers=viewer.headers)
    ).status_code == 403


async def test_an_edit_is_a_merge_patch_and_two_editors_cannot_overwrite_each_other(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await drafted(clients, project, alice, theme_config={"radius": 4, "font": "serif"})
    url = f"/api/surveys/{survey['id']}"
    tag = (await clients.ingestion.get(url, headers=alice.headers)).headers["etag"]
    headers = {**alice.headers, "If-Match": tag}
    edited = await clients.ingestion.patch(
        url, json={"title": "Tea", "theme_config": {"radius": None}}, headers=headers
    )
    assert edited.status_code == 200, edited.text
    assert (edited.json()["title"], edited.json()["theme_config"]) == ("Tea", {"font": "serif"})
    assert edited.headers["etag"] != tag
    late = await clients.ingestion.patch(url, json={"title": "Coffee"}, headers=headers)
    assert late.status_code == 412
    for body, where in (
        ({"title": None}, "/title"),
        ({"nope": 1}, "/nope"),
        ({"layout_style": "X"}, "/layout_style"),
    ):
        refused = await clients.ingestion.patch(url, json=body, headers=alice.headers)
        assert (refused.status_code, pointers(refused.json())) == (422, {where})


async def test_publishing_refuses_conditions_that_make_no_sense_with_their_position(
    clients: Clients, project: int, alice: Person
) -> None:
    questions = [
        {"code": "a", "type": "nps", "text": text("a"), "show_if": "b >"},
        {"code": "b", "type": "nps", "text": text("b"), "show_if": "c > 1"},
        {
            "code": "c",
            "type": "maxdiff",
            "text": text("c"),
            "per_set": 6,
            "options": options("v", "w", "x", "y"),
        },
    ]
    survey = await drafted(
        clients, project, alice, definition={"pages": [{"code": "p", "questions": questions}]}
    )
    base = f"/api/surveys/{survey['id']}"
    lint = (await clients.ingestion.get(f"{base}/lint", headers=alice.headers)).json()
    assert not lint["publishable"]
    refused = await clients.ingestion.post(f"{base}/publish", headers=alice.headers)
    assert refused.status_code == 422
    start = "/definition/pages/0/questions"
    assert pointers(refused.json()) == {f"{start}/0/show_if", f"{start}/1/show_if", f"{start}/2/options"}
    assert "(at character 4)" in refused.text
    assert (await clients.ingestion.get(base, headers=alice.headers)).json()["status"] == "DRAFT"


async def test_publishing_freezes_a_version_and_editing_makes_the_next(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    base = f"/api/surveys/{survey['id']}"
    assert (survey["status"], survey["version"]) == ("PUBLISHED", 1)
    again = await clients.ingestion.post(f"{base}/publish", headers=alice.headers)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    await clients.ingestion.patch(base, json={"title": "Drinks, new"}, headers=alice.headers)
    public = await clients.ingestion.get(f"/public/surveys/{survey['uuid']}")
    assert public.json()["title"] == "Drinks"
    third = await clients.ingestion.post(f"{base}/publish", headers=alice.headers)
    assert third.json()["version"] == 2
    versions = (await clients.ingestion.get(f"{base}/versions", headers=alice.headers)).json()["items"]
    assert [(v["number"], v["title"]) for v in versions] == [(2, "Drinks, new"), (1, "Drinks")]
    assert versions[0]["definition_hash"] != versions[1]["definition_hash"]


async def test_a_published_code_never_changes_its_type(clients: Clients, project: int, alice: Person) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    base = f"/api/surveys/{survey['id']}"
    question = {"code": "why", "type": "number", "text": text("Why?")}
    changed = {"definition": {"pages": [{"code": "p1", "questions": [question]}]}}
    assert (await clients.ingestion.patch(base, json=changed, headers=alice.headers)).status_code == 200
    refused = await clients.ingestion.post(f"{base}/publish", headers=alice.headers)
    assert "was published as long_text" in refused.text


async def test_a_survey_is_paused_reopened_and_closed_and_closing_it_twice_is_a_conflict(
    clients: Clients, project: int, alice: Person
) -> None:
    draft = await drafted(clients, project, alice)
    for act in ("pause", "close", "reopen"):
        answer = await clients.ingestion.post(f"/api/surveys/{draft['id']}/{act}", headers=alice.headers)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/survey-in-other-state")
    survey = await published(clients.ingestion, project, alice.headers)
    for act, status in (
        ("pause", "PAUSED"),
        ("reopen", "PUBLISHED"),
        ("close", "CLOSED"),
        ("reopen", "PUBLISHED"),
        ("pause", "PAUSED"),
        ("close", "CLOSED"),
    ):
        answer = await clients.ingestion.post(f"/api/surveys/{survey['id']}/{act}", headers=alice.headers)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    for act in ("close", "pause", "publish"):
        answer = await clients.ingestion.post(f"/api/surveys/{survey['id']}/{act}", headers=alice.headers)
        assert answer.status_code == 409
    token_less = await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})
    assert (token_less.status_code, token_less.json()["type"]) == (409, "/problems/survey-not-open")


async def test_surveys_are_listed_newest_first_and_by_status(
    clients: Clients, project: int, alice: Person
) -> None:
    draft = await drafted(clients, project, alice)
    live = await published(clients.ingestion, project, alice.headers)
    url = f"/api/projects/{project}/surveys"
    listed = (await clients.ingestion.get(url, headers=alice.headers)).json()["items"]
    assert [item["id"] for item in listed] == [live["id"], draft["id"]]
    only = (await clients.ingestion.get(f"{url}?status=DRAFT", headers=alice.headers)).json()["items"]
    assert [item["id"] for item in only] == [draft["id"]]
    page = (await clients.ingestion.get(f"{url}?limit=1", headers=alice.headers)).json()
    rest = await clients.ingestion.get(
        url, params={"limit": 1, "cursor": page["next_cursor"]}, headers=alice.headers
    )
    assert [item["id"] for item in rest.json()["items"]] == [draft["id"]]


async def test_deleting_a_survey_removes_its_dataset_too(
    clients: Clients, project: int, alice: Person
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await begun(clients.ingestion, survey)
    url = f"/api/surveys/{survey['id']}"
    early = await clients.ingestion.delete(url, headers=alice.headers)
    assert (early.status_code, early.json()["survey_status"]) == (409, "PUBLISHED")
    assert "close it first" in early.json()["detail"]
    assert (await clients.ingestion.post(f"{url}/close", headers=alice.headers)).status_code == 200
    assert (await clients.ingestion.delete(url, headers=alice.headers)).status_code == 204
    assert (await clients.ingestion.get(url, headers=alice.headers)).status_code == 404
    assert (await clients.ingestion.get(f"/s/{survey['uuid']}")).status_code == 404
    dataset = await clients.ingestion.get(f"/api/datasets/{survey['dataset_id']}", headers=alice.headers)
    assert dataset.status_code == 404


async def test_results_count_complete_interviews(clients: Clients, project: int, alice: Person) -> None:
    definition = {
        "pages": [
            {
                "code": "p",
                "questions": [
                    {
                        "code": "c",
                        "type": "single_choice",
                        "text": text("c"),
                        "options": options("x", "y", "z"),
                    },
                    {"code": "s", "type": "multiple_choice", "text": text("s"), "options": options("a", "b")},
                    {"code": "n", "type": "nps", "text": text("n"), "show_if": "c == 'x'"},
                ],
            }
        ]
    }
    survey = await published(clients.ingestion, project, alice.headers, definition)
    for answers in ({"c": "x", "s": ["a", "b"], "n": 9}, {"c": "x", "s": ["b"], "n": 9}, {"c": "y"}):
        await interviewed(clients.ingestion, survey, answers)
    await begun(clients.ingestion, survey)
    results = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=alice.headers)
    ).json()
    assert (results["started"], results["in_progress"], results["complete"]) == (4, 1, 3)
    assert results["completion_ratio"] == 0.75
    assert results["median_duration_s"] >= 0
    found = {q["code"]: {c["value"]: c["count"] for c in q["counts"]} for q in results["questions"]}
    assert found["c"] == {"x": 2, "y": 1, "z": 0}
    assert found["s"] == {"a": 1, "b": 2}
    assert found["n"]["9"] == 2
    assert {q["code"]: q["answered"] for q in results["questions"]} == {"c": 3, "s": 2, "n": 2}


async def test_documents_nested_without_end_are_a_422(clients: Clients, project: int, alice: Person) -> None:
    survey = await drafted(clients, project, alice)
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"x": deep}
    question = {"code": "q", "type": "maxdiff", "text": text("q"), "deep": deep}
    body = {"title": "x", "definition": {"pages": [{"code": "p", "questions": [question]}]}}
    made = await clients.ingestion.post(f"/api/projects/{project}/surveys", json=body, headers=alice.headers)
    edited = await clients.ingestion.patch(f"/api/surveys/{survey['id']}", json=body, headers=alice.headers)
    assert (made.status_code, edited.status_code) == (422, 422)


async def test_publishing_and_closing_are_told_as_events(
    clients: Clients, project: int, alice: Person, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    for act in ("publish", "pause", "reopen", "close"):
        assert (
            await clients.ingestion.post(f"/api/surveys/{survey['id']}/{act}", headers=alice.headers)
        ).is_success
    rows = await owner.fetch(
        "SELECT type FROM messaging_outbox WHERE envelope->'data'->>'survey_id' = $1 ORDER BY id",
        str(survey["id"]),
    )
    assert [row["type"] for row in rows] == ["survey-published", "survey-published", "survey-closed"]


async def test_a_copy_is_a_draft_of_its_own(clients: Clients, project: int, alice: Person) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await interviewed(clients.ingestion, survey, {"drink": "tea"})
    path = f"/api/surveys/{survey['id']}/duplicate"
    copied = await clients.ingestion.post(path, headers=alice.headers)
    assert (copied.status_code, copied.headers["location"]) == (201, f"/api/surveys/{copied.json()['id']}")
    copy = copied.json()
    assert (copy["title"], copy["status"], copy["version"]) == ("Drinks (copy)", "DRAFT", None)
    assert copy["definition"] == survey["definition"]
    assert copy["uuid"] != survey["uuid"]
    assert copy["dataset_id"] != survey["dataset_id"]
    named = await clients.ingestion.post(path, json={"title": "Wave 2"}, headers=alice.headers)
    assert named.json()["title"] == "Wave 2"
    responses = await clients.ingestion.get(f"/api/surveys/{copy['id']}/responses", headers=alice.headers)
    assert responses.json()["items"] == []


async def test_others_copy_nothing(clients: Clients, project: int, alice: Person, mallory: Person) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    path = f"/api/surveys/{survey['id']}/duplicate"
    assert (await clients.ingestion.post(path, headers=mallory.headers)).status_code == 404


async def test_the_published_schema_says_what_definitions_are(clients: Clients, alice: Person) -> None:
    """Whatever the schema takes is read, and a misspelt field is refused by both."""
    schema = (await clients.ingestion.get("/api/survey-definition-schema", headers=alice.headers)).json()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for definition in (DRINKS, BRAND_STUDY, SCREENER):
        assert list(validator.iter_errors(definition)) == []
        parse_definition(definition)
    misspelt = {"pages": [{"code": "p", "questions": [{"code": "q", "type": "nps", "requird": True}]}]}
    assert list(validator.iter_errors(misspelt))
    with pytest.raises(DefinitionRefused):
        parse_definition(misspelt)
    assert (await clients.ingestion.get("/api/survey-definition-schema")).status_code == 401


async def test_simulated_respondents_say_what_is_reached_and_store_nothing(
    clients: Clients, project: int, alice: Person, mallory: Person
) -> None:
    survey = await drafted(clients, project, alice, definition=SCREENER)
    path = f"/api/surveys/{survey['id']}/simulate"
    answer = await clients.ingestion.post(path, json={"n": 100, "seed": 5}, headers=alice.headers)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["n"], sum(found["outcomes"].values())) == (100, 100)
    assert found["outcomes"]["screened_out"] == found["endings"]["screen_out"] > 0
    by_code = {question["code"]: question for question in found["questions"]}
    assert by_code["age"]["asked"] == 100
    assert by_code["b"]["asked"] == found["outcomes"]["complete"]
    assert (found["never_asked"], found["stuck"]) == ([], {})
    responses = await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=alice.headers)
    assert responses.json()["items"] == []
    assert (await clients.ingestion.post(path, headers=mallory.headers)).status_code == 404
    for body, pointer in (({"n": 0}, "/n"), ({"n": 501}, "/n"), ({"m": 1}, "/m")):
        refused = await clients.ingestion.post(path, json=body, headers=alice.headers)
        assert pointers(refused.json()) == {pointer}
    many = [{"code": f"q{n}", "type": "nps", "text": text("?")} for n in range(200)]
    long = await drafted(clients, project, alice, definition={"pages": [{"code": "p", "questions": many}]})
    path = f"/api/surveys/{long['id']}/simulate"
    assert (await clients.ingestion.post(path, headers=alice.headers)).json()["n"] == 10
    refused = await clients.ingestion.post(path, json={"n": 11}, headers=alice.headers)
    assert pointers(refused.json()) == {"/n"}
    assert "at most 10 respondents" in refused.json()["detail"]
    assert "test-dataset" in refused.json()["detail"]
    broken = await drafted(clients, project, alice, definition={"languages": ["en"], "pages": []})
    refused = await clients.ingestion.post(f"/api/surveys/{broken['id']}/simulate", headers=alice.headers)
    assert (refused.status_code, pointers(refused.json())) == (422, {"/definition/pages"})


async def imported_survey(
    clients: Clients, person: Person, project: int, kind: str, document: Any
) -> httpx2.Response:
    body = {"format": kind, "document": document}
    return await clients.ingestion.post(
        f"/api/projects/{project}/surveys/import", json=body, headers=person.headers
    )


async def test_a_survey_of_limesurvey_becomes_a_draft_that_can_be_published(
    clients: Clients, project: int, alice: Person
) -> None:
    made = await imported_survey(clients, alice, project, "limesurvey", str(coffee()))
    assert made.status_code == 201, made.text
    survey, notes = made.json()["survey"], made.json()["notes"]
    assert (survey["title"], survey["layout_style"], [note["where"] for note in notes]) == (
        "Coffee & tea",
        "FOCUS",
        ["why"],
    )
    published = await clients.ingestion.post(f"/api/surveys/{survey['id']}/publish", headers=alice.headers)
    assert published.json()["status"] == "PUBLISHED"
    bomb = '<!DOCTYPE d [<!ENTITY a "a">]><document>&a;</document>'
    no_surveys: tuple[Any, ...] = ({}, "", "<document/>", bomb, "<a>" * 100_000)
    for document in no_surveys:
        refused = await imported_survey(clients, alice, project, "limesurvey", document)
        assert (refused.status_code, pointers(refused.json())) == (422, {"/document"})
    too_large = await imported_survey(clients, alice, project, "limesurvey", "<a/>" * 1_400_000)
    assert too_large.status_code == 413


def two_cells(row: int, column: int) -> bytes:
    """A workbook that is empty between its first cell and a far one."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet("survey")
        sheet.write(0, 0, "type")
        sheet.write(row, column, "x")
    return written.getvalue()


async def test_an_xlsform_becomes_a_draft_and_a_hostile_workbook_is_refused(
    clients: Clients, project: int, alice: Person
) -> None:
    made = await imported_survey(clients, alice, project, "xlsform", b64encode(workbook()).decode())
    assert made.status_code == 201, made.text
    survey, notes = made.json()["survey"], made.json()["notes"]
    assert (survey["title"], {note["where"] for note in notes}) == ("Cats", {"start", "where", "why"})
    published = await clients.ingestion.post(f"/api/surveys/{survey['id']}/publish", headers=alice.headers)
    assert published.json()["status"] == "PUBLISHED"
    long = [{"type": "text", "name": f"q{place}", "label": "x" * 30_000} for place in range(300)]
    for content, reason in (
        (two_cells(1_048_575, 16_383), "more memory"),
        (two_cells(99_999, 9), "cells in"),
        (lying_archive(workbook(), "xl/worksheets/sheet1.xml", 1 << 30), "unfolds to"),
        (workbook(long), "characters"),
        (workbook([{"type": "", "name": "q"}]), "no XLSForm"),
        (b"type,name\ntext,q\n", "cannot be opened"),
        (workbook()[:900], "cannot be opened"),
    ):
        refused = await imported_survey(clients, alice, project, "xlsform", b64encode(content).decode())
        assert (refused.status_code, pointers(refused.json())) == (422, {"/document"})
        assert reason in refused.text
    no_base64 = await imported_survey(clients, alice, project, "xlsform", "nö")
    assert "base64" in no_base64.text


async def test_a_survey_of_surveyjs_becomes_a_draft_with_notes(
    clients: Clients, project: int, alice: Person, mallory: Person
) -> None:
    path, body = f"/api/projects/{project}/surveys/import", {"format": "surveyjs", "document": PRODUCT}
    made = await clients.ingestion.post(path, json=body, headers=alice.headers)
    assert made.status_code == 201, made.text
    survey, notes = made.json()["survey"], made.json()["notes"]
    assert (made.headers["location"], survey["title"]) == (f"/api/surveys/{survey['id']}", "Product feedback")
    assert {note["where"] for note in notes} == {"people", "sum", "age", "land"}
    lint = await clients.ingestion.get(f"/api/surveys/{survey['id']}/lint", headers=alice.headers)
    assert lint.json()["publishable"] is True
    assert (await clients.ingestion.post(path, json=body, headers=mallory.headers)).status_code == 404
    panels: dict[str, Any] = {"type": "text", "name": "a"}
    for _ in range(150):
        panels = {"type": "panel", "name": "p", "visibleIf": "(" * 500 + "{a} = 1", "elements": [panels]}
    assert (
        await imported_survey(clients, alice, project, "surveyjs", {"elements": [panels]})
    ).status_code == 201
    for document in (
        {},
        "{}",
        {"pages": [{"elements": 7}]},
        {"pages": [{"elements": [{"type": "rating", "name": "r", "rateMax": "x"}]}]},
    ):
        refused = await clients.ingestion.post(
            path, json=body | {"document": document}, headers=alice.headers
        )
        assert (refused.status_code, pointers(refused.json())) == (422, {"/document"})


async def test_the_question_bank_makes_a_survey_that_takes_answers(
    clients: Clients, project: int, alice: Person
) -> None:
    assert (await clients.ingestion.get("/api/question-bank")).status_code == 401
    bank = (await clients.ingestion.get("/api/question-bank", headers=alice.headers)).json()["items"]
    pages = [{"code": f"p_{entry['code']}", "questions": entry["questions"]} for entry in bank]
    definition = {"languages": ["en", "de", "fr", "es"], "pages": pages}
    survey = await drafted(clients, project, alice, definition=definition)
    opened = await clients.ingestion.post(f"/api/surveys/{survey['id']}/publish", headers=alice.headers)
    assert opened.json()["status"] == "PUBLISHED", opened.text
    german = await clients.ingestion.get("/api/question-bank?lang=de-AT", headers=alice.headers)
    found = {entry["code"]: entry for entry in german.json()["items"]}
    assert list(found["nps"]["questions"][0]["low"]) == ["de"]
    assert (found["sus"]["languages"], list(found["sus"]["questions"][0]["text"])) == (["en"], ["en"])
    odd = await clients.ingestion.get("/api/question-bank?lang=%00", headers=alice.headers)
    assert (odd.status_code, pointers(odd.json())) == (422, {"/query/lang"})
