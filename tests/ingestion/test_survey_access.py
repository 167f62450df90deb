"""Rules of access: opening times, the largest number of responses, passwords, and one interview per device."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import pytest

from kernel.clock import utc_now
from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import begun, published

TEA = {"answers": {"drink": "tea"}}


@pytest.fixture
async def survey(clients: Clients, alice: Person, project: int) -> dict[str, Any]:
    return await published(clients.ingestion, project, alice.headers)


async def ruled(clients: Clients, person: Person, survey: dict[str, Any], **rules: Any) -> httpx2.Response:
    path = f"/api/surveys/{survey['id']}/access"
    return await clients.ingestion.patch(path, json=rules, headers=person.headers)


def hours(n: float) -> str:
    """A moment so many hours from now."""
    return (utc_now() + timedelta(hours=n)).isoformat()


async def begin(clients: Clients, survey: dict[str, Any], **body: Any) -> httpx2.Response:
    return await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json=body)


async def put(clients: Clients, token: str) -> httpx2.Response:
    return await clients.ingestion.put(f"/public/sessions/{token}/answers", json=TEA)


async def submit(clients: Clients, token: str) -> httpx2.Response:
    return await clients.ingestion.post(f"/public/sessions/{token}/submit")


async def test_rules_are_read_and_changed_with_an_entity_tag(
    clients: Clients, alice: Person, mallory: Person, survey: dict[str, Any]
) -> None:
    path = f"/api/surveys/{survey['id']}/access"
    before = await clients.ingestion.get(path, headers=alice.headers)
    assert before.json() == {
        "opens_at": None,
        "closes_at": None,
        "grace_minutes": 30,
        "max_responses": None,
        "one_per": None,
        "has_password": False,
    }
    tagged = alice.headers | {"If-Match": before.headers["etag"]}
    body = {"max_responses": 7, "one_per": "device", "password": "open sesame"}
    changed = await clients.ingestion.patch(path, json=body, headers=tagged)
    assert changed.status_code == 200, changed.text
    assert changed.json() == before.json() | {"max_responses": 7, "one_per": "device", "has_password": True}
    assert "sesame" not in changed.text
    late = await clients.ingestion.patch(path, json={"max_responses": 8}, headers=tagged)
    assert late.status_code == 412
    freed = await ruled(clients, alice, survey, password=None, one_per=None)
    assert freed.json() == before.json() | {"max_responses": 7}
    assert (await clients.ingestion.get(path, headers=mallory.headers)).status_code == 404
    assert (await ruled(clients, mallory, survey, max_responses=1)).status_code == 404


@pytest.mark.parametrize(
    ("rules", "pointer"),
    [
        ({"opens_at": "2026-01-01T00:00:00"}, "/opens_at"),
        ({"opens_at": "2027-01-02T00:00:00Z", "closes_at": "2027-01-01T00:00:00Z"}, "/closes_at"),
        ({"max_responses": 0}, "/max_responses"),
        ({"password": "12345"}, "/password"),
        ({"one_per": "household"}, "/one_per"),
        ({"grace_minutes": None}, "/grace_minutes"),
    ],
)
async def test_rules_that_make_no_sense_are_refused(
    clients: Clients, alice: Person, survey: dict[str, Any], rules: Any, pointer: str
) -> None:
    refused = await ruled(clients, alice, survey, **rules)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_survey_opens_and_closes_by_the_clock_and_who_is_under_way_may_finish(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any]
) -> None:
    await ruled(clients, alice, survey, opens_at=hours(2))
    early = await begin(clients, survey)
    assert (early.status_code, early.json()["reason"]) == (409, "not_yet")
    await browser.open(f"/s/{survey['uuid']}")
    assert (browser.status, "has not opened yet" in browser.page, "<form" in browser.page) == (
        503,
        True,
        False,
    )
    await ruled(clients, alice, survey, opens_at=hours(-2))
    first, second = await begun(clients.ingestion, survey), await begun(clients.ingestion, survey)
    closed_at = utc_now() - timedelta(minutes=10)
    await ruled(clients, alice, survey, closes_at=closed_at.isoformat())
    late = await begin(clients, survey)
    assert (late.status_code, late.json()["reason"]) == (409, "over")
    await browser.open(f"/s/{survey['uuid']}")
    assert browser.status == 410
    assert f"It closed on {closed_at:%Y-%m-%d %H:%M} UTC" in browser.page
    about = (await clients.ingestion.get(f"/public/surveys/{survey['uuid']}")).json()
    assert about["open"] is False
    assert about["closes_at"].startswith(f"{closed_at:%Y-%m-%dT%H:%M}")
    assert (await put(clients, first)).status_code == 200, "within the grace"
    assert (await submit(clients, first)).json()["status"] == "complete"
    await put(clients, second)
    await ruled(clients, alice, survey, grace_minutes=5)
    assert (await put(clients, second)).status_code == 409, "the grace is over"
    assert (await submit(clients, second)).json()["reason"] == "over"
    assert (await submit(clients, first)).json()["status"] == "complete", "what was submitted stays"


async def test_as_many_responses_as_are_wanted_and_not_one_more(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any]
) -> None:
    early = await begun(clients.ingestion, survey)
    await put(clients, early)
    assert (await submit(clients, early)).json()["status"] == "complete"
    await ruled(clients, alice, survey, max_responses=3)
    tokens = [await begun(clients.ingestion, survey) for _ in range(6)]
    stored = await asyncio.gather(*(put(clients, token) for token in tokens))
    assert sorted(answer.json()["status"] for answer in stored) == ["in_progress"] * 2 + ["quota_full"] * 4
    done = await asyncio.gather(*(submit(clients, token) for token in tokens))
    assert sorted(answer.json()["status"] for answer in done) == ["complete"] * 2 + ["quota_full"] * 4
    late = await begin(clients, survey)
    assert (late.status_code, late.json()["reason"]) == (409, "full")
    await browser.open(f"/s/{survey['uuid']}")
    assert (browser.status, "all the answers it needs" in browser.page) == (410, True)
    await ruled(clients, alice, survey, max_responses=4)
    last = await begun(clients.ingestion, survey)
    await put(clients, last)
    assert (await submit(clients, last)).json()["status"] == "complete"


async def test_a_password_is_asked_before_the_first_question(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any], owner: asyncpg.Connection
) -> None:
    await browser.open(f"/s/{survey['uuid']}")
    form_before = browser.form
    await ruled(clients, alice, survey, password="open sesame")
    await browser.open(f"/s/{survey['uuid']}?lang=en")
    assert ("Tea or coffee" in browser.page, browser.form.names) == (False, {"password"})
    sneaked = await browser.post(form_before, "next", drink="tea")
    assert ("asks for a password" in sneaked.text, "set-cookie" in sneaked.headers) == (True, False)
    form = browser.form
    form.filled["password"] = ["open sesam"]
    wrong = await browser.post(form, "enter")
    assert (wrong.status_code, "This is not the password" in wrong.text) == (403, True)
    form.filled["password"] = ["open sesame"]
    right = await browser.post(form, "enter")
    assert (right.status_code, right.headers["location"]) == (303, f"/s/{survey['uuid']}?lang=en")
    await browser.open(right.headers["location"])
    assert "Tea or coffee" in browser.page
    await browser.send(drink="tea")
    await ruled(clients, alice, survey, password="another one")
    await browser.open(f"/s/{survey['uuid']}")
    assert "asks for a password" not in browser.page, "who began goes on"
    stored = "SELECT password_hash FROM data_ingestion_surveyaccess WHERE survey_id = $1"
    assert str(await owner.fetchval(stored, survey["id"])).startswith("$argon2id$")


async def test_the_json_door_asks_for_the_password_and_guessing_takes_long(
    clients: Clients, alice: Person, survey: dict[str, Any], owner: asyncpg.Connection
) -> None:
    await ruled(clients, alice, survey, password="open sesame")
    about = await clients.ingestion.get(f"/public/surveys/{survey['uuid']}")
    assert about.json()["asks_password"] is True
    assert (await begin(clients, survey)).json()["type"] == "/problems/survey-password-needed"
    assert (await begin(clients, survey, password="open sesame")).status_code == 201
    tries = await asyncio.gather(*(begin(clients, survey, password=f"guess {n}") for n in range(12)))
    waiting = [answer for answer in tries if answer.status_code == 429]
    assert len(waiting) < len(tries) - 5, "five are free"
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in waiting)
    assert waiting
    await owner.execute(
        "UPDATE data_ingestion_passwordattempt SET blocked_until = now() + interval '1 minute' "
        "WHERE survey_id = $1 AND blocked_until > 'epoch'",
        survey["id"],
    )
    assert (await begin(clients, survey, password="open sesame")).status_code == 429, (
        "the right one waits too"
    )
    # Many addresses: each has free tries, all together do not.
    address = httpx2.ASGITransport(clients.apps["ingestion"], client=("192.0.2.9", 1))
    async with httpx2.AsyncClient(transport=address, base_url="http://plugzero.test", timeout=30) as other:
        path, wrong = f"/public/surveys/{survey['uuid']}/sessions", {"password": "guess"}
        assert (await other.post(path, json=wrong)).status_code == 403
        await owner.execute(
            "UPDATE data_ingestion_passwordattempt SET n_failures = 60 WHERE survey_id = $1 AND blocked_until = 'epoch' "
            "AND n_failures > 1",
            survey["id"],
        )
        assert (await other.post(path, json=wrong)).status_code == 403
        slowed = await other.post(path, json=wrong)
        assert (slowed.status_code, int(slowed.headers["retry-after"]) <= 5) == (429, True)


async def test_a_device_submits_once_also_when_two_interviews_are_sent_at_once(
    clients: Clients, alice: Person, survey: dict[str, Any]
) -> None:
    await ruled(clients, alice, survey, one_per="device")
    transport = httpx2.ASGITransport(clients.apps["ingestion"], client=("127.0.0.1", 50002))
    async with httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test", timeout=30) as http:
        path = f"/public/surveys/{survey['uuid']}/sessions"
        first = await http.post(path, json={})
        assert "HttpOnly" in first.headers["set-cookie"]
        tokens = [first.json()["token"], (await http.post(path, json={})).json()["token"]]
        for token in tokens:
            await put(clients, token)
        done = await asyncio.gather(*(submit(clients, token) for token in tokens))
        assert sorted(answer.status_code for answer in done) == [200, 409]
        refused = next(answer for answer in done if answer.status_code == 409)
        assert refused.json()["type"] == "/problems/already-answered"
        assert (await http.post(path, json={})).status_code == 409, "nor is a third one begun"
        page = await http.get(f"/s/{survey['uuid']}")
        assert (page.status_code, "You have already answered" in page.text) == (409, True), (
            "the page knows the device that the JSON door met"
        )
        assert (await begin(clients, survey)).status_code == 201, "another device"
        await ruled(clients, alice, survey, one_per=None)
        assert (await http.post(path, json={})).status_code == 201


async def test_a_form_sent_twice_at_once_is_one_device(
    clients: Clients, browser: Browser, alice: Person, survey: dict[str, Any]
) -> None:
    await ruled(clients, alice, survey, one_per="device")
    await browser.open(f"/s/{survey['uuid']}")
    sent = await asyncio.gather(*(browser.post(browser.form, "next", drink="tea") for _ in range(2)))
    kept = {
        cookie for answer in sent for cookie in answer.headers.get_list("set-cookie") if "device" in cookie
    }
    assert {cookie.partition(";")[0] for cookie in kept} == {next(iter(kept)).partition(";")[0]}
    await browser.open(f"/s/{survey['uuid']}")
    while "<form" in browser.page:
        await browser.send()
    browser.http.cookies.delete("plugzero_interview")
    await browser.open(f"/s/{survey['uuid']}")
    assert "You have already answered" in browser.page


async def test_a_survey_in_the_archive_is_read_only_and_left_out_of_lists(
    clients: Clients, alice: Person, mallory: Person, survey: dict[str, Any]
) -> None:
    http, path = clients.ingestion, f"/api/surveys/{survey['id']}"
    listed = f"/api/projects/{survey['project_id']}/surveys"

    async def act(name: str, person: Person = alice) -> int:
        return (await http.post(f"{path}/{name}", json={}, headers=person.headers)).status_code

    async def ids(**query: str) -> list[int]:
        items = (await http.get(listed, params=query, headers=alice.headers)).json()["items"]
        return [item["id"] for item in items]

    assert await act("archive") == 409, "it takes answers"
    assert await act("close") == 200
    assert (await act("archive", mallory), await act("archive"), await act("archive")) == (404, 200, 200)
    assert (await ids(), await ids(archived="true")) == ([], [survey["id"]])
    for name in ("publish", "reopen", "close", "pause"):
        assert await act(name) == 409
    edited = await http.patch(path, json={"title": "T"}, headers=alice.headers)
    ruled_anew = await ruled(clients, alice, survey, max_responses=1)
    body = {"email": "ada@example.com"}
    asked = await http.post(f"{path}/participants", json=body, headers=alice.headers)
    assert {edited.status_code, ruled_anew.status_code, asked.status_code} == {409}
    assert (await http.get(path, headers=alice.headers)).json()["archived_at"] is not None
    assert (await act("duplicate"), await act("unarchive"), await act("reopen")) == (201, 200, 200)
    assert survey["id"] in await ids()
