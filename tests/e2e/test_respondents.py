"""A respondent in a real Chromium: by keyboard alone, without JavaScript, and with pages that turn without loading anew."""

from typing import Any

import pytest

from deploy.browser.chromium import Chromium, Page
from deploy.browser.respondent import TURNED, fill, leave, press_button
from deploy.demo.walk import Walk
from tests.e2e.surveying import DRINKS, LAYOUTS, faults_of, number_of, publish

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


ANSWERS: dict[str, str | list[str]] = {
    "drink": "coffee",
    "cups": "3",
    "with": ["milk"],
    "nps": "9",
    "why": "Good tea",
}
FOCUS = """(() => {
  const at = document.activeElement, seen = at.closest('.pick') ?? at;
  const edges = [at, seen].map(node => getComputedStyle(node)).filter(style => style.outlineStyle !== 'none');
  return [at.name === 'action' ? at.value : at.name ?? '', at.value ?? '', edges.length > 0];
})()"""


def focused(page: Page) -> tuple[str, str]:
    """(name, value) of what has the focus, which has to be seen."""
    name, value, is_seen = page.run(FOCUS)
    assert is_seen, f"the focus on {name} is not seen"
    return name, value


def tab_to(page: Page, name: str) -> list[str]:
    """Press Tab until a field or button has the focus, and return what had it on the way."""
    passed: list[str] = []
    while not passed or passed[-1] != name:
        page.press("Tab")
        passed.append(focused(page)[0])
        assert len(passed) < 20, passed
    return passed


def press(page: Page, key: str) -> None:
    """Press a key that sends the form, and wait for the next page."""
    leave(page)
    page.press(key)
    page.until(TURNED)


def interviews(walk: Walk, address: str) -> list[dict[str, Any]]:
    """(status, answers) as the researcher sees them."""
    found = walk.client.call("GET", f"/api/surveys/{number_of(walk, address)}/responses")["items"]
    return [{"status": each["status"], **each["answers"]} for each in found]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_survey_is_completed_by_keyboard_alone(walk: Walk, page: Page, layout: str) -> None:
    address = publish(walk, DRINKS, layout)
    page.goto(address)
    fields = ["a.drink", "a.with", "a.with", "next"] if layout == "CLASSIC" else ["a.drink", "next"]
    assert tab_to(page, fields[-1]) == fields
    press(page, "Enter")
    assert focused(page) == ("a.drink", "tea")  # what lacks an answer has the focus
    page.press("ArrowDown")
    assert focused(page) == ("a.drink", "coffee")
    press(page, "Enter")
    assert tab_to(page, "a.cups") == ["a.cups"]  # the focus is at the question that the answer opened
    page.write("3")
    press(page, "Enter")
    if layout == "FOCUS":
        tab_to(page, "a.with")
        page.press(" ")
        press(page, "Enter")
    tab_to(page, "a.nps")
    page.press("ArrowLeft")
    page.press("ArrowLeft")
    assert focused(page) == ("a.nps", "9")
    if layout == "FOCUS":
        press(page, "Enter")
    tab_to(page, "a.why")
    page.write("Good tea")
    tab_to(page, "submit")
    press(page, " ")
    assert page.run("document.activeElement.textContent") == "Thank you!"
    answers = {"drink": "coffee", "cups": 3, "nps": 9, "why": "Good tea"}
    answers |= {"with": ["milk"]} if layout == "FOCUS" else {}
    assert interviews(walk, address) == [{"status": "complete", **answers}]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_survey_is_completed_without_scripts(walk: Walk, page: Page, layout: str) -> None:
    address = publish(walk, DRINKS, layout)
    page.without_scripts()
    page.goto(address)
    with page.loading():
        page.run("document.querySelector('button.primary').click()")
    page.until("document.activeElement !== document.body")
    assert focused(page) == ("a.drink", "tea")  # what lacks an answer has the focus here, too
    for _ in range(8):
        if not page.run("!!document.querySelector('form')"):
            break
        fill(page, ANSWERS)
        with page.loading():
            page.run("document.querySelector('button.primary').click()")
    assert "Thank you!" in page.run("document.body.innerText")
    told = {"drink": "coffee", "cups": 3, "with": ["milk"], "nps": 9, "why": "Good tea"}
    assert interviews(walk, address) == [{"status": "complete", **told}]


def test_pages_turn_without_loading_and_the_focus_is_where_they_begin(walk: Walk, page: Page) -> None:
    page.goto(publish(walk, DRINKS, "CLASSIC"))
    page.run("window.mark = 1")
    press_button(page)
    page.run("document.activeElement.blur(); document.querySelector('[role=alert] a').click()")
    assert page.run("[document.activeElement.name, location.hash]") == ["a.drink", ""]
    fill(page, {"drink": "tea"})
    press_button(page)
    assert page.run(
        "[document.activeElement.textContent, document.querySelector('[role=status]').textContent]"
    ) == ["Praise", "1 of 2"]
    assert page.run("[window.mark, scrollY]") == [1, 0]
    press_button(page, "button[value=back]")
    assert page.run("[window.mark, document.querySelector(':checked').value]") == [1, "tea"]


