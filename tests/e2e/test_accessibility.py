"""Respondents' pages are accessible: axe (WCAG 2.2 A and AA, best practice) finds nothing in a real Chromium."""

import uuid

import pytest

from deploy.browser.chromium import Page
from deploy.browser.respondent import fill, press_button
from deploy.browser.specimen import THEMES
from deploy.demo.walk import Walk
from tests.e2e.surveying import DESKTOP, PHONE, faults_of, published

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


def look(page: Page, size: str, language: str | None = None) -> list[str]:
    """What is wrong with the present page in a size, in another language when one is given."""
    page.size(*SIZES[size], phone=size == "phone")
    if language:
        page.goto(f"{page.run('location.origin + location.pathname')}?lang={language}")
    return [f"{size} {language or ''} {fault}" for fault in faults_of(page)]


# Colours do not depend on directions: each theme in both sizes and both directions, but not in all four pairs.
LOOKS: dict[str, list[tuple[str, str | None]]] = {
    "default": [("phone", "en"), ("desktop", "ar")],
    "dark": [("phone", "ar"), ("desktop", "en")],
    "brand": [("desktop", "ar"), ("phone", "en")],
}


@pytest.mark.parametrize("theme", THEMES)
def test_pages_with_every_type_of_question_are_accessible_in_every_look(
    addresses: dict[tuple[str, str], str], page: Page, theme: str
) -> None:
    page.goto(addresses["CLASSIC", theme])
    found, n_pages = [], 0
    while page.run("!!document.querySelector('form')"):
        for size, language in LOOKS[theme]:
            found += look(page, size, language)
        press_button(page)
        assert page.run("document.querySelectorAll('[role=alert] li').length") == 1
        found += look(page, LOOKS[theme][0][0])
        fill(page)
        press_button(page)
        n_pages += 1
    found += look(page, "phone", "ar") + look(page, "desktop", "en")
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
    found = look(page, "phone", "ar") + look(page, "desktop", "en")
    press_button(page)
    assert look(page, "phone") + look(page, "desktop") + found == []


def test_nothing_is_cut_off_on_a_narrow_screen_with_large_letters_or_with_the_systems_own_colours(
    addresses: dict[tuple[str, str], str], page: Page
) -> None:
    page.goto(addresses["CLASSIC", "default"])
    found = []
    while page.run("!!document.querySelector('form')"):
        fill(page)
        page.size(320, 640, phone=True)  # WCAG 1.4.10
        found += page.run(CUT_OFF)
        page.size(640, 900)
        page.run("document.documentElement.style.fontSize = '200%'")  # WCAG 1.4.4
        found += page.run(CUT_OFF)
        page.run("document.documentElement.style.fontSize = ''")
        page.prefer(forced_colors="active")
        found += page.run(UNSEEN_CHOICES)
        page.prefer(prefers_reduced_motion="reduce")
        press_button(page)
    assert found == []


def test_pages_that_only_say_something_are_accessible(walk: Walk, page: Page) -> None:
    found = []
    said = (
        f"/s/{uuid.uuid4()}",
        "/account/reset-password?token=cut",
        "/problems/not-found",
        "/problems/gateway/429",
    )
    for address in said:
        page.goto(walk.client.base_url + address)
        found += look(page, "phone") + look(page, "desktop")
    assert found == []
