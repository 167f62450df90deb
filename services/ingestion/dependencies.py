"""What ingestion's routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from kernel.resources import Resources


def resources(request: Request) -> Resources:
    """Return what this process holds open."""
    held: Resources = request.app.state.resources
    return held


ProcessResources = Annotated[Resources, Depends(resources)]
