"""Sufficient statistics: what the engine's grouped query hands to inference, and nothing about single rows.

Sums of weights are exact integers on a binary grid (`Grid`), so that neither the order of rows nor the number of
threads changes a digit; they become floats only here, correctly rounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import frexp
from typing import Final

from contracts.datasets.codebook import Variable

_GRID_BITS: Final = 61
_MAX_EXPONENT: Final = 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """A binary grid for exact sums: a float x ≤ the stated maximum is stored as the integer round(x · 2^exponent).

    With 61 bits below the largest value the rounding of a row is at most 2^-62 of the largest value, less than the
    rounding of one addition of doubles; 128-bit sums of such integers are exact for 2^66 rows.
    """

    exponent: int

    @classmethod
    def up_to(cls, largest: float) -> "Grid":
        """The finest grid on which values up to `largest` fit into 62 bits."""
        return cls(min(_GRID_BITS - frexp(largest)[1], _MAX_EXPONENT) if largest > 0 else 0)

    @property
    def factor(self) -> float:
        """2^exponent as a float; multiplying by it is exact."""
        return 2.0**self.exponent

    def exact(self, total: int) -> Fraction:
        """The sum that the integer total stands for."""
        return Fraction(total) / Fraction(2) ** self.exponent


@dataclass(frozen=True, slots=True)
class Tally:
    """n cases with Σw and Σw²."""

    n: int = 0
    w: float = 0.0
    w2: float = 0.0


EMPTY: Final = Tally()


@dataclass(frozen=True, slots=True)
class Axis:
    """A stub or banner: the variable and its categories, in codebook order, then others in the order of their code."""

    variable: Variable
    codes: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def is_multiple(self) -> bool:
        """True for a multiple-response set, whose categories share respondents."""
        return self.variable.kind == "multiple"


@dataclass(frozen=True, slots=True)
class WeightUse:
    """What became of the rows: inside the filter, and among them left out because of their weight."""

    n_filtered: int
    n_missing: int = 0
    n_zero: int = 0


@dataclass(frozen=True, slots=True)
class SharedTallies:
    """Respondents in two banner columns at once, keyed (column, column) and (row, column, column)."""

    bases: Mapping[tuple[str, str], Tally]
    cells: Mapping[tuple[str, str, str], Tally]


@dataclass(frozen=True, slots=True)
class CrosstabStatistics:
    """A stub by a banner: tallies of cells, of column bases (in the column, stub answered), of row bases, of all."""

    row: Axis
    column: Axis
    cells: Mapping[tuple[str, str], Tally]
    column_bases: Mapping[str, Tally]
    row_bases: Mapping[str, Tally]
    total: Tally
    shared: SharedTallies | None = None


@dataclass(frozen=True, slots=True)
class FrequencyStatistics:
    """One variable: tallies of its categories, of respondents who answered, and counts of missing by kind."""

    axis: Axis
    cells: Mapping[str, Tally]
    base: Tally
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupMoments:
    """A group of a MEAN: its codes by variable, exact moments about the pivot (see inference), order statistics.

    `moments` are Σw, Σw², Σwd, Σwd², Σw²d, Σw²d² with d = x - pivot.
    """

    codes: tuple[str, ...]
    n: int
    pivot: Fraction
    moments: tuple[Fraction, ...]
    minimum: float | None = None
    maximum: float | None = None
    quantiles: Sequence[float | None] = ()
    mode: float | None = None


@dataclass(frozen=True, slots=True)
class MeanStatistics:
    """A variable's moments in every group of the `by` variables, groups in codebook order."""

    variable: Variable
    by: tuple[Axis, ...]
    groups: tuple[GroupMoments, ...]
    n_missing: int
    n_unscored: int = 0
