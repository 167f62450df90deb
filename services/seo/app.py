"""The application of seo: wiring only."""

from fastapi import FastAPI

from kernel.http import create_app
from services.seo.errors import CONSTRAINTS
from services.seo.router import audits, results
from services.seo.settings import SeoSettings, settings

DESCRIPTION = """Site audits: crawl a website, judge its pages, score its health.

Start one with `POST /api/projects/{id}/audits`, follow `progress`, read the findings. How the score is computed:
`docs/audits.md`; what each check means: `GET /api/audits/checks`.
"""


def create(seo_settings: SeoSettings) -> FastAPI:
    """Return the application for these settings."""
    return create_app(
        seo_settings,
        routers=[audits.router, results.router],
        constraints=CONSTRAINTS,
        title="PlugZero seo",
        description=DESCRIPTION,
    )


def app() -> FastAPI:
    """Return the application for this process's environment; uvicorn calls it with `--factory`."""
    return create(settings())
