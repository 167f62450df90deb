"""The JSON door for respondents."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.survey_definitions import DRINKS, begun, interviewed, options, published, text


@pytest.fixture
async def survey(clients: Clients, project: int, alice: Person) -> dict[str, Any]:
    """A published survey of Alice's."""
    return await published(clients.ingestion, project, alice.headers)


async def put(clients: Clients, token: str, answers: dict[str, Any]) -> Any:
    """The response to a PUT of answers."""
    return await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": answers})


async def submit(clients: Clients, token: str) -> Any:
    """The response to a submission."""
    return await clients.ingestion.post(f"/public/sessions/{token}/submit", json={})


async def listed(clients: Clients, survey: dict[str, Any], person: Person) -> list[dict[str, Any]]:
    """The interviews as the researcher sees them."""
    url = f"/api/surveys/{survey['id']}/responses"
    return list((await clients.ingestion.get(url, headers=person.headers)).json()["items"])


async def test_an_interview_goes_step_by_step(clients: Clients, project: int, alice: Person) -> None:
    survey = await published(clients.ingestion, project, alice.headers, layout_style="FOCUS")
    begin = (await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})).json()
    assert begin["step"]["page"] == "p1"
    assert [q["code"] for q in begin["step"]["questions"]] == ["drink"]
    question = begin["step"]["questions"][0]
    assert (question["text"], question["required"], question["options"][0]) == (
        "Tea or coffee?",
        True,
        {"code": "tea", "text": "Tea", "exclusive": False, "other": False},
    )
    assert begin["progress"] == {"done": 0, "total": 2}
    second = (await put(clients, begin["token"], {"drink": "coffee"})).json()
    assert [q["code"] for q in second["step"]["questions"]] == ["cups"]
    assert second["progress"] == {"done": 1, "total": 3}
    third = (await put(clients, begin["token"], {})).json()
    assert [q["code"] for q in third["step"]["questions"]] == ["why"]
    last = (await put(clients, begin["token"], {"why": "warm"})).json()
    assert last["step"] is None
    assert last["answers"] == {"drink": "coffee", "why": "warm"}
    done = await submit(clients, begin["token"])
    assert done.json() == {"status": "complete", "redirect": None}


async def test_the_logic_behind_a_question_is_not_told(clients: Clients, survey: dict[str, Any]) -> None:
    answer = await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})
    assert "show_if" not in answer.text


async def test_answers_to_unknown_hidden_or_wrongly_typed_questions_are_a_422_and_nothing_is_stored(
    clients: Clients, survey: dict[str, Any]
) -> None:
    token = await begun(clients.ingestion, survey)
    refused = await put(clients, token, {"drink": "tea", "cups": 3, "a/b": 1, "why": ["x"]})
    assert refused.status_code == 422
    assert {e["pointer"] for e in refused.json()["errors"]} == {
        "/answers/cups",
        "/answers/a~1b",
        "/answers/why",
    }
    standing = (await clients.ingestion.get(f"/public/sessions/{token}")).json()
    assert standing["answers"] == {}


@pytest.mark.parametrize("value", ["beer", 1, True, ["tea"], {"a": 1}])
async def test_a_choice_takes_only_its_options(clients: Clients, survey: dict[str, Any], value: Any) -> None:
    token = await begun(clients.ingestion, survey)
    assert (await put(clients, token, {"drink": value})).status_code == 422


async def test_a_text_of_a_megabyte_or_with_unstorable_characters_is_a_422(
    clients: Clients, survey: dict[str, Any]
) -> None:
    token = await begun(clients.ingestion, survey)
    assert (await put(clients, token, {"why": "x" * 1_000_000})).status_code == 422
    for body in (
        b'{"answers":{"why":"a\\u0000b"}}',
        b'{"answers":{"why":"\\ud800"}}',
        b'{"answers":{"\\u0000":1}}',
    ):
        url, headers = f"/public/sessions/{token}/answers", {"Content-Type": "application/json"}
        answer = await clients.ingestion.put(url, content=body, headers=headers)
        assert answer.status_code == 422, body


