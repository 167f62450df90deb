"""Analytics' application: wiring only."""

from fastapi import FastAPI

from kernel.http import create_app
from services.analytics.errors import CONSTRAINTS
from services.analytics.router import analyses, calculations, comments, insights, public, reports, search
from services.analytics.settings import AnalyticsSettings, settings

DESCRIPTION = """Results, insights, search, reports and comments.

Ask for figures with `POST /api/projects/{id}/analyses`; `GET /api/calculations` says what can be computed and how.
"""


def create(analytics_settings: AnalyticsSettings) -> FastAPI:
    """Return the application for these settings."""
    modules = (analyses, calculations, insights, search, reports, comments, public)
    return create_app(
        analytics_settings,
        routers=[module.router for module in modules],
        constraints=CONSTRAINTS,
        title="PlugZero analytics",
        description=DESCRIPTION,
    )


def app() -> FastAPI:
    """Return the application for this process's environment; uvicorn calls it with `--factory`."""
    return create(settings())
