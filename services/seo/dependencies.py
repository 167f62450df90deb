"""What seo's routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from kernel.db import Database, current_database
from services.seo.settings import SeoSettings


def seo_settings(request: Request) -> SeoSettings:
    """Return this process's settings."""
    settings: SeoSettings = request.app.state.resources.settings
    return settings


Config = Annotated[SeoSettings, Depends(seo_settings)]
CurrentDatabase = Annotated[Database, Depends(current_database)]
