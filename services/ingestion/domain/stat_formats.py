"""What the print format of a numeric variable says: a date of which calendar, a time, an amount, or just a number.

Sources: IBM SPSS Statistics Command Syntax Reference, "Variable types and formats"; Stata User's Guide [U] 12.5 and
[D] datetime; SAS 9.4 Formats and Informats. SPSS counts seconds from the start of the Gregorian calendar, 14 October
1582; Stata and SAS count from 1 January 1960, each in the unit of the format.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_SPSS_EPOCH_S = -12_219_379_200
_1960_S = -315_619_200


class Program(StrEnum):
    """Whose file it is."""

    SPSS = "SPSS"
    STATA = "Stata"
    SAS = "SAS"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of a numeric format, and the SQL expression of its value; `{v}` stands for the stored number."""

    kind: str
    sql: str = "{v}"
    sql_type: str = "DOUBLE"
    unit: str | None = None


NUMBER = Meaning("number")
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
BUILT_IN_LABELS: Mapping[str, Mapping[float | str, str]] = {
    "WKDAY": {float(number): word for number, word in enumerate(_WEEKDAYS, 1)},
    "MONTH": {float(number): word for number, word in enumerate(_MONTHS, 1)},
}
"""Formats of SPSS that show numbers as words."""


def _instant(seconds: str, epoch_s: int) -> str:
    # TRY: a number may lie beyond any calendar; it becomes missing and is counted.
    return f"TRY(make_timestamp(CAST(round(({seconds} + {epoch_s}) * 1e6) AS BIGINT)))"


def _moment(unit_s: str, epoch_s: int) -> Meaning:
    instant = _instant(f"{{v}} * {unit_s}", epoch_s)
    return Meaning("datetime", f"({instant}) AT TIME ZONE 'UTC'", "TIMESTAMP")


def _day(unit_s: str, epoch_s: int) -> Meaning:
    return Meaning("date", f"CAST({_instant(f'{{v}} * {unit_s}', epoch_s)} AS DATE)", "DATE")


def _months_since_1960(factor: int) -> Meaning:
    months = f"CAST(floor({{v}}) AS BIGINT) * {factor}"
    return Meaning("date", f"TRY(CAST(DATE '1960-01-01' + to_months({months}) AS DATE))", "DATE")


_CLOCK = Meaning("time", "TRY(TIME '00:00:00' + to_microseconds(CAST(round({v} * 1e6) AS BIGINT)))", "TIME")
_CLOCK_MS = Meaning(
    "time", "TRY(TIME '00:00:00' + to_microseconds(CAST(round({v} * 1e3) AS BIGINT)))", "TIME"
)
# Stata's weeks begin on 1 January, and the 52nd has eight or nine days.
_STATA_WEEK = Meaning(
    "date",
    "TRY(CAST(make_date(CAST(1960 + floor({v} / 52) AS BIGINT), 1, 1)"
    " + to_days(CAST(7 * ({v} - 52 * floor({v} / 52)) AS INTEGER)) AS DATE))",
    "DATE",
)
_SPSS: dict[str, Meaning] = {
    **dict.fromkeys(
        ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR"), _day("1", _SPSS_EPOCH_S)
    ),
    **dict.fromkeys(("DATETIME", "YMDHMS"), _moment("1", _SPSS_EPOCH_S)),
    **dict.fromkeys(("TIME", "MTIME"), _CLOCK),
    "DTIME": Meaning("duration"),
    "DOLLAR": Meaning("currency", unit="$"),
    "PCT": Meaning("percentage", unit="%"),
}
_STATA: dict[str, Meaning] = {
    "d": _day("86400", _1960_S),
    "c": _moment("0.001", _1960_S),
    "C": _moment("0.001", _1960_S),
    "w": _STATA_WEEK,
    "m": _months_since_1960(1),
    "q": _months_since_1960(3),
    "h": _months_since_1960(6),
    "y": NUMBER,
    "clock": _CLOCK_MS,
}
_SAS_DATES = (
    *("DATE", "DAY", "DDMMYY", "MMDDYY", "YYMMDD", "YYMM", "YYQ", "MONYY", "JULIAN", "WORDDATE", "WEEKDATE"),
    *("E8601DA", "B8601DA", "NLDATE", "MMYY", "YEAR", "DOWNAME", "MONNAME"),
)
_SAS: dict[str, Meaning] = {
    **dict.fromkeys(_SAS_DATES, _day("86400", _1960_S)),
    **dict.fromkeys(
        ("DATETIME", "DATEAMPM", "DTDATE", "E8601DT", "B8601DT", "NLDATM"), _moment("1", _1960_S)
    ),
    **dict.fromkeys(("TIME", "TIMEAMPM", "HHMM", "E8601TM", "TOD", "MMSS"), _CLOCK),
    **dict.fromkeys(("DOLLAR", "NLMNY"), Meaning("currency", unit="$")),
    "EURO": Meaning("currency", unit="€"),
    **dict.fromkeys(("PERCENT", "PERCENTN", "NLPCT"), Meaning("percentage", "{v} * 100", unit="%")),
}
_STATA_DATE = re.compile(r"%-?t(?P<unit>[cCdwmqhy])(?P<shown>.*)|%-?d.*")
_STATA_CLOCK_ONLY = re.compile(r"(?:H|h|M|S|s|:|\.|A|a|_| )+")


def meaning_of_format(program: Program, written: str) -> Meaning:
    """Return what a numeric format of a program means; unknown ones are plain numbers."""
    if program is Program.STATA:
        found = _STATA_DATE.fullmatch(written)
        if not found:
            return NUMBER
        shown = found["shown"] or ""
        is_clock = found["unit"] in {"c", "C"} and bool(shown) and bool(_STATA_CLOCK_ONLY.fullmatch(shown))
        return _STATA["clock" if is_clock else found["unit"] or "d"]
    name = base_name(written)
    return (_SPSS if program is Program.SPSS else _SAS).get(name, NUMBER)


def base_name(written: str) -> str:
    """Return a format's name without width and decimals: `DATETIME` of `DATETIME20.2`, `E8601DA` of `E8601DA10.`."""
    found = re.match(r"(E8601[A-Z]+|B8601[A-Z]+|[A-Z]+)", written.upper())
    return found[1] if found else ""
