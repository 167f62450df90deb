"""The ways in which people write numbers, dates and times: a pattern to recognise each, and the SQL to read it.

A pattern is a regular expression in the common subset of Python's `re` and RE2 (DuckDB), matched against the whole
cell without surrounding blanks. The same pattern proposes a format on a sample (here) and verifies it on all rows
(in DuckDB), so both see the same language.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

from services.ingestion.domain.quoting import literal

_SIGN = "[+\\-−]?"
# Doubles hold 15 decimal digits exactly (IEEE 754 binary64); longer runs of digits are identifiers.
_DIGITS = "(?:0|[1-9][0-9]{0,14})"
# Cells that veto numbers: leading zeros (postal codes, respondent ids) and digits past a double's precision.
_IDENTIFIER_CELL = "[+\\-]?(?:0[0-9][0-9.,]*|[0-9]{16,})"
_SYMBOLS = "$€£¥₹₽₺₩₪₫฿₴₦₱"
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY|BRL|MXN|ZAR|KRW|SGD|HKD|ILS"
_CURRENCY = f"(?:[{_SYMBOLS}]|(?:{_CODES}))"


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """One way of writing values of one kind.

    `pattern` must match a whole cell; no cell may match `veto`; `sql` holds `{cell}` and yields `sql_type` or NULL.
    """

    kind: str
    name: str
    pattern: str
    sql: str
    sql_type: str
    veto: str | None = None
    # Two orders of day and month exclude each other: both fit 03/04/2020, so a mixture cannot be read safely.
    family: str = ""
    # What it reads cannot be meant otherwise, so no rival needs counting once it reads all cells.
    plain: bool = False
    # A pattern that is found in every cell of this format; far cheaper to look for, so most formats are never tried.
    mark: str = "[0-9]"

    def matches(self, cell: str) -> bool:
        """True when a cell is written in this format."""
        return _compiled(self.pattern).fullmatch(cell) is not None

    def value_sql(self, cell: str) -> str:
        """Return the SQL expression of the typed value; NULL where the cell is written otherwise."""
        return f"CASE WHEN {self.matches_sql(cell)} THEN {self.sql.replace('{cell}', cell)} END"

    def matches_sql(self, cell: str) -> str:
        """Return the SQL condition that a cell is written in this format."""
        return f"regexp_full_match({cell}, {literal(self.pattern)})"

    def veto_sql(self, cell: str) -> str:
        """Return the SQL condition that a cell forbids this format for the whole column."""
        return f"regexp_full_match({cell}, {literal(self.veto)})" if self.veto else "false"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """Decimal and grouping characters of a way to write numbers."""

    name: str
    decimal: str
    group: str

    @property
    def core(self) -> str:
        """The pattern of a number without sign."""
        decimal = re.escape(self.decimal)
        grouped = f"[1-9][0-9]{{0,2}}(?:[{re.escape(self.group)}][0-9]{{3}})+" if self.group else ""
        whole = f"(?:{grouped}|{_DIGITS})" if grouped else _DIGITS
        exponent = "(?:[eE][+\\-]?[0-9]{1,3})?" if self.decimal == "." else ""
        return f"(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+){exponent}"

    def number_sql(self, cell: str) -> str:
        """Return SQL for the finite double that a matching cell means, else NULL."""
        text = f"replace({cell}, '−', '-')"
        for char in self.group:
            text = f"replace({text}, {literal(char)}, '')"
        if self.decimal != ".":
            text = f"replace({text}, {literal(self.decimal)}, '.')"
        value = f"TRY_CAST({text} AS DOUBLE)"
        return f"CASE WHEN isfinite({value}) THEN {value} END"


# In the order of preference where several read all cells alike.
NUMBER_STYLES = (
    NumberStyle("1234.5", ".", ""),
    NumberStyle("1,234.5", ".", ","),
    NumberStyle("1.234,5", ",", "."),
    NumberStyle("1 234,5", ",", " \u00a0\u202f"),
    NumberStyle("1 234.5", ".", " \u00a0\u202f"),
    NumberStyle("1'234.5", ".", "'’"),
)


def _integer() -> ValueFormat:
    # The typographic minus sign is rare; coalesce looks at the second way only where the first fails.
    sql = "coalesce(TRY_CAST({cell} AS BIGINT), TRY_CAST(replace({cell}, '−', '-') AS BIGINT))"
    return ValueFormat("integer", "1234", f"{_SIGN}{_DIGITS}", sql, "BIGINT", _IDENTIFIER_CELL, plain=True)


def _whole_with_zeros() -> ValueFormat:
    # Spreadsheets and pandas write whole numbers of a column with gaps as 1.0, 2.0 …
    sql = "TRY_CAST(TRY_CAST(replace({cell}, '−', '-') AS DOUBLE) AS BIGINT)"
    return ValueFormat(
        "integer", "1234.0", f"{_SIGN}{_DIGITS}(?:\\.0{{1,6}})?", sql, "BIGINT", _IDENTIFIER_CELL
    )


def _grouped_integer(name: str, group: str) -> ValueFormat:
    pattern = f"{_SIGN}(?:[1-9][0-9]{{0,2}}(?:[{re.escape(group)}][0-9]{{3}})+|{_DIGITS})"
    sql = "replace({cell}, '−', '-')"
    for char in group:
        sql = f"replace({sql}, {literal(char)}, '')"
    return ValueFormat("integer", name, pattern, f"TRY_CAST({sql} AS BIGINT)", "BIGINT", _IDENTIFIER_CELL)


def _decimal(style: NumberStyle) -> ValueFormat:
    pattern = f"{_SIGN}{style.core}"
    plain = style is NUMBER_STYLES[0]
    return ValueFormat(
        "decimal", style.name, pattern, style.number_sql("{cell}"), "DOUBLE", _IDENTIFIER_CELL, plain=plain
    )


def _percentage(style: NumberStyle) -> ValueFormat:
    pattern = f"{_SIGN}{style.core}[ \u00a0]?%"
    bare = style.number_sql("rtrim({cell}, '% \u00a0')")
    return ValueFormat("percentage", f"{style.name} %", pattern, bare, "DOUBLE", mark="%")


def _currency(style: NumberStyle) -> ValueFormat:
    core = style.core.removesuffix("(?:[eE][+\\-]?[0-9]{1,3})?")
    pattern = f"{_SIGN}(?:{_CURRENCY}[ \u00a0]?{_SIGN}{core}|{core}[ \u00a0]?{_CURRENCY})"
    bare = style.number_sql("trim(regexp_replace({cell}, " + literal(_CURRENCY) + ", ''), ' \u00a0')")
    return ValueFormat("currency", f"¤ {style.name}", pattern, bare, "DOUBLE", mark=_CURRENCY)


_DAY, _MONTH, _YEAR4, _YEAR2 = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "[12][0-9]{3}", "[0-9]{2}"
_NAMED = "[A-Za-z]{3,9}"
# (name, pattern, strptime format, family)
_DATES: tuple[tuple[str, str, str, str], ...] = (
    ("2020-12-31", f"{_YEAR4}-{_MONTH}-{_DAY}", "%Y-%m-%d", ""),
    ("2020/12/31", f"{_YEAR4}/{_MONTH}/{_DAY}", "%Y/%m/%d", ""),
    ("2020.12.31", f"{_YEAR4}\\.{_MONTH}\\.{_DAY}", "%Y.%m.%d", ""),
    ("31.12.2020", f"{_DAY}\\.{_MONTH}\\.{_YEAR4}", "%d.%m.%Y", ""),
    ("31/12/2020", f"{_DAY}/{_MONTH}/{_YEAR4}", "%d/%m/%Y", "/"),
    ("12/31/2020", f"{_MONTH}/{_DAY}/{_YEAR4}", "%m/%d/%Y", "/"),
    ("31-12-2020", f"{_DAY}-{_MONTH}-{_YEAR4}", "%d-%m-%Y", "-"),
    ("12-31-2020", f"{_MONTH}-{_DAY}-{_YEAR4}", "%m-%d-%Y", "-"),
    ("31.12.20", f"{_DAY}\\.{_MONTH}\\.{_YEAR2}", "%d.%m.%y", ""),
    ("31/12/20", f"{_DAY}/{_MONTH}/{_YEAR2}", "%d/%m/%y", "/2"),
    ("12/31/20", f"{_MONTH}/{_DAY}/{_YEAR2}", "%m/%d/%y", "/2"),
    ("31 Dec 2020", f"{_DAY} {_NAMED} {_YEAR4}", "%d %b %Y", ""),
    ("31 December 2020", f"{_DAY} {_NAMED} {_YEAR4}", "%d %B %Y", ""),
    ("31-Dec-2020", f"{_DAY}-{_NAMED}-{_YEAR4}", "%d-%b-%Y", ""),
    ("31-Dec-20", f"{_DAY}-{_NAMED}-{_YEAR2}", "%d-%b-%y", ""),
    ("Dec 31, 2020", f"{_NAMED} {_DAY}, {_YEAR4}", "%b %d, %Y", ""),
    ("December 31, 2020", f"{_NAMED} {_DAY}, {_YEAR4}", "%B %d, %Y", ""),
)
_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
# (name, pattern, strptime formats): one format may leave the seconds out.
_TIMES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("23:59:59", f"{_CLOCK}(?::[0-5][0-9](?:\\.[0-9]{{1,6}})?)?", ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M")),
    (
        "11:59 PM",
        f"{_CLOCK}(?::[0-5][0-9])? ?[AaPp][Mm]",
        ("%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p"),
    ),
)


def _strptime(formats: tuple[str, ...]) -> str:
    return "try_strptime({cell}, [" + ", ".join(map(literal, formats)) + "])"


def _date(name: str, pattern: str, strptime: str, family: str) -> ValueFormat:
    return ValueFormat(
        "date",
        name,
        pattern,
        f"CAST({_strptime((strptime,))} AS DATE)",
        "DATE",
        family=family,
        mark=_separator(strptime),
    )


def _separator(strptime: str) -> str:
    # Between day and month, or month and year.
    return re.escape(re.sub("%[a-zA-Z]", "", strptime)[-1])


def _datetime(date: tuple[str, str, str, str], time: tuple[str, str, tuple[str, ...]]) -> ValueFormat:
    formats = tuple(f"{date[2]}{gap}{clock}" for gap, clock in product((" ", "T"), time[2]))
    pattern = f"{date[1]}[ T]{time[1]}"
    return ValueFormat(
        "datetime",
        f"{date[0]} {time[0]}",
        pattern,
        _strptime(formats),
        "TIMESTAMP",
        family=date[3],
        mark=f"{_separator(date[2])}.*:",
    )


def _datetime_with_offset() -> ValueFormat:
    pattern = f"{_DATES[0][1]}[ T]{_TIMES[0][1]} ?(?:Z|UTC|[+\\-][0-9]{{2}}(?::?[0-9]{{2}})?)"
    aware = "TRY_CAST(regexp_replace({cell}, ' ?(?:Z|UTC)$', '+00') AS TIMESTAMPTZ)"
    return ValueFormat(
        "datetime",
        "2020-12-31T23:59:59+00:00",
        pattern,
        f"({aware} AT TIME ZONE 'UTC')",
        "TIMESTAMP",
        mark="-.*:",
    )


def _time(time: tuple[str, str, tuple[str, ...]]) -> ValueFormat:
    return ValueFormat("time", time[0], time[1], f"CAST({_strptime(time[2])} AS TIME)", "TIME", mark=":")


_BOOLEAN = ValueFormat(
    "boolean",
    "true/false",
    "(?i:true|false)",
    "lower({cell}) = 'true'",
    "BOOLEAN",
    plain=True,
    mark="[eE]",
)
GROUPED_BY_POINTS = _grouped_integer("1.234", ".")
# In the order in which they are preferred where several read all cells.
FORMATS: tuple[ValueFormat, ...] = (
    _BOOLEAN,
    _integer(),
    _whole_with_zeros(),
    _grouped_integer("1,234", ","),
    *(_decimal(style) for style in NUMBER_STYLES),
    GROUPED_BY_POINTS,
    _grouped_integer("1 234", " \u00a0\u202f"),
    *(_percentage(style) for style in NUMBER_STYLES),
    *(_currency(style) for style in NUMBER_STYLES),
    *(_date(*date) for date in _DATES),
    *(_datetime(date, time) for date, time in product(_DATES, _TIMES)),
    _datetime_with_offset(),
    *(_time(time) for time in _TIMES),
)
# Texts that are recognised but stay texts.
EMAIL = ValueFormat("email", "email", "[^@\\s,;]+@[^@\\s,;]+\\.[^@\\s,;.]{2,}", "{cell}", "VARCHAR")
URL = ValueFormat("url", "URL", "(?i:(?:https?|ftp)://\\S+|www\\.\\S+\\.\\S+)", "{cell}", "VARCHAR")
PHONE = ValueFormat("phone", "phone", "(?:\\+|00)?[0-9(][0-9 ().\\-/\u00a0]{5,20}[0-9]", "{cell}", "VARCHAR")
UUID = ValueFormat("id", "UUID", "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", "{cell}", "VARCHAR")
NUMBER_LIKE_ID = ValueFormat("id", "digits", _IDENTIFIER_CELL, "{cell}", "VARCHAR")
TEXT_FORMATS = (UUID, EMAIL, URL, PHONE)

# Ways in which programs and people write "no value"; missing in typed columns, kept as they are in texts.
MISSING_MARKERS = frozenset(
    [
        "na",
        "n/a",
        "#n/a",
        "n.a.",
        "nan",
        "null",
        "#null!",
        "none",
        "nil",
        "<na>",
        "\\n",
        "-",
        "--",
        "—",
        "–",
        ".",
        "?",
        "missing",
        "#div/0!",
        "#value!",
        "#ref!",
        "#name?",
        "#num!",
        "k.a.",
    ]
)


def currency_unit(cell: str) -> str | None:
    """Return the symbol or code in a cell such as `€ 5` or `5 EUR`, or None."""
    found = _compiled(_CURRENCY).search(cell)
    return found.group() if found else None
