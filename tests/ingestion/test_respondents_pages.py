"""The respondent's page: HTML and forms only, as a browser without JavaScript uses it."""

import asyncio
import re
import uuid
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.conftest import Clients, Person
from tests.ingestion.browsing import Browser, Form, Reader
from tests.ingestion.survey_definitions import DRINKS, options, published, text

PAGE_BYTES = 60 * 1024


async def listed(clients: Clients, survey: dict[str, Any], person: Person) -> list[dict[str, Any]]:
    """The interviews as the researcher sees them."""
    url = f"/api/surveys/{survey['id']}/responses"
    return list((await clients.ingestion.get(url, headers=person.headers)).json()["items"])


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
async def test_a_survey_is_completed_without_javascript(
    clients: Clients, project: int, alice: Person, browser: Browser, layout: str
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, layout_style=layout)
    await browser.open(f"/s/{survey['uuid']}")
    answers = {"drink": "coffee", "cups": "3", "why": "It is <i>hot</i>"}
    for _ in range(4):
        if "<form" not in browser.page:
            break
        shown = {name.removeprefix("a.") for name in browser.form.names}
        await browser.send(**{code: answer for code, answer in answers.items() if code in shown})
    assert "Thank you!" in browser.page
    rows = await listed(clients, survey, alice)
    assert [(row["status"], row["answers"]) for row in rows] == [
        ("complete", {"drink": "coffee", "cups": 3, "why": "It is <i>hot</i>"})
    ]


