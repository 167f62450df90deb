"""Respondents' pages are accessible: axe (WCAG 2.2 A and AA, best practice) finds nothing in a real Chromium."""

import uuid

import pytest

from deploy.browser.chromium import Page
from deploy.browser.respondent import fill, press_button
from deploy.browser.specimen import THEMES
from deploy.demo.walk import Walk
from tests.e2e.surveying import DESKTOP, DRINKS, PHONE, faults_of, number_of, publish, published

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
SIZES = {"phone": PHONE, "desktop": DESKTOP}


@pytest.fixture(scope="module")
def addresses(walk: Walk) -> dict[tuple[str, str], str]:
    return published(walk)


# Elements whose content sticks out of them, or of the window; not what is there for screen readers and programs only.
CUT_OFF = """[...document.querySelectorAll('body *')]
  .filter(node => !node.closest('.unseen, .trap, .progress, option') && node.clientWidth > 0)
  .filter(node => node.scrollWidth > node.clientWidth + 1 || node.getBoundingClientRect().right > innerWidth + 1)
  .map(node => `${innerWidth}: ${node.outerHTML.slice(0, 120)}`)"""
# Without colours of our own, what is chosen needs an outline or the browser's own box.
UNSEEN_CHOICES = """[...document.querySelectorAll('.pick :checked')].filter(box => !(
  getComputedStyle(box.closest('.pick')).outlineStyle === 'solid' && getComputedStyle(box).opacity === '1')).map(box => box.outerHTML)"""


def look(page: Page, size: str) -> list[str]:
    """What is wrong with the present page in a size."""
    page.size(*SIZES[size], phone=size == "phone")
    return [f"{size}: {fault}" for fault in faults_of(page)]


@pytest.mark.parametrize(("theme", "language"), [("default", "ar"), ("dark", "en"), ("brand", "ar")])
def test_pages_with_every_type_of_question_are_accessible_in_every_look(
    addresses: dict[tuple[str, str], str], page: Page, theme: str, language: str
) -> None:
    page.goto(f"{addresses['CLASSIC', theme]}?lang={language}")
    found, n_pages = [], 0
    while page.run("!!document.querySelector('form')"):
        found += look(page, "desktop") + look(page, "phone")
        press_button(page)
        assert page.run("document.querySelectorAll('[role=alert] li').length") == 1
        found += look(page, "phone")
        fill(page)
        press_button(page)
        n_pages += 1
    found += look(page, "phone") + look(page, "desktop")
    assert (found, n_pages) == ([], 4)


def test_one_question_at_a_time_is_accessible_with_every_type(
    addresses: dict[tuple[str, str], str], page: Page
) -> None:
    page.goto(addresses["FOCUS", "default"] + "?lang=ar")
    found, n_questions = [], 0
    while page.run("!!document.querySelector('form')"):
        found += look(page, ("phone", "desktop")[n_questions % 2])
        fill(page)
        press_button(page)
        n_questions += 1
    assert found == []
    assert n_questions > 25


@pytest.mark.parametrize("theme", THEMES)
def test_a_single_question_and_its_fault_are_accessible_in_every_look(
    addresses: dict[tuple[str, str], str], page: Page, theme: str
) -> None:
    page.goto(addresses["FOCUS", theme])
    found = look(page, "phone") + look(page, "desktop")
    press_button(page)
    assert look(page, "phone") + found == []


def test_nothing_is_cut_off_on_a_narrow_screen_with_large_letters_or_with_the_systems_own_colours(
    addresses: dict[tuple[str, str], str], page: Page
) -> None:
    page.goto(addresses["CLASSIC", "default"])
    found = []
    while page.run("!!document.querySelector('form')"):
        fill(page)
        page.size(320, 640, phone=True)  # WCAG 1.4.10
        found += page.run(CUT_OFF)
        page.prefer(forced_colors="active")
        found += page.run(CUT_OFF) + page.run(UNSEEN_CHOICES)
        page.prefer(prefers_reduced_motion="reduce")
        page.size(640, 900)
        page.run("document.documentElement.style.fontSize = '200%'")  # WCAG 1.4.4
        found += page.run(CUT_OFF)
        page.run("document.documentElement.style.fontSize = ''")
        press_button(page)
    assert found == []


def test_pages_around_a_survey_are_accessible(walk: Walk, page: Page) -> None:
    closed, guarded = (publish(walk, DRINKS, "CLASSIC") for _ in range(2))
    walk.client.call("POST", f"/api/surveys/{number_of(walk, closed)}/close", json={})
    walk.client.call(
        "PATCH", f"/api/surveys/{number_of(walk, guarded)}/access", json={"password": "open sesame"}
    )
    own = walk.client.base_url
    said = [
        f"/s/{uuid.uuid4()}",
        "/account/reset-password?token=cut",
        "/problems/not-found",
        "/problems/gateway/429",
    ]
    found = []
    for address in (*(own + path for path in said), closed, guarded):
        page.goto(address)
        found += look(page, "phone") + look(page, "desktop")
    page.run("document.querySelector('[type=password]').value = 'open says me'")
    press_button(page)
    assert "This is not the password" in page.run("document.querySelector('main').innerText")
    assert found + look(page, "phone") == []
    page.run("document.querySelector('[type=password]').value = 'open sesame'")
    press_button(page)
    assert "Which?" in page.run("document.querySelector('main').innerText")
