"""HTML that identity shows for the whole product: API documentation and the pages of problems."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SERVICES = ("identity", "ingestion", "analytics", "seo")
STRICT_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The vendored Swagger UI sets inline styles; scripts are ours alone.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ROOT = Path(__file__).parents[1]
_CATALOGUE = Path(__file__).parents[3] / "contracts" / "problems.json"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript"}

_templates = Environment(
    loader=FileSystemLoader(_ROOT / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def rendered(template: str, **context: Any) -> str:
    """Return a template of this service with its values; whatever they hold is escaped."""
    return _templates.get_template(template).render(**context)


@lru_cache(maxsize=1)
def problems() -> dict[str, dict[str, Any]]:
    """Return slug → {title, status, meaning} of every problem of every service (generated: `make catalogue`)."""
    catalogue: dict[str, dict[str, Any]] = json.loads(_CATALOGUE.read_text())
    return catalogue


def problem_list() -> str:
    """Return the page that lists all problems by status."""
    ordered = sorted(problems().items(), key=lambda item: (item[1]["status"], item[0]))
    return rendered("problems.html", problems=ordered)


def problem_page(slug: str) -> str | None:
    """Return the page of one problem."""
    problem = problems().get(slug)
    return None if problem is None else rendered("problem.html", slug=slug, **problem)


def api_docs(service: str) -> str:
    """Return the documentation page with one service's operations open."""
    chosen = service if service in SERVICES else SERVICES[0]
    return rendered("docs.html", services=SERVICES, chosen=chosen)


def docs_asset(name: str) -> tuple[bytes, str] | None:
    """Return content and media type of an asset of these pages, or None; only names on the list are read."""
    path = _assets().get(name)
    return None if path is None else (path.read_bytes(), _MEDIA_TYPES[path.suffix])


@lru_cache(maxsize=1)
def _assets() -> dict[str, Path]:
    import fastapi_offline

    vendored = Path(fastapi_offline.__file__).parent / "static"
    own = {path.name: path for path in (_ROOT / "static").iterdir() if path.suffix in _MEDIA_TYPES}
    return own | {name: vendored / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")}
