"""The pages as a real browser shows them: Chromium, headless, under each page's own Content-Security-Policy."""

import time
import uuid
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from deploy.browser.chromium import Page
from deploy.demo.walk import Walk
from tests.e2e.surveying import faults_of
from tests.identity.mailbox import link_in, mails

SMALL_PHONE = (320, 900)
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def shown(page: Page, address: str) -> str:
    """The page's DOM after its scripts have run."""
    page.goto(address)
    return str(page.run("document.documentElement.outerHTML"))


def written_to(address: str, folder: Path) -> EmailMessage:
    """The first letter to an address; it is written after the answer that announced it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for letter in mails(folder):
            if letter["To"] == address:
                return letter
        time.sleep(0.05)
    raise AssertionError(f"no letter to {address}")


@pytest.fixture(scope="module")
def walked(walk: Walk) -> Walk:
    """The walk with a published survey in each layout and a published report."""
    walk.upload()
    walk.analyse()
    walk.survey()
    walk.report()
    return walk


@pytest.mark.parametrize("layout", ["CLASSIC", "FOCUS"])
def test_a_survey_page_shows_its_first_question_in_a_form(walked: Walk, layout: str, page: Page) -> None:
    dom = shown(page, walked.survey_pages[layout])
    assert "Did you vote in the last election?" in dom
    assert "<form" in dom


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_word_wider_than_a_small_phone_is_broken_and_not_cut_off(
    walked: Walk, language: str, page: Page
) -> None:
    word = {"en": "Donaudampfschifffahrtsgesellschaft" * 4}
    option = {"code": "long", "text": word}
    question = {"code": "q", "type": "single_choice", "text": word, "help": word, "options": [option]}
    definition = {
        "languages": ["en", "ar"],
        "title": word,
        "pages": [{"code": "p", "title": word, "questions": [question]}],
    }
    body = {"title": "Long words", "definition": definition}
    survey = walked.client.call("POST", f"/api/projects/{walked.project_id}/surveys", json=body, expect=201)
    walked.client.call("POST", f"/api/surveys/{survey['id']}/publish", json={})
    page.size(*SMALL_PHONE, phone=True)
    page.goto(f"{walked.client.base_url}/s/{survey['uuid']}?lang={language}")
    assert page.run("document.documentElement.scrollWidth") == 320


def test_a_report_page_shows_its_chart(walked: Walk, page: Page) -> None:
    dom = shown(page, walked.report_page)
    assert "<svg" in dom
    assert "vote by party" in dom
    assert faults_of(page) == []


def test_the_page_of_a_files_report_opens_by_its_link_and_fits_a_small_phone(
    walked: Walk, page: Page
) -> None:
    [file, *_] = walked.client.call("GET", f"/api/projects/{walked.project_id}/files")["items"]
    link = walked.client.call("GET", f"/api/files/{file['id']}/report/link")["url"]
    page.size(*SMALL_PHONE, phone=True)
    assert "The first 50 rows" in shown(page, link)
    assert page.run("document.documentElement.scrollWidth") == 320
    assert faults_of(page) == []


@pytest.mark.parametrize("service", ["identity", "ingestion", "analytics", "seo"])
def test_the_api_page_draws_every_services_operations(run: dict[str, Any], service: str, page: Page) -> None:
    page.goto(f"{run['gateway_url']}/docs?service={service}")
    page.until("document.querySelectorAll('.opblock-summary-method').length >= 5")


def test_the_page_of_a_letter_asks_for_what_it_needs(run: dict[str, Any], walk: Walk, page: Page) -> None:
    body = {"email": f"{uuid.uuid4().hex}@example.com", "password": "several-words-in-a-row"}
    walk.client.call("POST", "/api/accounts/register", json=body, expect=202)
    walk.client.call("POST", "/api/accounts/forgot-password", json={"email": body["email"]}, expect=202)
    letter = written_to(body["email"], Path(run["folder"]) / "outbox")
    dom = shown(page, link_in(letter))
    assert 'autocomplete="new-password"' in dom
    assert faults_of(page) == []
    cut = shown(page, f"{run['gateway_url']}/account/reset-password?token=cut")
    assert "This link does not work any more" in cut


def test_the_page_of_a_problem_is_plain(run: dict[str, Any], page: Page) -> None:
    assert "There is nothing here" in shown(page, f"{run['gateway_url']}/problems/not-found")
