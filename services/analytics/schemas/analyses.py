"""Requests and responses of analyses."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.analytics import AnalysisStatus, CalculationType
from kernel.ids import RowId


class AnalysisCreate(BaseModel):
    """What to compute, on which dataset."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: RowId
    calculation_type: CalculationType
    parameters: dict[str, Any] = Field(description="As `GET /api/calculations` describes for the type.")
    filter: dict[str, Any] | None = Field(
        None,
        description='Expression tree: {"op":"and","args":[{"op":"eq","variable":"sex","value":"f"},…]}; '
        "operators and or not eq ne lt le gt ge in is_missing contains starts_with; a filter that the dataset keeps "
        'is {"op":"stored","name":"Women"}.',
    )
    weight: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        None, description="Alias of a numeric variable; null for unweighted figures."
    )


class ProgressRead(BaseModel):
    """How far the work is."""

    done: int = 0
    total: int = 0
    phase: str = ""


class AnalysisSummary(BaseModel):
    """An analysis without its figures."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    project_id: int
    dataset_id: int | None
    dataset_version: int
    calculation_type: str
    parameters: dict[str, Any]
    filter: dict[str, Any] | None
    weight: str | None
    status: AnalysisStatus
    progress: ProgressRead
    error: dict[str, Any] | None
    stale: bool = Field(False, description="True where the dataset has a newer version than these figures.")
    created_by_id: int | None
    created_at: datetime
    completed_at: datetime | None


class AnalysisRead(AnalysisSummary):
    """An analysis with its figures, null until `status` is SUCCESS, and where they came from."""

    result_data: dict[str, Any] | None
    lineage: dict[str, Any]


class FormulaRead(BaseModel):
    """A formula with its source."""

    id: str
    text: str
    source: str


class CalculationRead(BaseModel):
    """A calculation type: what it takes and how it computes."""

    calculation_type: CalculationType
    description: str
    parameters_schema: dict[str, Any] = Field(description="JSON Schema of `parameters`.")
    formulas: list[FormulaRead]


class CalculationsRead(BaseModel):
    """Everything that can be computed."""

    items: list[CalculationRead]
    profiles: list[dict[str, Any]] = Field(description="Named test profiles.")
    filter_operators: list[str]
    statistics_version: str
