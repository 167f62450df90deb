"""The survey with a question of every type, published in both layouts and all looks, a short one, and what a page must fulfil."""

from typing import Any

from deploy.browser.chromium import AXE_SCRIPT, Page
from deploy.browser.specimen import DEFINITION, THEMES
from deploy.demo.walk import Walk

LAYOUTS = ("CLASSIC", "FOCUS")
PHONE, DESKTOP = (360, 740), (1280, 900)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Axe leaves the size of targets (2.5.8) out unless it is asked for.
AXE = f"""axe.run(document, {{resultTypes: ['violations'], runOnly: {list(RULES)}, rules: {{'target-size': {{enabled: true}}}}}})
  .then(found => found.violations.flatMap(rule => rule.nodes.map(node => `${{rule.id}}: ${{node.html}} ${{node.failureSummary}}`)))"""


def text(words: str) -> dict[str, str]:
    """A text in English."""
    return {"en": words}


def options(*codes: str) -> list[dict[str, Any]]:
    """Options whose text is their code."""
    return [{"code": code, "text": text(code.capitalize())} for code in codes]


DRINKS: dict[str, Any] = {
    "pages": [
        {
            "code": "p1",
            "title": text("Drinks"),
            "questions": [
                {"code": "drink", "type": "single_choice", "required": True, "text": text("Which?"), "options": options("tea", "coffee", "water")},
                {"code": "cups", "type": "number", "text": text("How many?"), "show_if": "drink == 'coffee'"},
                {"code": "with", "type": "multiple_choice", "text": text("With what?"), "options": options("milk", "sugar")},
            ],
        },
        {
            "code": "p2",
            "title": text("Praise"),
            "questions": [
                {"code": "nps", "type": "nps", "required": True, "text": text("Would you recommend it?")},
                {"code": "why", "type": "short_text", "text": text("Why?")},
            ],
        },
    ],
}  # fmt: skip


def publish(walk: Walk, definition: dict[str, Any], layout: str, **fields: Any) -> str:
    """The address of a new survey."""
    body = {"title": layout, "definition": definition, "layout_style": layout, **fields}
    survey = walk.client.call("POST", f"/api/projects/{walk.project_id}/surveys", json=body, expect=201)
    walk.client.call("POST", f"/api/surveys/{survey['id']}/publish", json={})
    return f"{walk.client.base_url}/s/{survey['uuid']}"


def number_of(walk: Walk, address: str) -> int:
    """The id of the survey at an address."""
    url = f"/api/projects/{walk.project_id}/surveys"
    surveys = walk.client.call("GET", url, params={"limit": 100})["items"]
    [number] = [survey["id"] for survey in surveys if address.endswith(survey["uuid"])]
    return int(number)


def published(walk: Walk) -> dict[tuple[str, str], str]:
    """(layout, theme) → address of the survey that looks so."""
    return {
        (layout, name): publish(walk, DEFINITION, layout, theme_config=theme)
        for layout in LAYOUTS
        for name, theme in THEMES.items()
    }


def faults_of(page: Page) -> list[str]:
    """What axe finds wrong, and whether the page has to be scrolled sideways."""
    if not page.run("'axe' in window"):
        page.run(f"{AXE_SCRIPT.read_text()};0")
    found = list(page.run(AXE))
    width, sticking = page.run("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    return found + ([f"{sticking} px wide in a window of {width} px"] if sticking > width else [])