async def test_a_get_never_creates_an_interview(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    for _ in range(3):
        answer = await browser.open(f"/s/{survey['uuid']}")
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert await listed(clients, survey, alice) == []


async def test_the_session_travels_in_a_cookie_that_only_this_page_receives(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await browser.open(f"/s/{survey['uuid']}")
    sent = await browser.send(drink="coffee")
    cookie = sent.headers["set-cookie"]
    assert f"Path=/s/{survey['uuid']}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert token not in browser.page


async def test_the_first_form_sent_twice_at_once_is_one_interview(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await browser.open(f"/s/{survey['uuid']}")
    form = browser.form
    fresh = [httpx2.ASGITransport(clients.apps["ingestion"]) for _ in range(4)]
    async with asyncio.TaskGroup() as group:
        for transport in fresh:
            http = httpx2.AsyncClient(transport=transport, base_url="http://plugzero.test", timeout=30)
            group.create_task(Browser(http).post(form, "submit", drink="tea"))
    rows = await listed(clients, survey, alice)
    assert [row["status"] for row in rows] == ["complete"]


async def test_an_answer_that_opens_a_question_on_the_page_leads_to_it(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await browser.open(f"/s/{survey['uuid']}")
    assert "a.cups" not in browser.form.names
    answer = await browser.send(drink="coffee", why="warm")
    assert answer.headers["location"] == f"/s/{survey['uuid']}#q-cups"
    assert "a.cups" in browser.form.names
    assert browser.form.filled["a.why"] == ["warm"]
    assert browser.form.filled["a.drink"] == ["coffee"]


async def test_what_is_wrong_is_summarised_with_focus_and_links_and_typed_values_stay(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    definition = {
        "pages": [
            {
                "code": "p",
                "questions": [
                    {
                        "code": "a",
                        "type": "single_choice",
                        "required": True,
                        "text": text("A?"),
                        "options": options("x", "y"),
                    },
                    {"code": "n", "type": "number", "max": 5, "text": text("N?"), "help": text("A number")},
                ],
            }
        ]
    }
    survey = await published(clients.ingestion, project, alice.headers, definition)
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(n="many")
    assert browser.status == 422
    assert 'role="alert"' in browser.page
    assert "autofocus" in browser.page
    assert "This question needs an answer." in browser.page
    assert "Please enter a number." in browser.page
    assert browser.form.filled["a.n"] == ["many"]
    page = Reader(browser.page)
    assert {"i-a", "i-n", "e-n", "h-n"} <= page.points_to
    assert page.points_to <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert re.search(r'id="i-n"[^>]*aria-invalid="true"', browser.page)
    assert "<title>Please check your answers" in browser.page
    await browser.send(a="x", n="5")
    assert "Thank you!" in browser.page


async def test_going_back_shows_what_was_answered(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, layout_style="FOCUS")
    await browser.open(f"/s/{survey['uuid']}")
    assert browser.form.buttons == ["next", "save"]
    await browser.send(drink="coffee")
    assert browser.form.buttons == ["next", "back", "save"]
    await browser.send("back", cups="2")
    assert browser.form.filled["a.drink"] == ["coffee"]
    await browser.send(drink="tea")
    assert browser.form.names == {"a.why"}
    await browser.send(why="x")
    assert (await listed(clients, survey, alice))[0]["not_asked"] == ["cups"]


async def test_an_interview_goes_on_where_it_was_left(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers, layout_style="FOCUS")
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(drink="tea")
    await browser.open(f"/s/{survey['uuid']}")
    assert browser.form.names == {"a.why"}
    older = Form(f"/s/{survey['uuid']}", {**browser.form.hidden, "at": "0", "shown": "drink"})
    answer = await browser.post(older, "next", drink="coffee")
    assert answer.status_code == 303
    await browser.open(f"/s/{survey['uuid']}")
    assert browser.form.names == {"a.cups"}


async def test_behind_the_last_question_the_answers_are_reviewed(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    questions = [
        {"code": "a", "type": "nps", "text": text("A?")},
        {"code": "b", "type": "nps", "text": text("B?"), "show_if": "a > 8"},
    ]
    survey = await published(
        clients.ingestion,
        project,
        alice.headers,
        {"pages": [{"code": "p", "questions": questions}]},
        layout_style="FOCUS",
    )
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send()
    assert "That was the last question" in browser.page
    assert "<li>A?</li>" in browser.page
    assert (await listed(clients, survey, alice))[0]["status"] == "in_progress"
    await browser.send()
    assert "Thank you!" in browser.page


async def test_a_finished_interview_stays_finished_whatever_is_sent(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await browser.open(f"/s/{survey['uuid']}")
    form = browser.form
    await browser.send(drink="tea")
    assert (await browser.post(form, "submit", drink="coffee")).status_code == 303
    await browser.open(f"/s/{survey['uuid']}")
    assert "Thank you!" in browser.page
    rows = await listed(clients, survey, alice)
    assert [(row["status"], row["answers"]) for row in rows] == [("complete", {"drink": "tea"})]


EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"


async def test_every_text_is_escaped_wherever_it_comes_from(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    definition = {
        "languages": ["en"],
        "title": text(EVIL),
        "welcome": text(EVIL),
        "pages": [
            {
                "code": "p",
                "title": text(EVIL),
                "questions": [
                    {"code": "a", "type": "single_choice", "required": True, "text": text(EVIL), "help": text(EVIL),
                     "options": [{"code": "x", "text": text(EVIL)}]},
                    {"code": "b", "type": "short_text", "text": text(EVIL), "placeholder": text(EVIL)},
                ],
            }
        ],
    }  # fmt: skip
    theme = {"buttons": {"next": text(EVIL), "submit": text(EVIL)}}
    survey = await published(
        clients.ingestion, project, alice.headers, definition, title=EVIL, theme_config=theme
    )
    await browser.open(f"/s/{survey['uuid']}?x=%22%3E%3Cscript%3E&lang=%3Cscript%3E")
    pages = [browser.page]
    await browser.send(b=EVIL)
    pages.append(browser.page)
    for page in pages:
        assert Reader(page).tags.count("script") == 1  # our own file
        assert "<script>" not in page
        assert "<img" not in page
        assert "49" not in re.sub(r'value="[^"]*"|v=[0-9a-f]+|/s/[0-9a-f-]+', "", page)


async def test_nothing_on_a_page_is_inline_and_every_page_is_light(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    theme = {"colors": {"primary": "#7a1fa2"}, "logo": "https://cdn.example/logo.png"}
    survey = await published(clients.ingestion, project, alice.headers, theme_config=theme)
    answer = await browser.open(f"/s/{survey['uuid']}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "img-src 'self' https://cdn.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self';" in policy
    assert not re.search(r"<style|<script>|style=|\son\w+=", browser.page)
    files = re.findall(r'(?:<link rel="stylesheet" href|<script src)="([^"]+)"', browser.page)
    loaded = [await browser.http.get(file) for file in files]
    kinds = [file.headers["content-type"].partition(";")[0] for file in loaded]
    assert kinds == ["text/css", "text/css", "text/javascript"]
    assert all("immutable" in file.headers["cache-control"] for file in loaded)
    assert "immutable" not in (await browser.http.get("/s/static/survey.js?v=old")).headers["cache-control"]
    assert "--primary: #7a1fa2" in loaded[1].text
    assert len(answer.content) + sum(len(file.content) for file in loaded) < PAGE_BYTES


async def test_a_form_from_elsewhere_or_without_our_token_is_refused_readably(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    other = await published(clients.ingestion, project, alice.headers)
    await browser.open(f"/s/{other['uuid']}")
    foreign_token = browser.form.hidden["form"]
    await browser.open(f"/s/{survey['uuid']}")
    form = browser.form
    data = {**form.hidden, "action": "submit", "a.drink": "tea"}
    attempts = [
        ({**data, "form": "A" * 60}, {}),
        ({**data, "form": ""}, {}),
        ({**data, "form": "ünï"}, {}),
        ({**data, "form": foreign_token}, {}),
        (data, {"Origin": "https://evil.example"}),
        (data, {"Origin": "null"}),
        (data, {"Sec-Fetch-Site": "cross-site"}),
    ]
    for fields, headers in attempts:
        answer = await browser.http.post(form.action, data=fields, headers=headers)
        assert (answer.status_code, "open the survey again" in answer.text) == (403, True)
    assert await listed(clients, survey, alice) == []


async def test_forms_that_no_page_of_ours_makes_are_refused_readably(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    await browser.open(f"/s/{survey['uuid']}")
    hidden = browser.form.hidden
    url = f"/s/{survey['uuid']}"
    for changes in ({"at": "-1"}, {"at": "x"}, {"at": "9" * 30}, {"at": "²"}, {"action": "explode"}):
        answer = await browser.http.post(url, data={**hidden, "action": "next", **changes})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (422, "text/html")
    assert (await browser.http.post(url, json={})).status_code == 415
    many = "&".join(f"f{n}=1" for n in range(6000))
    answer = await browser.http.post(
        url, content=many, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 400
    far = await browser.http.post(url, data={**hidden, "at": "99999", "action": "next"})
    assert far.status_code in {303, 422}


async def test_closed_paused_and_unknown_surveys_have_readable_pages_with_the_right_status(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    url = f"/s/{survey['uuid']}"
    await browser.open(url)
    form = browser.form
    for act, status, words in (("pause", 503, "taking a break"), ("close", 410, "is closed")):
        await clients.ingestion.post(f"/api/surveys/{survey['id']}/{act}", headers=alice.headers)
        shown = await browser.open(url)
        assert (shown.status_code, words in browser.page) == (status, True)
        sent = await browser.post(form, "submit", drink="tea")
        assert (sent.status_code, words in sent.text) == (status, True)
    for unknown in (f"/s/{uuid.uuid4()}", "/s/not-a-uuid", "/s/%00"):
        shown = await browser.open(unknown)
        assert (shown.status_code, "no survey here" in browser.page) == (404, True)
    german = await browser.open(url, **{"Accept-Language": "de"})
    assert "is closed" in german.text  # the survey speaks English only
    lost = await browser.open(f"/s/{uuid.uuid4()}", **{"Accept-Language": "de"})
    assert "Hier gibt es keine Umfrage" in lost.text


async def test_the_page_speaks_the_respondents_language_and_direction(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    definition = {
        "languages": ["en", "de", "ar"],
        "pages": [
            {
                "code": "p",
                "questions": [
                    {"code": "a", "type": "nps", "text": {"en": "How?", "de": "Wie?", "ar": "كيف؟"}}
                ],
            }
        ],
    }
    survey = await published(clients.ingestion, project, alice.headers, definition)
    await browser.open(f"/s/{survey['uuid']}", **{"Accept-Language": "de-DE"})
    assert '<html lang="de" dir="ltr">' in browser.page
    assert "Wie?" in browser.page
    assert "Antworten absenden" in browser.page
    await browser.open(f"/s/{survey['uuid']}?lang=ar")
    assert '<html lang="ar" dir="rtl">' in browser.page
    await browser.send(a="9")
    assert (await listed(clients, survey, alice))[0]["language"] == "ar"


async def test_hidden_fields_are_read_from_the_link(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    questions = [{"code": "src", "type": "hidden"}, {"code": "a", "type": "nps", "text": text("A?")}]
    survey = await published(
        clients.ingestion, project, alice.headers, {"pages": [{"code": "p", "questions": questions}]}
    )
    await browser.open(f"/s/{survey['uuid']}?src=panel-7")
    await browser.send(a="3", src="forged")
    assert (await listed(clients, survey, alice))[0]["answers"] == {"src": "panel-7", "a": 3}


async def test_every_type_of_question_can_be_answered_on_the_page(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    rows = [{"code": "r1", "text": text("One")}, {"code": "r2", "text": text("Two")}]
    cases: list[tuple[str, dict[str, Any], dict[str, str | list[str]], Any]] = [
        ("single_choice", {"options": options("x", "y"), "display": "dropdown"}, {"": "y"}, "y"),
        ("multiple_choice", {"options": options("x", "y", "z")}, {"": ["z", "x"]}, ["x", "z"]),
        ("short_text", {}, {"": " Zoë "}, "Zoë"),
        ("long_text", {}, {"": "a\r\nb"}, "a\nb"),
        ("number", {"unit": text("cups")}, {"": "2,5"}, 2.5),
        ("slider", {"max": 10}, {"": "7"}, 7),
        ("constant_sum", {"options": options("x", "y")}, {".x": "60", ".y": "40"}, {"x": 60, "y": 40}),
        ("date", {}, {"": "2024-02-29"}, "2024-02-29"),
        ("time", {}, {"": "08:30"}, "08:30"),
        ("email", {}, {"": "ada@example.org"}, "ada@example.org"),
        ("phone", {}, {"": "+49 30 123456"}, "+4930123456"),
        ("url", {}, {"": "https://example.org"}, "https://example.org"),
        ("rating", {}, {"": "4"}, 4),
        ("likert", {"options": options("no", "yes")}, {"": "yes"}, "yes"),
        ("nps", {}, {"": "0"}, 0),
        ("csat", {}, {"": "5"}, 5),
        ("ces", {}, {"": "7"}, 7),
        (
            "matrix_single",
            {"rows": rows, "columns": options("x", "y")},
            {".r1": "x", ".r2": "y"},
            {"r1": "x", "r2": "y"},
        ),
        (
            "matrix_multiple",
            {"rows": rows, "columns": options("x", "y")},
            {".r1": ["y", "x"]},
            {"r1": ["x", "y"]},
        ),
        ("matrix_number", {"rows": rows}, {".r2": "3"}, {"r2": 3}),
        ("matrix_text", {"rows": rows}, {".r1": "hm"}, {"r1": "hm"}),
        ("ranking", {"options": options("x", "y")}, {".x": "2", ".y": "1"}, ["y", "x"]),
        ("consent", {}, {"": "yes"}, True),
        ("address", {}, {".city": "Bonn", ".line1": "Am Hof 1"}, {"line1": "Am Hof 1", "city": "Bonn"}),
    ]
    questions = [{"code": kind, "type": kind, "text": text(kind), **fields} for kind, fields, _, _ in cases]
    questions.append({"code": "statement", "type": "statement", "text": text("Read this")})
    questions.append({"code": "twice", "type": "computed", "expression": "nps + rating * 2"})
    survey = await published(
        clients.ingestion, project, alice.headers, {"pages": [{"code": "p", "questions": questions}]}
    )
    await browser.open(f"/s/{survey['uuid']}")
    page = Reader(browser.page)
    assert page.points_to <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    sent = {
        f"{kind}{part.replace('.', '__')}": value
        for kind, _, parts, _ in cases
        for part, value in parts.items()
    }
    assert {f"a.{name.replace('__', '.')}" for name in sent} <= browser.form.names
    await browser.send(None, **sent)
    assert "Thank you!" in browser.page, browser.page
    wanted = {kind: answer for kind, _, _, answer in cases} | {"twice": 8}
    assert (await listed(clients, survey, alice))[0]["answers"] == wanted


async def test_the_page_shows_nothing_of_a_draft(
    clients: Clients, project: int, alice: Person, browser: Browser
) -> None:
    made = await clients.ingestion.post(
        f"/api/projects/{project}/surveys",
        json={"title": "Secret", "definition": DRINKS},
        headers=alice.headers,
    )
    await browser.open(f"/s/{made.json()['uuid']}")
    assert (browser.status, "Secret" in browser.page) == (404, False)


async def test_a_forged_cookie_begins_a_new_interview_of_its_own(
    clients: Clients, project: int, alice: Person, browser: Browser, owner: asyncpg.Connection
) -> None:
    survey = await published(clients.ingestion, project, alice.headers)
    browser.http.cookies.set("plugzero_interview", "forged", path=f"/s/{survey['uuid']}")
    await browser.open(f"/s/{survey['uuid']}")
    await browser.send(drink="tea")
    assert "Thank you!" in browser.page
    assert len(await listed(clients, survey, alice)) == 1
