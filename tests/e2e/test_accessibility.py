"""Respondents' pages are accessible: axe (WCAG 2.2 A and AA, best practice) finds nothing in a real Chromium."""

import uuid

import pytest

from deploy.browser.chromium import Page
from deploy.browser.specimen import THEMES
from deploy.demo.walk import Walk
from tests.e2e.surveying import DESKTOP, PHONE, faults_of, fill, press_button, published

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
SIZES = {"phone": PHONE, "desktop": DESKTOP}


@pytest.fixture(scope="module")
def addresses(walk: Walk) -> dict[tuple[str, str], str]:
    return published(walk)


def look(page: Page, size: str, language: str | None = None) -> list[str]:
    """What is wrong with the present page in a size, in another language when one is given."""
    page.size(*SIZES[size], phone=size == "phone")
    if language:
        page.goto(f"{page.run('location.origin + location.pathname')}?lang={language}")
    return [f"{size} {language or ''} {fault}" for fault in faults_of(page)]


# Colours do not depend on directions: every size and direction in one theme, each of both in the others.
LOOKS: dict[str, list[tuple[str, str | None]]] = {
    "default": [("phone", "ar"), ("desktop", None), ("phone", "en"), ("desktop", None)],
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
