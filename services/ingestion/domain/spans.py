"""The ways in which people write how long something took, and where something is; see `formats` for the language.

Lengths of time are stored as seconds. Places stay texts: pairs of degrees, latitude first, and points of WKT (OGC Simple
Feature Access 1.2.1, §7.2).
"""

import re

from services.ingestion.domain.formats import ValueFormat
from services.ingestion.domain.quoting import literal

_N = "[0-9]+(?:[.,][0-9]+)?"
_UNITS: tuple[tuple[int, str], ...] = (
    (86_400, "d|days?|tage?n?|jours?|días?|dias?|giorn[oi]"),
    (3600, "h|hrs?\\.?|hours?|std\\.?|stunden?|heures?|horas?|or[ae]"),
    (60, "m|mins?\\.?|minutes?|minuten?|minutos?|minut[oi]"),
    (1, "s|secs?\\.?|seconds?|sek\\.?|sekunden?|secondes?|segundos?|second[oi]"),
)
_WORDS = (
    "(?i:"
    + "".join(f"(?:({_N}) ?(?:{words})(?:[, ]+(?:and |und |et |y |e )?)?)?" for _, words in _UNITS)
    + ")"
)
# ISO 8601-1:2019, 5.5.2, without years and months, whose length varies.
_ISO = "P(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:[.,][0-9]+)?)S)?)?"
_CLOCK = "([0-9]{1,4}):([0-5][0-9]):([0-5][0-9](?:\\.[0-9]{1,6})?)"
BARE_MINUTES = re.compile(rf"{_N} ?m", re.IGNORECASE)
"""`10 m`: minutes only where other cells speak of hours or seconds; else rather metres."""
DURATION_NAME = re.compile(
    r".*(?:duration|elapsed|length of|time (?:spent|taken|on)|took|dauer|durée|duración|durata|laufzeit).*",
    re.IGNORECASE,
)


def _seconds(pattern: str, factors: tuple[int, ...]) -> str:
    parts = [
        f"coalesce(TRY_CAST(replace(regexp_extract({{cell}}, {literal(f'^{pattern}$')}, {group}), ',', '.') AS DOUBLE), 0) * {factor}"
        for group, factor in enumerate(factors, 1)
    ]
    # `P` and `PT` match the pattern and say nothing.
    return f"CASE WHEN regexp_matches({{cell}}, '[0-9]') THEN {' + '.join(parts)} END"


def _duration(name: str, pattern: str, factors: tuple[int, ...], mark: str) -> ValueFormat:
    return ValueFormat("duration", name, pattern, _seconds(pattern, factors), "DOUBLE", mark=mark)


DURATIONS: tuple[ValueFormat, ...] = (
    _duration("1h 20m", _WORDS, tuple(factor for factor, _ in _UNITS), "(?i)[0-9] ?[dhmsjtgo]"),
    _duration("PT1H20M", _ISO, (604_800, 86_400, 3600, 60, 1), "^P"),
    _duration("26:30:05", _CLOCK, (3600, 60, 1), ":[0-5][0-9]:"),
)

_LATITUDE = "[+\\-−]?(?:90(?:\\.0+)?|[0-8]?[0-9]\\.[0-9]+)"
_LONGITUDE = "[+\\-−]?(?:180(?:\\.0+)?|(?:1[0-7]|[0-9])?[0-9]\\.[0-9]+)"
_PAIR = f"[(\\[]?{_LATITUDE}°?(?: ?[,;] ?| ){_LONGITUDE}°?[)\\]]?"
_POINT = "(?i:(?:SRID=[0-9]+; ?)?POINT ?Z?M? ?\\( ?[+\\-]?[0-9.]+(?: [+\\-]?[0-9.]+){1,3} ?\\))"
PLACE = ValueFormat("geo", "latitude, longitude", f"(?:{_PAIR}|{_POINT})", "{cell}", "VARCHAR")