async def test_answers_nested_without_end_are_a_422(clients: Clients, project: int, alice: Person) -> None:
    rows = [{"code": "r1", "text": text("R")}]
    questions = [
        {"code": "m", "type": "matrix_text", "text": text("m"), "rows": rows},
        {"code": "c", "type": "single_choice", "text": text("c"), "options": options("x", "y")},
    ]
    survey = await published(
        clients.ingestion, project, alice.headers, {"pages": [{"code": "p", "questions": questions}]}
    )
    token = await begun(clients.ingestion, survey)
    url, headers = f"/public/sessions/{token}/answers", {"Content-Type": "application/json"}
    for answer in ('{"r1":' * 300 + "1" + "}" * 300, "[" * 300 + "]" * 300):
        for code in ("m", "c"):
            body = f'{{"answers":{{"{code}":{answer}}}}}'
            refused = await clients.ingestion.put(url, content=body, headers=headers)
            assert refused.status_code == 422, refused.text


async def test_a_changed_answer_hides_later_ones_without_losing_them(
    clients: Clients, survey: dict[str, Any], alice: Person, owner: asyncpg.Connection
) -> None:
    token = await interviewed_until(clients, survey, {"drink": "coffee", "cups": 3})
    changed = (await put(clients, token, {"drink": "tea"})).json()
    assert changed["answers"] == {"drink": "tea"}
    await submit(clients, token)
    row = (await listed(clients, survey, alice))[0]
    assert (row["answers"], row["not_asked"]) == ({"drink": "tea"}, ["cups"])
    kept = await owner.fetchval(
        "SELECT answers ->> 'cups' FROM data_ingestion_surveyresponse WHERE id = $1", row["id"]
    )
    assert kept == "3"


async def interviewed_until(clients: Clients, survey: dict[str, Any], answers: dict[str, Any]) -> str:
    """The token of an interview that is answered but not submitted."""
    token = await begun(clients.ingestion, survey)
    assert (await put(clients, token, answers)).status_code == 200
    return token


async def test_a_submission_without_required_answers_is_refused_with_pointers(
    clients: Clients, survey: dict[str, Any]
) -> None:
    token = await begun(clients.ingestion, survey)
    refused = await submit(clients, token)
    assert refused.status_code == 422
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/answers/drink"]


async def test_submitting_again_gives_the_same_answer_and_counts_once(
    clients: Clients, survey: dict[str, Any], alice: Person, owner: asyncpg.Connection
) -> None:
    token = await interviewed_until(clients, survey, {"drink": "tea"})
    answers = await asyncio.gather(*(submit(clients, token) for _ in range(4)))
    assert {(a.status_code, a.text) for a in answers} == {(200, '{"status":"complete","redirect":null}')}
    rows = await listed(clients, survey, alice)
    assert [row["status"] for row in rows] == ["complete"]
    n_events = await owner.fetchval(
        "SELECT count(*) FROM messaging_outbox WHERE type = 'response-submitted' AND envelope->'data'->>'survey_id' = $1",
        str(survey["id"]),
    )
    assert n_events == 1


