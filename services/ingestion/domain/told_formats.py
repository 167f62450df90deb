"""Ways of writing that only a person's word makes what they are: bare numbers as percentages, digits with leading zeros as numbers.

Detection never proposes them, since `007` may be a code and `12` anything. Same language as `formats`.
"""

from collections.abc import Iterator
from dataclasses import replace

from services.ingestion.domain.formats import FORMATS, NUMBER_STYLES, NumberStyle, ValueFormat
from services.ingestion.domain.quoting import literal
from services.ingestion.domain.spans import DURATIONS

_SIGN = "[+\\-−]?"
_BARE = ("percentage", "currency", "duration")
"""Kinds whose values may stand as bare numbers: percent, units of the currency, seconds."""
_TRUE = ("true", "t", "yes", "y", "1", "on", "x", "ja", "j", "wahr", "oui", "o", "vrai", "sí", "si", "s", "verdadero", "sì",
         "vero", "sim", "verdadeiro", "tak", "да", "是", "はい")  # fmt: skip
_FALSE = ("false", "f", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "falso", "não", "nao", "nie", "нет", "否",
          "いいえ")  # fmt: skip


def _words(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(map(literal, words)) + ")"


_BOOLEAN = ValueFormat(
    "boolean",
    "yes/no",
    f"(?i:{'|'.join((*_TRUE, *_FALSE))})",
    f"lower({{cell}}) IN {_words(_TRUE)}",
    "BOOLEAN",
)
_WITH_ZEROS = ValueFormat(
    "integer", "007", f"{_SIGN}[0-9]{{1,18}}", "TRY_CAST(replace({cell}, '−', '-') AS BIGINT)", "BIGINT"
)


def _number(kind: str, style: NumberStyle) -> ValueFormat:
    sql = style.number_sql("{cell}")
    return ValueFormat(kind, style.name, f"{_SIGN}0*{style.core}", sql, "DOUBLE")


def _all() -> Iterator[ValueFormat]:
    yield from FORMATS
    yield from DURATIONS
    # Of a column of percentages some cells may lack the sign.
    percentages = (form for form in FORMATS if form.kind == "percentage")
    yield from (replace(form, pattern=form.pattern.removesuffix("%") + "%?") for form in percentages)
    for kind in ("decimal", *_BARE):
        yield from (_number(kind, style) for style in NUMBER_STYLES)
    yield _WITH_ZEROS
    yield _BOOLEAN


TOLD_FORMATS: tuple[ValueFormat, ...] = tuple(_all())
"""In the order in which they are preferred where several read as many cells."""
