"""HTML of published reports: Jinja templates, Markdown that is cleaned, no script at all."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

_ROOT: Final = Path(__file__).parents[1]
_STYLE: Final = (_ROOT / "static" / "report.css").read_text()
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# One style sheet, named by its hash, and nothing else: no script, no image, no frame, no form.
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_TAGS: Final = frozenset(
    "p br strong em s code pre blockquote ul ol li a h2 h3 h4 h5 h6 table thead tbody tr th td hr".split()  # noqa: SIM905 - reads better than 24 strings
)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = rendered_markdown
    return environment


def report_page(content: Mapping[str, Any], *, published_at: datetime | None) -> str:
    """Return the page of a published report; `content` is what publishing froze."""
    blocks = [{"text": "", **block, "svg": _inline_svg(block)} for block in content["blocks"]]
    return (
        _templates()
        .get_template("report.html")
        .render(
            title=content["title"],
            blocks=blocks,
            style=Markup(_STYLE),  # noqa: S704 - our own file, which the policy's hash pins
            published_at=published_at,
        )
    )


def rendered_markdown(text: str) -> Markup:
    """CommonMark with tables as safe HTML: raw HTML shown as text, headings below the page's own, links without opener."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    html = parser.render(text).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704 - cleaned in the line above


def _inline_svg(block: Mapping[str, Any]) -> Markup | None:
    """The chart's SVG, to screen readers one picture with its description; its figures stand in the table below it."""
    svg = block.get("svg")
    if svg is None:
        return None
    label = escape(block.get("description", "Chart"))
    drawing = str(svg).replace("<svg ", f'<svg role="img" aria-label="{label}" focusable="false" ', 1)
    return Markup(drawing)  # noqa: S704 - drawn by our own worker, labels escaped by the renderer
