"""Requests and responses of exports."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.datasets.values import ExportFormat
from contracts.ingestion import ExportStatus
from services.ingestion.domain.exports.request import Answers, Layout, Wish


class ExportCreate(BaseModel):
    """Which file to write of a dataset."""

    model_config = ConfigDict(extra="forbid")

    format: ExportFormat = Field(
        description="csv, xlsx, sav (SPSS), parquet or triples (Triple-S, a ZIP archive)."
    )
    variables: list[str] | None = Field(
        None, max_length=5000, description="Aliases of the variables; null or left out: all."
    )
    answers: Answers = Field(
        Answers.LABELS, description="Answers as labels or as codes in CSV and Excel; the others hold both."
    )
    layout: Layout = Field(
        Layout.WIDE, description="A line for each row (`wide`), or for each value of each row (`long`)."
    )

    @property
    def wish(self) -> Wish:
        """What is wanted."""
        return Wish(
            self.format, None if self.variables is None else tuple(self.variables), self.answers, self.layout
        )


class ExportRead(BaseModel):
    """A dataset as a file: waiting, written, or why not. Kept for a day."""

    id: int
    project_id: int
    dataset_id: int
    dataset_version: int
    format: ExportFormat
    status: ExportStatus
    n_rows: int
    size_bytes: int
    notes: list[str] = Field(description="What the format could not hold.")
    progress: dict[str, Any] = Field(description="`done`, `total` and `phase` of the writer while PENDING.")
    error: dict[str, Any] | None = Field(description="When FAILED: a problem with `detail` and a `hint`.")
    url: str | None = Field(
        description="When SUCCESS: works without log-in for five minutes; read again for another."
    )
    created_at: datetime
