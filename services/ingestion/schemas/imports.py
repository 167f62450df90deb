"""Requests of imports by address."""

from pydantic import BaseModel, ConfigDict, Field

from kernel.outbound.urls import MAX_URL_LENGTH
from services.ingestion.schemas.uploads import OnDuplicate


class ImportCreate(BaseModel):
    """A file to fetch from the web."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    url: str = Field(
        min_length=1,
        max_length=MAX_URL_LENGTH,
        description="A file's http(s) address, or that of a public Google sheet as the browser shows it: with `gid` that tab "
        "alone, else the whole workbook.",
    )
    name: str | None = Field(
        None,
        min_length=1,
        max_length=1024,
        description="What to call it; else as the server or the address does.",
    )
    on_duplicate: OnDuplicate = Field(
        OnDuplicate.KEEP, description="`refuse`: FAILED where the project has this content already."
    )
