"""Column letters: which columns a cell is significantly higher than, at two levels."""

from collections.abc import Sequence
from string import ascii_uppercase

import numpy as np

from services.analytics.domain.inference.arrays import Floats


def column_letters(n_columns: int) -> list[str]:
    """A … Z, AA, AB …: the name of each column, as spreadsheets count."""
    return [_letter(index) for index in range(n_columns)]


def _letter(index: int) -> str:
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = ascii_uppercase[rest] + name
    return name


def significance_letters(
    differences: Floats,
    p_values: Floats,
    pairs: Sequence[tuple[int, int]],
    *,
    n_columns: int,
    alphas: Sequence[float],
) -> list[list[str]]:
    """(rows × columns) letters of the columns that a cell exceeds, space separated; "" where it exceeds none.

    `differences` and `p_values` are (pairs × rows), first minus second column. Of two levels the stricter writes upper
    case and the looser lower case, as CTABLES and Quantum tables do; one level writes upper case.
    """
    names = column_letters(n_columns)
    strict, loose = min(alphas), max(alphas)
    cells: list[list[list[tuple[int, str]]]] = [[[] for _ in names] for _ in range(p_values.shape[1])]
    with np.errstate(invalid="ignore"):
        hits = np.argwhere(p_values < loose)
    for pair, row in hits.tolist():
        higher, lower = pairs[pair] if differences[pair, row] > 0 else pairs[pair][::-1]
        name = names[lower] if p_values[pair, row] < strict or strict == loose else names[lower].lower()
        cells[row][higher].append((lower, name))
    return [[" ".join(name for _, name in sorted(cell)) for cell in row] for row in cells]