async def test_a_submitted_interview_can_never_be_changed(
    clients: Clients, survey: dict[str, Any], alice: Person
) -> None:
    token = await interviewed(clients.ingestion, survey, {"drink": "tea", "why": "cold"})
    refused = await put(clients, token, {"why": "hot"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/interview-finished")
    standing = (await clients.ingestion.get(f"/public/sessions/{token}")).json()
    assert (standing["status"], standing["step"], standing["answers"]["why"]) == ("complete", None, "cold")


async def test_the_database_itself_refuses_to_change_a_submitted_interview(
    clients: Clients, survey: dict[str, Any], stack: Any
) -> None:
    from kernel.ids import hash_token

    token = await interviewed(clients.ingestion, survey, {"drink": "tea"})
    connection = await asyncpg.connect(stack.role_url("plugzero_respondent"))
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.session_hash', $1, true)", hash_token(token))
            assert await connection.fetchval("SELECT count(*) FROM data_ingestion_surveyresponse") == 1
            changed = await connection.execute("UPDATE data_ingestion_surveyresponse SET answers = '{}'")
            assert changed == "UPDATE 0"
    finally:
        await connection.close()


@pytest.mark.parametrize("token", ["x" * 43, "nope", "%00" * 20, "y" * 3000])
async def test_a_forged_token_is_a_404(clients: Clients, survey: dict[str, Any], token: str) -> None:
    assert (await put(clients, token, {"drink": "tea"})).status_code == 404
    assert (await submit(clients, token)).status_code == 404
    assert (await clients.ingestion.get(f"/public/sessions/{token}")).status_code == 404


async def test_an_unknown_or_drafted_survey_is_a_404(clients: Clients, project: int, alice: Person) -> None:
    draft = await clients.ingestion.post(
        f"/api/projects/{project}/surveys", json={"title": "x", "definition": DRINKS}, headers=alice.headers
    )
    for identifier in (uuid.uuid4(), draft.json()["uuid"]):
        assert (await clients.ingestion.get(f"/public/surveys/{identifier}")).status_code == 404
        begin = await clients.ingestion.post(f"/public/surveys/{identifier}/sessions", json={})
        assert begin.status_code == 404


async def test_a_survey_that_closes_while_it_is_answered_takes_no_more_answers(
    clients: Clients, survey: dict[str, Any], alice: Person
) -> None:
    token = await interviewed_until(clients, survey, {"drink": "tea"})
    await clients.ingestion.post(f"/api/surveys/{survey['id']}/close", headers=alice.headers)
    for answer in (await put(clients, token, {"why": "x"}), await submit(clients, token)):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/survey-not-open")
    await clients.ingestion.post(f"/api/surveys/{survey['id']}/reopen", headers=alice.headers)
    assert (await submit(clients, token)).status_code == 200


async def test_an_interview_belongs_to_the_version_it_began_on(
    clients: Clients, survey: dict[str, Any], alice: Person
) -> None:
    token = await begun(clients.ingestion, survey)
    question = {"code": "mood", "type": "nps", "text": text("Mood?"), "required": True}
    body = {"definition": {"pages": [{"code": "p1", "questions": [question]}]}}
    await clients.ingestion.patch(f"/api/surveys/{survey['id']}", json=body, headers=alice.headers)
    assert (
        await clients.ingestion.post(f"/api/surveys/{survey['id']}/publish", headers=alice.headers)
    ).status_code == 200
    assert (await put(clients, token, {"drink": "tea"})).status_code == 200
    assert (await submit(clients, token)).status_code == 200
    newer = await begun(clients.ingestion, survey)
    assert (await put(clients, newer, {"drink": "tea"})).status_code == 422
    assert {row["version"] for row in await listed(clients, survey, alice)} == {1, 2}


async def test_texts_come_in_the_respondents_language_and_hidden_fields_from_the_beginning(
    clients: Clients, project: int, alice: Person
) -> None:
    definition = {
        "languages": ["en", "de"],
        "pages": [
            {
                "code": "p",
                "questions": [
                    {"code": "src", "type": "hidden"},
                    {
                        "code": "a",
                        "type": "nps",
                        "text": {"en": "How?", "de": "Wie?"},
                        "show_if": "src == 'panel'",
                    },
                    {"code": "b", "type": "consent", "text": {"en": "Okay?"}},
                ],
            }
        ],
    }
    survey = await published(clients.ingestion, project, alice.headers, definition)
    url = f"/public/surveys/{survey['uuid']}/sessions"
    answer = await clients.ingestion.post(
        url, json={"hidden": {"src": "panel"}}, headers={"Accept-Language": "de-CH"}
    )
    assert [q["text"] for q in answer.json()["step"]["questions"]] == ["Wie?", "Okay?"]
    assert answer.json()["answers"] == {"src": "panel"}
    plain = await clients.ingestion.post(url)
    assert [q["text"] for q in plain.json()["step"]["questions"]] == ["Okay?"]
    refused = await put(clients, plain.json()["token"], {"src": "panel"})
    assert refused.status_code == 422


async def test_a_matrix_and_a_set_are_stored_in_one_form(
    clients: Clients, project: int, alice: Person
) -> None:
    definition = {
        "pages": [
            {
                "code": "p",
                "questions": [
                    {
                        "code": "s",
                        "type": "multiple_choice",
                        "text": text("s"),
                        "options": options("a", "b", "c"),
                    },
                    {
                        "code": "m",
                        "type": "matrix_single",
                        "text": text("m"),
                        "rows": [{"code": "r1", "text": text("1")}, {"code": "r2", "text": text("2")}],
                        "columns": options("x", "y"),
                    },
                ],
            }
        ]
    }
    survey = await published(clients.ingestion, project, alice.headers, definition)
    await interviewed(clients.ingestion, survey, {"s": ["c", "a"], "m": {"r2": "y", "r1": None}})
    assert (await listed(clients, survey, alice))[0]["answers"] == {"s": ["a", "c"], "m": {"r2": "y"}}


async def test_bodies_that_are_no_answers_are_refused(clients: Clients, survey: dict[str, Any]) -> None:
    token = await begun(clients.ingestion, survey)
    url = f"/public/sessions/{token}/answers"
    bodies: list[Any] = [[], {"answers": []}, {"answer": {}}, {"answers": {}, "more": 1}]
    for body in bodies:
        assert (await clients.ingestion.put(url, json=body)).status_code == 422
    broken = await clients.ingestion.put(url, content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
