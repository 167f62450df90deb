"""A file's import report as HTML: template, stylesheet, headers. No session, no database."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi import status as http
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kernel.problems import Problem
from services.ingestion.domain.import_looks import MOST_COLUMNS, ReportLook

_STYLESHEET = "import_report.css"
_DIGEST_LENGTH = 16
_ROOT = Path(__file__).parents[1]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",  # the address may carry a token
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_templates = Environment(
    loader=FileSystemLoader(_ROOT / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def wants_page(request: Request) -> bool:
    """Whether a caller asks for HTML before JSON, as browsers do."""
    accepted = request.headers.get("accept", "").lower()
    page, json = accepted.find("text/html"), accepted.find("application/json")
    return page >= 0 and (json < 0 or page < json)


def report_page(name: str, error: dict[str, Any] | None, look: ReportLook) -> Response:
    """The page of a file that was read, or could not be."""
    return _rendered("import_report.html", name=name, error=error, look=look, most_columns=MOST_COLUMNS)


def problem_page(problem: Problem) -> Response:
    """Why there is no report, with the problem's own status."""
    page = _rendered("import_problem.html", status=problem.status, title=problem.title, text=problem.detail)
    page.headers.update(problem.headers)
    return page


@lru_cache(maxsize=1)
def _style_version() -> str:
    """A short hash of the stylesheet, so that a new one is fetched at once."""
    return hashlib.sha256((_ROOT / "static" / _STYLESHEET).read_bytes()).hexdigest()[:_DIGEST_LENGTH]


def _rendered(template: str, *, status: int = http.HTTP_200_OK, **context: Any) -> Response:
    address = f"/s/static/{_STYLESHEET}?v={_style_version()}"
    content = _templates.get_template(template).render(**context, stylesheet=address)
    return Response(content, status, media_type="text/html", headers=HEADERS)
