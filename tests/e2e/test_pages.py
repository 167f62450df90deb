"""The pages as a real browser shows them: Chromium, headless, under each page's own Content-Security-Policy."""

import html
import re
import shutil
import subprocess
import time
import uuid
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.walk import Walk
from tests.identity.mailbox import link_in, mails

BROWSER = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=10000",
)  # fmt: skip
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.skipif(
        BROWSER is None, reason="Chromium is not installed; `make install-optional` installs it"
    ),
]


def shown(address: str, profile: Path) -> str:
    """The page's DOM after its scripts have run; fails on a script error or a refusal by the policy."""
    browser = subprocess.run(
        [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    complaints = [line for line in browser.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    return browser.stdout


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
def test_a_survey_page_shows_its_first_question_in_a_form(walked: Walk, layout: str, tmp_path: Path) -> None:
    dom = shown(walked.survey_pages[layout], tmp_path)
    assert "Did you vote in the last election?" in dom
    assert "<form" in dom


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_word_wider_than_a_small_phone_is_broken_and_not_cut_off(
    walked: Walk, language: str, tmp_path: Path
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
    page = walked.client.call("GET", f"/s/{survey['uuid']}", params={"lang": language})
    page = page.replace("<head>", f'<head><base href="{walked.client.base_url}">')
    phone = tmp_path / "phone.html"
    phone.write_text(
        f'<iframe width="320" height="900" srcdoc="{html.escape(page)}"></iframe>'
        "<script>onload = () => { const root = document.querySelector('iframe').contentDocument.documentElement;"
        " document.title = `${root.clientWidth} wide, ${root.scrollWidth} with what sticks out`; }</script>"
    )
    dom = shown(phone.as_uri(), tmp_path / "profile")
    wide, sticking = re.findall(r"<title>(\d+) wide, (\d+)", dom)[0]
    assert int(wide) > 300
    assert sticking == wide


def test_a_report_page_shows_its_chart(walked: Walk, tmp_path: Path) -> None:
    dom = shown(walked.report_page, tmp_path)
    assert "<svg" in dom
    assert "vote by party" in dom


def test_the_page_of_a_files_report_opens_by_its_link_and_fits_a_small_phone(
    walked: Walk, tmp_path: Path
) -> None:
    [file, *_] = walked.client.call("GET", f"/api/projects/{walked.project_id}/files")["items"]
    link = walked.client.call("GET", f"/api/files/{file['id']}/report/link")["url"]
    dom = shown(link, tmp_path / "page")
    assert "The first 50 rows" in dom
    page = re.sub(r'href="(/s/static/[^"]*)"', rf'href="{walked.client.base_url}\1"', dom)
    phone = tmp_path / "phone.html"
    phone.write_text(
        f'<iframe width="320" height="900" srcdoc="{html.escape(page)}"></iframe>'
        "<script>onload = () => { const root = document.querySelector('iframe').contentDocument.documentElement;"
        " document.title = `${root.clientWidth} wide, ${root.scrollWidth} with what sticks out`; }</script>"
    )
    wide, sticking = re.findall(
        r"<title>(\d+) wide, (\d+)", shown(phone.as_uri(), tmp_path / "phone-profile")
    )[0]
    assert (int(wide) > 300, sticking) == (True, wide)


@pytest.mark.parametrize("service", ["identity", "ingestion", "analytics", "seo"])
def test_the_api_page_draws_every_services_operations(
    run: dict[str, Any], service: str, tmp_path: Path
) -> None:
    dom = shown(f"{run['gateway_url']}/docs?service={service}", tmp_path)
    assert dom.count("opblock-summary-method") >= 5


def test_the_page_of_a_letter_asks_for_what_it_needs(run: dict[str, Any], walk: Walk, tmp_path: Path) -> None:
    body = {"email": f"{uuid.uuid4().hex}@example.com", "password": "several-words-in-a-row"}
    walk.client.call("POST", "/api/accounts/register", json=body, expect=202)
    walk.client.call("POST", "/api/accounts/forgot-password", json={"email": body["email"]}, expect=202)
    letter = written_to(body["email"], Path(run["folder"]) / "outbox")
    dom = shown(link_in(letter), tmp_path / "form")
    assert 'autocomplete="new-password"' in dom
    cut = shown(f"{run['gateway_url']}/account/reset-password?token=cut", tmp_path / "cut")
    assert "This link does not work any more" in cut


def test_the_page_of_a_problem_is_plain(run: dict[str, Any], tmp_path: Path) -> None:
    assert "There is nothing here" in shown(f"{run['gateway_url']}/problems/not-found", tmp_path)
