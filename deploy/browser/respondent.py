"""What a respondent does on a page in the browser: enter answers, press the button that leads on."""

import json
from collections.abc import Mapping

from deploy.browser.chromium import Page
from deploy.browser.specimen import ANSWERS

TURNED = "document.querySelector('main') !== window.left && !document.querySelector('[aria-busy]')"
"""Holds once the page that `leave` remembered is another."""
_FILL = """(answers => {
  let filled = 0;
  for (const [name, wanted] of Object.entries(answers)) for (const field of document.getElementsByName('a.' + name)) {
    if (['radio', 'checkbox'].includes(field.type)) field.checked = [wanted].flat().includes(field.value);
    else field.value = wanted;
    field.dispatchEvent(new Event('input', {bubbles: true}));
    filled += 1;
  }
  return filled;
})"""


def fill(page: Page, answers: Mapping[str, str | list[str]] = ANSWERS) -> int:
    """Enter what the page asks for, and return how many fields that were."""
    return int(page.run(f"{_FILL}({json.dumps(answers)})"))


def leave(page: Page) -> None:
    """Remember the page that is there, so that `TURNED` can tell the next one."""
    page.run("window.left = document.querySelector('main'); 0")


def press_button(page: Page, which: str = "button.primary") -> None:
    """Press a button, the one that leads on when no other is named, and wait for the next page."""
    leave(page)
    page.run(f"document.querySelector({json.dumps(which)}).click()")
    page.until(TURNED)