def test_the_browsers_own_back_shows_the_page_as_it_was_left(walk: Walk, page: Page) -> None:
    address = publish(walk, DRINKS, "CLASSIC")
    page.goto(address)
    fill(page, {"drink": "tea"})
    press_button(page)
    fill(page, {"why": "half a word"})
    for way, what in (("back", "Drinks"), ("forward", "Praise"), ("back", "Drinks")):
        page.run(f"history.{way}()")
        page.until(f"document.querySelector('.page-title').textContent === '{what}'")
    assert page.run("document.querySelector(':checked').value") == "tea"
    fill(page, {"drink": "water"})
    press_button(page)
    fill(page, {"nps": "7"})
    press_button(page)
    page.run("history.back()")  # behind the end there is no way back to the answers
    page.until(
        "document.readyState === 'complete' && document.querySelector('h1').textContent === 'Thank you!'"
    )
    assert interviews(walk, address) == [{"status": "complete", "drink": "water", "nps": 7}]


def test_a_button_that_is_pressed_twice_sends_once(walk: Walk, page: Page) -> None:
    page.goto(publish(walk, DRINKS, "CLASSIC"))
    page.run(
        "{ const send = fetch; window.n = 0; window.fetch = (...all) => { n += 1; return send(...all); }; }"
    )
    fill(page, {"drink": "tea"})
    page.run("document.querySelector('button.primary').click()")
    press_button(page)
    assert page.run("[n, document.querySelector('.page-title').textContent]") == [1, "Praise"]


def test_without_a_connection_the_page_says_so_and_keeps_what_was_entered(walk: Walk, page: Page) -> None:
    page.goto(publish(walk, DRINKS, "CLASSIC"))
    fill(page, {"drink": "tea"})
    page.connected(is_connected=False)
    page.run("document.querySelector('button.primary').click()")
    page.until("document.querySelector('[role=alert]')")
    said = page.run("document.querySelector('[role=alert]').textContent")
    assert said.startswith("Your answers could not be sent. They are still here")
    assert faults_of(page) == []
    page.connected(is_connected=True)
    press_button(page)
    assert page.run("document.querySelector('.page-title').textContent") == "Praise"


def test_a_refusal_of_the_gateway_is_told_beside_what_was_entered(walk: Walk, page: Page) -> None:
    page.goto(publish(walk, DRINKS, "CLASSIC"))
    fill(page, {"drink": "tea"})
    page.run(
        "{ const ask = fetch; window.fetch = (_, how) => ask('/problems/gateway/429', {headers: how.headers}); }"
    )
    page.run("document.querySelector('button.primary').click()")
    page.until("document.querySelector('[role=alert]')")
    said = page.run("document.querySelector('[role=alert]').textContent")
    assert said == "Too many requests Please wait a moment, then go back and try again."
    assert page.run("document.querySelector(':checked').value") == "tea"


def test_an_ending_elsewhere_is_reached_with_and_without_scripts(walk: Walk, chromium: Chromium) -> None:
    question = {"code": "q", "type": "short_text", "text": {"en": "Who?"}}
    # Another host name is another origin, where a script may not follow.
    elsewhere = walk.client.base_url.replace("127.0.0.1", "localhost") + "/problems/not-found?who={{ q }}"
    definition = {
        "pages": [{"code": "p", "questions": [question]}],
        "endings": [{"code": "complete", "redirect": elsewhere}],
    }
    address = publish(walk, definition, "CLASSIC")
    for with_scripts in (True, False):
        page = chromium.open_page()
        if not with_scripts:
            page.without_scripts()
        page.goto(address)
        fill(page, {"q": "ä b"})
        with page.loading():
            page.run("document.querySelector('button.primary').click()")
        assert page.run("location.host + location.search").endswith("?who=%C3%A4%20b")
        assert page.run("location.hostname") == "localhost"
        page.close()


PAD = "(() => { const box = document.querySelector('.pad svg').getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; })()"


def test_a_signature_is_drawn_with_a_pointer_or_typed_without(walk: Walk, page: Page) -> None:
    questions = [{"code": "sign", "type": "signature", "required": True, "text": {"en": "Please sign."}}]
    address = publish(walk, {"pages": [{"code": "p", "questions": questions}]}, "FOCUS")
    page.goto(address)
    page.run("document.querySelector('.pad').scrollIntoView()")
    left, top, width, height = page.run(PAD)
    middle = (left + width / 2, top + height / 2)
    page.drag((left + width / 4, top + height / 4), middle, (left - 50, middle[1]))
    drawn = page.run("document.querySelector('.pad input').value")
    assert drawn == "M150 50L150 50L300 100L0 100"
    assert page.run("document.querySelector('.pad path').getAttribute('d')") == drawn
    page.run("document.querySelector('.part input').focus()")
    page.write("Jo")
    assert page.run("document.querySelector('.pad input').value") == ""
    page.drag(middle)
    assert page.run("document.querySelector('.part input').value") == ""
    page.run("document.querySelector('.pad button').click()")
    assert page.run("document.querySelector('.pad input').value") == ""
    page.drag(middle)
    press_button(page)
    assert interviews(walk, address) == [{"status": "complete", "sign": {"drawn": "M300 100L300 100"}}]
    assert page.complaints == []
