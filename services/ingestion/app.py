"""Ingestion's application: wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kernel.hashing import PasswordHashing
from kernel.http import create_app
from kernel.resources import Resources
from services.ingestion.errors import CONSTRAINTS
from services.ingestion.router import (
    access,
    datasets,
    derived,
    documents,
    erasures,
    exports,
    files,
    filters,
    imports,
    mailings,
    participants,
    projects,
    question_bank,
    report_pages,
    respondents,
    response_files,
    simulations,
    survey_preview,
    survey_results,
    surveys,
    uploads,
)
from services.ingestion.router import rows as rows_router
from services.ingestion.service.forms import Forms
from services.ingestion.service.rows import Rows
from services.ingestion.settings import IngestionSettings, settings

DESCRIPTION = """Projects, uploaded files and their datasets, surveys and their responses.

A file is uploaded and understood in the background; a survey is built, published and answered. Both become datasets
that analyses run on.
"""


def create(ingestion_settings: IngestionSettings) -> FastAPI:
    """Return the application for these settings."""
    rows, hashing = Rows(ingestion_settings), PasswordHashing()

    @asynccontextmanager
    async def serving(_: Resources) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await rows.close()
            hashing.close()

    application = create_app(
        ingestion_settings,
        routers=[
            projects.router,
            files.router,
            documents.router,
            report_pages.router,
            uploads.router,
            imports.router,
            datasets.router,
            exports.router,
            derived.router,
            filters.router,
            rows_router.router,
            surveys.router,
            erasures.router,
            survey_results.router,
            survey_preview.router,
            simulations.router,
            question_bank.router,
            access.router,
            response_files.router,
            response_files.respondents,
            participants.router,
            mailings.router,
            respondents.router,
        ],
        constraints=CONSTRAINTS,
        title="PlugZero ingestion",
        description=DESCRIPTION,
        lifespan=serving,
    )
    application.state.rows, application.state.hashing = rows, hashing
    application.state.forms = Forms(ingestion_settings)
    return application


def app() -> FastAPI:
    """Return the application for this process's environment; uvicorn calls it with `--factory`."""
    return create(settings())
