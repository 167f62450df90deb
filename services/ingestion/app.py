"""Ingestion's application: wiring only."""

from fastapi import FastAPI

from kernel.http import create_app
from services.ingestion.errors import CONSTRAINTS
from services.ingestion.router import datasets, files, projects, respondents, surveys
from services.ingestion.settings import IngestionSettings, settings

DESCRIPTION = """Projects, uploaded files and their datasets, surveys and their responses.

A file is uploaded and understood in the background; a survey is built, published and answered. Both become datasets
that analyses run on.
"""


def create(ingestion_settings: IngestionSettings) -> FastAPI:
    """Return the application for these settings."""
    return create_app(
        ingestion_settings,
        routers=[projects.router, files.router, datasets.router, surveys.router, respondents.router],
        constraints=CONSTRAINTS,
        title="PlugZero ingestion",
        description=DESCRIPTION,
    )


def app() -> FastAPI:
    """Return the application for this process's environment; uvicorn calls it with `--factory`."""
    return create(settings())
