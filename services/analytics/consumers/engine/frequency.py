"""Sufficient statistics of one frequency table."""

from typing import Final

from contracts.datasets.codebook import Variable
from services.analytics.consumers.engine.axes import answered, axis_of, code_of, with_membership
from services.analytics.consumers.engine.rows import Cases, require_column
from services.analytics.domain.statistics import EMPTY, FrequencyStatistics

_CODE: Final = "_code"


def frequency_statistics(cases: Cases, variable: Variable) -> FrequencyStatistics:
    """Tallies of every category and of respondents who answered; missing by kind where the file says which."""
    require_column(cases.table, variable)
    base = answered(cases.table, variable)
    members = with_membership(base, variable, _CODE)
    found = cases.engine.rows(members.group_by(_CODE).aggregate(**cases.sums(members)))
    if variable.kind == "multiple":
        total = cases.engine.rows(base.aggregate(**cases.sums(base)))[0]
    else:  # everybody is in exactly one category, and the sums are exact
        total = tuple(sum(column) for column in zip(*(row[1:] for row in found), strict=True))
    return FrequencyStatistics(
        axis=axis_of(variable, [row[0] for row in found]),
        cells={code_of(row[0]): cases.tally(row[1:]) for row in found},
        base=cases.tally(total) if total else EMPTY,
        missing=_missing_kinds(cases, variable),
    )


def _missing_kinds(cases: Cases, variable: Variable) -> dict[str, int]:
    """Unweighted counts of missing answers: not_asked, skipped, refused …; "missing" where the kind is unknown."""
    table = cases.table
    absent = table.filter(table[variable.alias].isnull())
    kinds = f"{variable.alias}__missing"
    if kinds not in table.columns:
        n = cases.engine.rows(absent.aggregate(n=absent.count()))[0][0]
        return {"missing": n} if n else {}
    counted = absent.group_by(kinds).aggregate(n=absent.count())
    return dict(sorted((kind or "missing", n) for kind, n in cases.engine.rows(counted)))
