"""`make screenshots`: the pictures of docs/surveys.md, taken of the survey with a question of every type.

Uses the stack that runs in this folder, or starts one for itself.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.browser.chromium import Chromium, Page
from deploy.browser.respondent import fill, press_button
from deploy.browser.specimen import DEFINITION, THEMES
from deploy.demo.__main__ import running_stack
from deploy.demo.client import Client
from deploy.demo.walk import Walk

FOLDER = Path(__file__).parents[2] / "docs" / "images"
LARGEST_PICTURE_BYTES = 60_000
PHONE, DESKTOP = (360, 780), (1100, 780)
SHARPNESS = {PHONE: 2.0, DESKTOP: 1.0}


@dataclass(frozen=True)
class Picture:
    """What is shown: a survey's looks, how many pages were answered before, and what is done on the page that is pictured."""

    name: str
    layout: str
    theme: str
    size: tuple[int, int]
    language: str = "en"
    n_before: int = 0
    act: str = "answer"
    """`answer` fills the page in, `send` sends it empty, `look` does neither."""
    at: str = "body"
    """What stands at the top of the picture."""


PICTURES = (
    Picture("survey-classic", "CLASSIC", "default", DESKTOP),
    Picture("survey-focus", "FOCUS", "default", PHONE),
    Picture("survey-dark", "CLASSIC", "dark", DESKTOP, n_before=1),
    Picture("survey-brand", "FOCUS", "brand", PHONE, n_before=5),
    Picture("survey-matrix", "CLASSIC", "default", PHONE, n_before=2),
    Picture("survey-right-to-left", "CLASSIC", "brand", PHONE, language="ar", n_before=1),
    Picture("survey-fault", "CLASSIC", "default", PHONE, n_before=1, act="send"),
    Picture("survey-sum", "CLASSIC", "dark", PHONE, n_before=2, at="#q-money"),
    Picture("survey-end", "FOCUS", "default", PHONE, n_before=99, act="look"),
)


def main() -> None:
    """Take all pictures; fails when one is too heavy for a page of docs."""
    with (
        running_stack() as stack,
        tempfile.TemporaryDirectory() as profile,
        Chromium(Path(profile)) as browser,
    ):
        walk = Walk(Client(stack["gateway_url"]))
        walk.register()
        walk.make_project()
        for picture in PICTURES:
            image = taken(browser, publish(walk, picture), picture)
            if len(image) > LARGEST_PICTURE_BYTES:
                raise SystemExit(
                    f"{picture.name} has {len(image)} bytes; {LARGEST_PICTURE_BYTES} are the limit"
                )
            (FOLDER / f"{picture.name}.webp").write_bytes(image)
            print(f"{picture.name}.webp  {len(image) / 1000:.1f} kB")
        walk.client.close()


def publish(walk: Walk, picture: Picture) -> str:
    """The address of a survey that looks as the picture wants it."""
    look = {"layout_style": picture.layout, "theme_config": THEMES[picture.theme]}
    body = {"title": picture.name, "definition": DEFINITION, **look}
    survey = walk.client.call("POST", f"/api/projects/{walk.project_id}/surveys", json=body, expect=201)
    walk.client.call("POST", f"/api/surveys/{survey['id']}/publish", json={})
    return f"{walk.client.base_url}/s/{survey['uuid']}?lang={picture.language}"


def taken(browser: Chromium, address: str, picture: Picture) -> bytes:
    """The picture as WebP."""
    page = browser.open_page()
    page.prefer(prefers_reduced_motion="reduce")
    page.size(*picture.size, phone=picture.size == PHONE, zoom=SHARPNESS[picture.size])
    page.goto(address)
    for _ in pages_before(page, picture.n_before):
        fill(page)
        press_button(page)
    if picture.act == "answer":
        fill(page)
    elif picture.act == "send":
        press_button(page)
    if picture.act != "send":
        top = json.dumps(picture.at)
        page.run(
            f"document.activeElement.blur(); document.querySelector({top}).scrollIntoView({{behavior: 'instant'}})"
        )
    image = page.picture(kind="webp")
    page.close()
    return image


def pages_before(page: Page, n_most: int) -> Iterator[int]:
    """As many pages as there are forms, at most `n_most`."""
    return (number for number in range(n_most) if page.run("!!document.querySelector('main form')"))


if __name__ == "__main__":
    main()
