"""What seo's routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from services.seo.settings import SeoSettings


async def seo_settings(request: Request) -> SeoSettings:
    """Return this process's settings."""
    settings: SeoSettings = request.app.state.resources.settings
    return settings


Config = Annotated[SeoSettings, Depends(seo_settings)]
