"""Parameters of each calculation type: what a request may say, before and after the codebook is known."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.datasets.codebook import AVERAGED, CATEGORICAL, NUMERIC, TABULAR, Need
from services.analytics.domain.profiles import PROFILES, Correction, TestProfile

ProfileName = Literal["default", "spss", "crunch", "dimensions", "prop.test"]
Alpha = Annotated[float, Field(gt=0, lt=1)]
VariableName = Annotated[str, Field(min_length=1, max_length=255)]
Confidence = Annotated[float, Field(gt=0.5, lt=1)]
GROUPING: Final = CATEGORICAL | NUMERIC | {"date", "geo"}
"""Kinds that can group a mean: as banners, but without multiple-response sets, whose groups would overlap."""


class CalculationParameters(BaseModel):
    """What all calculations share: strict members, so that a misspelt option is an error and not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def needs(self) -> list[Need]:
        """The variables used, with the kinds that fit each use."""
        return []


class ComparisonParameters(CalculationParameters):
    """Options of calculations that test groups or columns against each other."""

    profile: ProfileName = Field("default", description="The named test profile; see `profiles`.")
    correction: Correction | None = Field(
        None, description="Correction over the pairs within one row; null takes the profile's."
    )
    alphas: Annotated[list[Alpha], Field(min_length=1, max_length=2)] | None = Field(
        None,
        description="One or two levels: the stricter writes upper-case letters; null takes the profile's.",
    )
    confidence: Confidence = Field(0.95, description="Level of confidence intervals.")

    @property
    def test_profile(self) -> TestProfile:
        """The profile named."""
        return PROFILES[self.profile]

    @property
    def used_correction(self) -> Correction:
        """The correction asked for, else the profile's."""
        return self.correction or self.test_profile.correction

    @property
    def used_alphas(self) -> tuple[float, ...]:
        """The levels asked for, else the profile's."""
        return tuple(self.alphas) if self.alphas else self.test_profile.alphas


class CrosstabParameters(ComparisonParameters):
    """Every stub in `rows` by every banner in `columns`, one table each."""

    rows: Annotated[list[VariableName], Field(min_length=1, max_length=200, description="Stub variables.")]
    columns: Annotated[
        list[VariableName], Field(min_length=1, max_length=50, description="Banner variables.")
    ]

    def needs(self) -> list[Need]:
        """Stubs and banners must be categorical, sets, or numbers and dates with few values."""
        return [
            *_needs("/parameters/rows", self.rows, TABULAR, "a stub"),
            *_needs("/parameters/columns", self.columns, TABULAR, "a banner"),
        ]


class MeanParameters(ComparisonParameters):
    """The mean of `variable`, in every group of the `by` variables."""

    variable: VariableName = Field(description="A number, a boolean, or a category whose codes have values.")
    by: Annotated[list[VariableName], Field(max_length=4, description="Grouping variables.")] = []

    def needs(self) -> list[Need]:
        """The variable must have numeric values; groups must not overlap."""
        mean = Need("/parameters/variable", self.variable, AVERAGED, "a mean", scored=True)
        return [mean, *_needs("/parameters/by", self.by, GROUPING, "a group")]

    @model_validator(mode="after")
    def _different_groups(self) -> Self:
        if len(set(self.by)) != len(self.by):
            raise ValueError("a variable can group only once")
        return self


class FrequencyParameters(CalculationParameters):
    """One table per variable."""

    variables: Annotated[list[VariableName], Field(min_length=1, max_length=200)]
    confidence: Confidence = Field(0.95, description="Level of the Wilson intervals.")

    def needs(self) -> list[Need]:
        """Variables must be categorical, sets, or numbers and dates with few values."""
        return _needs("/parameters/variables", self.variables, TABULAR, "a frequency table")


CALCULATIONS: Final[Mapping[str, type[CalculationParameters]]] = {
    "CROSSTAB": CrosstabParameters,
    "MEAN": MeanParameters,
    "FREQUENCY": FrequencyParameters,
}


def _needs(pointer: str, names: list[str], kinds: frozenset[str], purpose: str) -> list[Need]:
    return [Need(f"{pointer}/{i}", name, kinds, purpose) for i, name in enumerate(names)]
