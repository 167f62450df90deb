"""Requests and responses of derived variables, filters, merges and rows."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.ingestion import ChangeKind, ChangeStatus

LONGEST_NAME = 120
MOST_DATASETS = 50


class VariableCreate(BaseModel):
    """A variable that is to be derived from others."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    alias: str = Field(
        min_length=1, max_length=LONGEST_NAME, description="Its name; no other variable has it."
    )
    label: str = Field("", max_length=2000, description="What tables call it; the alias, if left out.")
    definition: dict[str, Any] = Field(
        description="`type` recode, band, period, combine, set, net, conditions or compute, and what that type needs."
    )


class VariableUpdate(BaseModel):
    """Another definition of a derived variable."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    label: str = Field("", max_length=2000, description="What tables call it; the alias, if left out.")
    definition: dict[str, Any] = Field(description="As when it was made.")


class VariablesUpdate(BaseModel):
    """Corrections by alias."""

    model_config = ConfigDict(extra="forbid")

    variables: dict[str, dict[str, Any]] = Field(
        min_length=1, max_length=5000, description='Such as {"q1":{"label":"Satisfaction","kind":"ordered"}}.'
    )


_OPTIONS = (
    "`encoding` (cp1250), `delimiter` (comma, semicolon, tab, pipe), `quote`, `header` (true, false), `header_rows` (1 to 5), `rows_above`, "
    "`decimal` (point, comma), `date_order` (dmy, mdy, ymd), `missing` (texts), `missing_of` (by column), `sheets` (names or positions), "
    "`kinds`, `separators` (by column), `leave_out` (columns)."
)


class ReadingUpdate(BaseModel):
    """How a dataset's file is to be read."""

    model_config = ConfigDict(extra="forbid")

    options: dict[str, Any] = Field(description=_OPTIONS)


class ReadingCreate(BaseModel):
    """One more dataset from a file."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)
    options: dict[str, Any] = Field(default_factory=dict, description=_OPTIONS)


class ChangeRead(BaseModel):
    """A change of a dataset: waiting, carried out, or why not."""

    id: int
    project_id: int
    dataset_id: int
    kind: ChangeKind
    request: dict[str, Any]
    status: ChangeStatus
    version: int | None = Field(description="The version of the dataset that it made, when SUCCESS.")
    report: dict[str, Any] = Field(
        description="Of a merge: rows, matches, and what a person should check. Of simulated interviews: what they met."
    )
    progress: dict[str, Any] = Field(description="`done`, `total` and `phase` while PENDING.")
    error: dict[str, Any] | None = Field(description="When FAILED: a problem with `detail` and a `hint`.")
    created_at: datetime


class FilterWrite(BaseModel):
    """A filter under a name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)
    expression: dict[str, Any] = Field(
        description='A tree such as {"op":"and","args":[{"op":"eq","variable":"sex","value":"f"}]}.'
    )


class FilterRead(BaseModel):
    """A stored filter, and whether it fits the dataset's present version."""

    id: int
    dataset_id: int
    name: str
    expression: dict[str, Any]
    fits: bool
    faults: list[dict[str, str]] = Field(description="Where it does not fit: `pointer` and `detail`.")
    created_at: datetime
    updated_at: datetime


class Wave(BaseModel):
    """A dataset that is appended."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    dataset_id: int
    code: str = Field("", max_length=LONGEST_NAME, description="Code of its rows; 1, 2, … if left out.")
    label: str = Field("", max_length=255, description="Label of its rows; the dataset's name, if left out.")


class AppendCreate(BaseModel):
    """Datasets below each other: variables meet by alias."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    waves: list[Wave] = Field(min_length=2, max_length=MOST_DATASETS)
    wave_variable: str = Field("wave", min_length=1, max_length=LONGEST_NAME)
    exclude: list[str] = Field(
        default_factory=list, max_length=5000, description="Aliases that are left out."
    )


class JoinKey(BaseModel):
    """A pair of variables whose values must be equal."""

    model_config = ConfigDict(extra="forbid")

    left: str
    right: str


class JoinCreate(BaseModel):
    """Two datasets side by side: each row of the left gets the one row of the right that has its key."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    left: int
    right: int
    keys: list[JoinKey] = Field(min_length=1, max_length=8)
    how: Literal["left", "inner", "full"] = Field("left", description="Which rows stay.")
    suffix: str = Field("_2", min_length=1, max_length=20, description="Added to aliases that both have.")


class MergeCreate(BaseModel):
    """A dataset made of others: `append` or `join`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)
    append: AppendCreate | None = None
    join: JoinCreate | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.append is None) == (self.join is None):
            raise ValueError("give either 'append' or 'join'")
        codes = [wave.code for wave in self.append.waves if wave.code] if self.append else []
        if len(set(codes)) < len(codes):
            raise ValueError("two waves have the same code")
        return self

    @property
    def datasets(self) -> list[int]:
        """The ids of the datasets, in order."""
        if self.join is not None:
            return [self.join.left, self.join.right]
        return [wave.dataset_id for wave in self.append.waves] if self.append else []


class RowsPage(BaseModel):
    """A page of a dataset's rows."""

    version: int = Field(
        description="The version of the dataset that the rows are of; a cursor stays with it."
    )
    columns: list[dict[str, str]] = Field(description="`alias` and `kind` of each column.")
    rows: list[list[Any]] = Field(description="Values in the order of the columns; null is missing.")
    positions: list[int] = Field(description="Number of each row in the dataset, from 1.")
    n_rows: int = Field(description="Rows that the filter selects.")
    next_cursor: str | None
