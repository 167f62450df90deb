"""What ingestion's routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from kernel.resources import Resources
from services.ingestion.service.forms import Forms
from services.ingestion.service.rows import Rows
from services.ingestion.settings import IngestionSettings


async def resources(request: Request) -> Resources:
    """Return what this process holds open."""
    held: Resources = request.app.state.resources
    return held


ProcessResources = Annotated[Resources, Depends(resources)]


def ingestion_settings(held: Resources) -> IngestionSettings:
    """Return the settings of this process as ingestion's own."""
    if not isinstance(held.settings, IngestionSettings):
        raise TypeError("ingestion runs with IngestionSettings")
    return held.settings


def max_upload_bytes(held: Resources) -> int:
    """Return the size of the largest file that is taken in."""
    return ingestion_settings(held).max_upload_bytes


def max_response_file_bytes(held: Resources) -> int:
    """Return the size of the largest file that is taken from respondents."""
    return ingestion_settings(held).max_response_file_bytes


async def rows(request: Request) -> Rows:
    """Return what shows rows of datasets in this process."""
    held: Rows = request.app.state.rows
    return held


ProcessRows = Annotated[Rows, Depends(rows)]


async def forms(request: Request) -> Forms:
    """Return what reads surveys written as workbooks."""
    held: Forms = request.app.state.forms
    return held


ProcessForms = Annotated[Forms, Depends(forms)]
