"""Loops, carried options, checks, jumps, orders and endings as respondents meet them: on the page and through the JSON door."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from kernel.ids import hash_token
from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser
from tests.ingestion.survey_definitions import begun, options, published, text

Drain = Callable[[], Awaitable[None]]
BRANDS = ("bmw", "vw", "audi", "opel", "seat", "skoda")


def q(code: str, kind: str = "nps", **fields: Any) -> dict[str, Any]:
    return {"code": code, "type": kind, "text": text(f"Text of {code}"), **fields}


def definition(*pages: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    listed = [{"code": f"p{i}", "questions": questions} for i, questions in enumerate(pages)]
    return {"languages": ["en", "de"], "pages": listed, **fields}


async def put(clients: Clients, token: str, **answers: Any) -> httpx2.Response:
    return await clients.ingestion.put(f"/public/sessions/{token}/answers", json={"answers": answers})


def asked(answer: httpx2.Response) -> list[str]:
    step = answer.json()["step"]
    return [question["code"] for question in step["questions"]] if step else []


SCREENER = definition(
    [q("age", "number", then=[{"when": "age < 18", "to": "@screen_out"}])],
    [q("b", required=True)],
    endings=[
        {"code": "screen_out", "outcome": "screened_out", "message": {"en": "Grown-ups only", "de": "Ab 18"}}
    ],
)


async def test_who_is_screened_out_is_at_the_end_and_is_no_row_of_the_dataset(
    *, clients: Clients, drain: Drain, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, SCREENER)
    token = await begun(clients.ingestion, survey, language="de")
    answer = (await put(clients, token, age=12)).json()
    assert (answer["status"], answer["step"]) == ("screened_out", None)
    assert answer["ending"] == {
        "code": "screen_out", "outcome": "screened_out", "message": "Ab 18", "redirect": None,
    }  # fmt: skip
    assert (await put(clients, token, age=30)).status_code == 409
    repeated = await clients.ingestion.post(f"/public/sessions/{token}/submit")
    assert repeated.json() == {"status": "screened_out", "redirect": None}
    other = await begun(clients.ingestion, survey)
    await put(clients, other, age=30, b=5)
    assert (await clients.ingestion.post(f"/public/sessions/{other}/submit")).json()["status"] == "complete"
    await drain()
    dataset = (await clients.ingestion.get(f"/api/surveys/{survey['id']}", headers=alice.headers)).json()[
        "dataset_id"
    ]
    rows = await clients.ingestion.get(f"/api/datasets/{dataset}/rows", headers=alice.headers)
    assert rows.json()["n_rows"] == 1
    told = await owner.fetch(
        "SELECT envelope->'data'->>'status' AS status FROM messaging_outbox "
        "WHERE project_id = $1 AND type = 'response-submitted' ORDER BY id",
        project,
    )
    assert [row["status"] for row in told] == ["SCREENED_OUT", "COMPLETE"]


async def test_the_page_says_goodbye_to_who_is_screened_out(
    clients: Clients,
    browser: Browser,
    alice: Person,
    project: int,
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, SCREENER)
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(age="12")
    assert browser.status == 200
    assert "Thank you for your interest" in browser.page
    assert "Grown-ups only" in browser.page
    await browser.open(f"/s/{survey['uuid']}")
    assert "Grown-ups only" in browser.page, "however often it is opened"


async def test_a_panel_gets_its_respondents_back_with_their_id(
    clients: Clients,
    browser: Browser,
    alice: Person,
    project: int,
) -> None:
    back = "https://panel.example/back?s=1&id={{ pid }}"
    document = definition(
        [{"code": "pid", "type": "hidden"}, q("a")], endings=[{"code": "complete", "redirect": back}]
    )
    survey = await published(clients.ingestion, project, alice.headers, document)
    opened = await browser.open(f"/s/{survey['uuid']}?pid=x%26y%2F1")
    assert "form-action 'self' https://panel.example;" in opened.headers["content-security-policy"]
    await browser.send("submit", a="7")
    done = await browser.open(f"/s/{survey['uuid']}")
    assert (done.status_code, done.headers["location"]) == (
        303,
        "https://panel.example/back?s=1&id=x%26y%2F1",
    )
    token = await begun(clients.ingestion, survey, hidden={"pid": "z"})
    submitted = await clients.ingestion.post(f"/public/sessions/{token}/submit")
    assert submitted.json() == {"status": "complete", "redirect": "https://panel.example/back?s=1&id=z"}


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
async def test_a_doubtful_answer_is_asked_for_once_more(
    clients: Clients,
    browser: Browser,
    alice: Person,
    project: int,
    layout: str,
) -> None:
    checks = [
        {"condition": "age <= 120", "message": text("Nobody is <that> old.")},
        {"condition": "age < 100", "message": text("Really?"), "soft": True},
    ]
    document = definition([q("age", "number", checks=checks)], [q("b")])
    survey = await published(clients.ingestion, project, alice.headers, document, layout_style=layout)
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(age="200")
    assert browser.status == 422
    assert "Nobody is &lt;that&gt; old." in browser.page
    await browser.send(age="104")
    assert (browser.status, "Really?" in browser.page, "Text of age" in browser.page) == (200, True, True)
    assert 'value="104"' in browser.page
    await browser.send(age="104")
    assert "Text of b" in browser.page, "sent again, it is meant so"
    token = await begun(clients.ingestion, survey)
    refused = await put(clients, token, age=200)
    assert refused.json()["errors"] == [{"pointer": "/answers/age", "detail": "Nobody is <that> old."}]
    taken = await put(clients, token, age=104)
    assert taken.json()["warnings"] == [{"pointer": "/answers/age", "detail": "Really?"}]
    assert taken.json()["answers"] == {"age": 104}


def order_on(page: str) -> list[str]:
    return re.findall(r'name="a\.x" value="(\w+)"', page)


async def test_every_respondent_keeps_an_order_of_their_own(
    clients: Clients,
    browser: Browser,
    alice: Person,
    project: int,
) -> None:
    question = q("x", "multiple_choice", options=options(*BRANDS), order="random", min=2)
    survey = await published(clients.ingestion, project, alice.headers, definition([question]))
    await browser.open(f"/s/{survey['uuid']}")
    first = order_on(browser.page)
    assert sorted(first) == sorted(BRANDS)
    await browser.send(x=["vw"])
    assert (browser.status, order_on(browser.page)) == (422, first), "the order of the form that was sent"
    await browser.open(f"/s/{survey['uuid']}")
    assert order_on(browser.page) == first, "and whenever it is opened again"
    orders = set()
    for _ in range(12):
        begin = await clients.ingestion.post(f"/public/surveys/{survey['uuid']}/sessions", json={})
        token, shown = begin.json()["token"], begin.json()["step"]["questions"][0]["options"]
        again = await clients.ingestion.get(f"/public/sessions/{token}")
        assert again.json()["step"]["questions"][0]["options"] == shown
        orders.add(tuple(option["code"] for option in shown))
    assert len(orders) > 6
    stored = await put(clients, token, x=["skoda", "bmw"])
    assert stored.json()["answers"] == {"x": ["bmw", "skoda"]}, "stored in the order of the definition"


BRAND_STUDY = {
    "languages": ["en"],
    "pages": [
        {"code": "p0", "questions": [q("name", "short_text"), q("known", "multiple_choice", options=[
            *options("bmw", "vw"), {"code": "x", "text": text("Other"), "other": True}])]},
        {"code": "p1", "loop": {"over": "known"}, "questions": [
            q("why", "long_text") | {"text": text("{{ name | Friend }}, why {{ loop }}?")}]},
        {"code": "p2", "questions": [q("best", "single_choice", carry=[{"question": "known"}], options=options("none"))]},
    ],
}  # fmt: skip


async def test_a_study_of_brands_through_both_doors_stores_the_same(
    *,
    clients: Clients,
    browser: Browser,
    drain: Drain,
    alice: Person,
    project: int,
    owner: asyncpg.Connection,
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, BRAND_STUDY)
    await browser.open(f"/s/{survey['uuid']}")
    assert "a.known_x" not in browser.page
    await browser.send(name="<i>Ada", known=["vw", "x"])
    assert 'name="a.known_x"' in browser.page, "opened by the answer, on the same page"
    await browser.send(name="<i>Ada", known=["vw", "x"], known_x="Lada")
    assert "&lt;i&gt;Ada, why Vw?" in browser.page
    await browser.send(why_vw="price")
    assert "&lt;i&gt;Ada, why Other?" in browser.page
    await browser.send(why_x="style")
    assert re.findall(r'name="a\.best" value="(\w+)"', browser.page) == ["vw", "x", "none"]
    await browser.send("submit", best="x")
    assert "Thank you" in browser.page

    token = await begun(clients.ingestion, survey)
    assert asked(await put(clients, token, name="<i>Ada", known=["x", "vw"])) == ["name", "known", "known_x"]
    step = await put(clients, token, known_x="Lada")
    assert (asked(step), step.json()["step"]["questions"][0]["text"]) == (["why_vw"], "<i>Ada, why Vw?")
    await put(clients, token, why_vw="price")
    last = await put(clients, token, why_x="style")
    assert [option["code"] for option in last.json()["step"]["questions"][0]["options"]] == [
        "vw",
        "x",
        "none",
    ]
    refused = await put(clients, token, best="bmw")
    assert refused.status_code == 422
    await put(clients, token, best="x")
    assert (await clients.ingestion.post(f"/public/sessions/{token}/submit")).status_code == 200

    stored = await owner.fetch(
        "SELECT answers::text, not_asked::text FROM data_ingestion_surveyresponse WHERE project_id = $1",
        project,
    )
    assert len({tuple(row) for row in stored}) == 1, "equal bytes through both doors"
    await drain()
    dataset = (await clients.ingestion.get(f"/api/surveys/{survey['id']}", headers=alice.headers)).json()[
        "dataset_id"
    ]
    found = (await clients.ingestion.get(f"/api/datasets/{dataset}", headers=alice.headers)).json()
    labels = {entry["alias"]: entry["label"] for entry in found["variables"]}
    assert labels["known_x"] == "Text of known: Other"
    assert {"why_bmw", "why_vw", "why_x", "best"} <= labels.keys()
    rows = (await clients.ingestion.get(f"/api/datasets/{dataset}/rows", headers=alice.headers)).json()
    by_alias = dict(zip((column["alias"] for column in rows["columns"]), rows["rows"][0], strict=True))
    assert (by_alias["known"], by_alias["known_x"], by_alias["best"]) == (["vw", "x"], "Lada", "x")
    assert (by_alias["why_vw"], by_alias["why_bmw"]) == ("price", None)


async def test_doubts_are_flagged_counted_and_a_variable(
    *, clients: Clients, browser: Browser, drain: Drain, alice: Person, project: int
) -> None:
    rows = [{"code": f"r{n}", "text": text(f"Statement number {n} of the grid")} for n in range(6)]
    grid = q("grid", "matrix_single", rows=rows, columns=options("yes", "no"))
    survey = await published(
        clients.ingestion, project, alice.headers, definition([grid, q("why", "long_text")])
    )
    await browser.open(f"/s/{survey['uuid']}")
    assert 'name="website"' in browser.page
    form = browser.form
    form.filled["website"] = ["http://spam.example"]
    answers = {f"grid__r{n}": "yes" for n in range(6)}
    sent = await browser.post(form, "submit", why="asdfasdf", **answers)
    assert sent.status_code == 303
    token = await begun(clients.ingestion, survey)
    await put(clients, token, grid={f"r{n}": "yes" if n else "no" for n in range(6)}, why="A good reason")
    await clients.ingestion.post(f"/public/sessions/{token}/submit")
    found = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/responses", headers=alice.headers)
    ).json()
    by_flags = sorted((sorted(flag["kind"] for flag in item["flags"]) for item in found["items"]), key=len)
    assert by_flags == [
        ["duplicate", "speeding"], ["gibberish", "honeypot", "speeding", "straight_lining"],
    ]  # fmt: skip
    results = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=alice.headers)
    ).json()
    assert results["flagged"] == {
        "duplicate": 1, "gibberish": 1, "honeypot": 1, "speeding": 2, "straight_lining": 1,
    }  # fmt: skip
    await drain()
    dataset = (await clients.ingestion.get(f"/api/surveys/{survey['id']}", headers=alice.headers)).json()[
        "dataset_id"
    ]
    url = f"/api/datasets/{dataset}/rows?variables=quality_flags&variables=active_s"
    table = (await clients.ingestion.get(url, headers=alice.headers)).json()
    assert [row[0] for row in table["rows"]] == [
        ["speeding", "straight_lining", "gibberish", "honeypot"], ["speeding", "duplicate"],
    ]  # fmt: skip
    assert all(row[1] < 30 for row in table["rows"])


async def test_results_say_where_people_are_slow_and_where_they_leave(
    clients: Clients, browser: Browser, alice: Person, project: int, owner: asyncpg.Connection
) -> None:
    survey = await published(
        clients.ingestion, project, alice.headers, definition([q("a")], [q("b")], [q("c")])
    )
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(a="7")
    for n_pages in (1, 2, 3):
        token = await begun(clients.ingestion, survey)
        slow = "UPDATE data_ingestion_surveyresponse SET updated_at = now() - interval '20 s' WHERE token_hash = $1"
        await owner.execute(slow, hash_token(token))
        for code in "abc"[:n_pages]:
            await put(clients, token, **{code: 5})
    await clients.ingestion.post(f"/public/sessions/{token}/submit")
    found = (
        await clients.ingestion.get(f"/api/surveys/{survey['id']}/results", headers=alice.headers)
    ).json()
    assert [(page["code"], page["sent"], page["standing"]) for page in found["pages"]] == [
        ("p0", 4, 0), ("p1", 2, 2), ("p2", 1, 1),
    ]  # fmt: skip
    first, *others = (page["median_seconds"] for page in found["pages"])
    assert 20 <= first < 40
    assert all(seconds < 20 for seconds in others)


async def test_a_panel_can_tell_our_address_from_one_that_was_made_up(
    *, clients: Clients, browser: Browser, alice: Person, mallory: Person, project: int
) -> None:
    ending = {"code": "complete", "redirect": "https://panel.example/back?id={{ pid }}#end", "signed": True}
    document = definition([{"code": "pid", "type": "hidden"}, q("a")], endings=[ending])
    survey = await published(clients.ingestion, project, alice.headers, document)
    await browser.open(f"/s/{survey['uuid']}?pid=7")
    await browser.send("submit", a="7")
    address = (await browser.open(f"/s/{survey['uuid']}")).headers["location"]
    path = f"/api/surveys/{survey['id']}/redirect-key"
    key = (await clients.ingestion.get(path, headers=alice.headers)).json()["key"]
    plain = "https://panel.example/back?id=7"
    signature = hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest()
    assert address == f"{plain}&sig={signature}#end"
    assert (await clients.ingestion.get(path, headers=mallory.headers)).status_code == 404
    other = await published(clients.ingestion, project, alice.headers, document)
    path = f"/api/surveys/{other['id']}/redirect-key"
    assert (await clients.ingestion.get(path, headers=alice.headers)).json()["key"] != key
