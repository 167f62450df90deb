"""What the values of a column mean: proposed on a sample, verified on all rows, decided here with a reason.

Pure: the counts come from `profiles`. A number or date is only believed when at least 95 % of the filled cells are
written that way and none carries a leading zero or more digits than a double holds; the cells that do not fit are
counted and listed in the import report, never dropped silently.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from services.ingestion.domain.categories import (
    Code,
    Frequencies,
    codes_of,
    find_multiple_response,
    is_category,
)
from services.ingestion.domain.formats import (
    EMAIL,
    FORMATS,
    MISSING_MARKERS,
    NUMBER_LIKE_ID,
    PHONE,
    URL,
    UUID,
    ValueFormat,
    currency_unit,
)
from services.ingestion.domain.spans import BARE_MINUTES, DURATION_NAME, DURATIONS, PLACE

MIN_TYPED_RATIO = 0.95
_MIN_TEXT_KIND_RATIO = 0.9
_MIN_PROPOSED_RATIO = 0.5
_PROPOSING_CELLS = 500
_NEAR_THE_BEST = 0.2
_AMBIGUOUS = 0.5
_TYPED = (*FORMATS, *DURATIONS)
_DATES = tuple(form for form in FORMATS if form.kind == "date")
_DEGREES = (
    (
        90.0,
        "latitude",
        re.compile(r"(?i:(?:.*[ _.\-(])?(?:lat|latitude|breite|breitengrad|latitud)\)?)|.*[a-z]Latitude"),
    ),
    (
        180.0,
        "longitude",
        re.compile(
            r"(?i:(?:.*[ _.\-(])?(?:lon|lng|long|longitude|länge|längengrad|longitud)\)?)|.*[a-z]Longitude"
        ),
    ),
)
# 12:30:05 is a time of day, or a length of time where the name says so.
_CLOCKS = {"time", "duration"}
_NUMERIC = frozenset({"integer", "decimal", "currency", "percentage"})
ID_NAME = re.compile(
    r"(?i:(?:.*[ _.\-])?(?:id|uuid|guid|key|#|nr|serial|token|respnum|caseid|respid|respondent|record|index|row)"
    r"|unnamed: 0|)|.*[a-z](?:ID|Id)"
)
WEIGHT_NAME = re.compile(r"(?i:(?:.*[ _.\-])?(?:w|wt|wgt|weight|weights|weighting|gewicht|poids|peso))")
_PHONE_NAME = re.compile(r"(?i:.*(?:phone|telephone|tel|mobile|handy|fax)\b.*)")
# ITU-T E.164: fifteen digits at most.
_MOST_PHONE_DIGITS = 15
_IPV4 = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_DIGITS = re.compile(r"[0-9]+")
# Names of number formats, without the mark of a currency, in which the decimal character is a point or a comma.
_POINT_STYLES = frozenset({"1,234", "1,234.5", "1234.0", "1234.5"})
COMMA_STYLES = frozenset({"1.234", "1.234,5"})


@dataclass(frozen=True, slots=True)
class FormatFacts:
    """How all rows of a column fare with one format; extremes as DuckDB gives them."""

    format: ValueFormat
    n_matching: int
    n_vetoed: int = 0
    # Cells that this format or its rivals of the same family read (day first, month first).
    n_family: int = 0
    minimum: object = None
    maximum: object = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What was counted over all rows of a column: `sample` and `frequencies` hold cells without blanks around."""

    name: str
    alias: str
    n_rows: int
    n_filled: int
    n_distinct: int
    n_markers: int = 0
    distinct_is_exact: bool = True
    sample: tuple[str, ...] = ()
    formats: tuple[FormatFacts, ...] = ()
    frequencies: Frequencies | None = None
    decimal_comma_is_likely: bool = False

    @property
    def n_claimed(self) -> int:
        """Filled cells that are no marker of a missing value."""
        return self.n_filled - self.n_markers


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a column is taken for, how sure that is, and why."""

    kind: str
    confidence: float
    reason: str
    facts: FormatFacts | None = None
    codes: tuple[Code, ...] = field(default=())
    separator: str | None = None
    whole: tuple[str, ...] = ()
    """Answers of a multiple response in whose wording the separator stands."""
    unit: str | None = None
    role: str | None = None


def propose(sample: Sequence[str]) -> tuple[ValueFormat, ...]:
    """Return the formats worth counting on all rows: those that at least half of a sample is written in.

    The first one is the likeliest; where it is `plain`, the others need counting only if it does not read all cells.
    """
    counts = Counter(cell for cell in _some(sample) if cell.lower() not in MISSING_MARKERS)
    if not counts:
        return ()
    n_cells = counts.total()

    @cache
    def is_marked(mark: str) -> bool:
        seen = re.compile(mark).search
        return sum(n for cell, n in counts.items() if seen(cell)) >= n_cells * _MIN_PROPOSED_RATIO

    likely = (f for f in _TYPED if is_marked(f.mark))
    shares = ((f, sum(n for cell, n in counts.items() if f.matches(cell)) / n_cells) for f in likely)
    found = [(f, share) for f, share in shares if share >= _MIN_PROPOSED_RATIO]
    best = max((share for _, share in found), default=0.0)
    families = {f.family for f, share in found if f.family}
    # A format that reads far fewer cells than the best cannot win; rivals of a family are needed to see a mixture.
    near = tuple(f for f, share in found if share >= best - _NEAR_THE_BEST)
    return tuple(f for f in _TYPED if f in near or (f.family and f.family in families))


def understand(facts: ColumnFacts) -> Understanding:
    """Return what a column is; the first question answered with yes decides."""
    if facts.n_filled == 0:
        return Understanding("text", 0.0, "no row has a value")
    for question in (_uuid_or_phone, _typed, _contact, _multiple, _digits, _category, _identifier):
        found = question(facts)
        if found is not None:
            return found
    return Understanding("text", 0.9, f"{facts.n_distinct} different texts")


def _share(facts: ColumnFacts, form: ValueFormat) -> float:
    some = _some(facts.sample)
    return sum(map(form.matches, some)) / len(some) if some else 0.0


def _some(sample: Sequence[str]) -> Sequence[str]:
    """Cells from all over a sample, as many as a share needs."""
    return sample[:: max(1, len(sample) // _PROPOSING_CELLS)]


def _uuid_or_phone(facts: ColumnFacts) -> Understanding | None:
    if _share(facts, UUID) == 1:
        return Understanding("id", 0.99, "all cells are UUIDs", role="id")
    if _PHONE_NAME.fullmatch(facts.name) and _share(facts, PHONE) >= _MIN_TEXT_KIND_RATIO:
        return Understanding("phone", 0.95, "the name and the cells speak of telephone numbers")
    return None


def _typed(facts: ColumnFacts) -> Understanding | None:
    needed = max(1.0, facts.n_claimed * MIN_TYPED_RATIO)
    fitting = [
        f
        for f in facts.formats
        if f.n_vetoed == 0 and max(f.n_matching, f.n_family) >= needed and not _are_metres(facts, f)
    ]
    if not fitting:
        return None
    most = max(f.n_matching for f in fitting)
    best = [f for f in fitting if f.n_matching == most]
    chosen = _prefer(best, facts)
    if chosen.n_family > chosen.n_matching:
        n_other = chosen.n_family - chosen.n_matching
        reason = f"day and month stand in both orders: {n_other} cells contradict the others"
        return Understanding("text", 0.8, reason)
    return _numbered_ids(facts, chosen) or _as_understood(facts, chosen, best)


def _are_metres(facts: ColumnFacts, found: FormatFacts) -> bool:
    return (
        found.format is DURATIONS[0]
        and all(map(BARE_MINUTES.fullmatch, facts.sample))
        and not DURATION_NAME.fullmatch(facts.name)
    )


def _prefer(best: list[FormatFacts], facts: ColumnFacts) -> FormatFacts:
    if DURATION_NAME.fullmatch(facts.name):
        best = sorted(best, key=lambda f: f.format.kind != "duration")
    # "1,234" and "1.234" alone may group thousands or have decimals; files cut by semicolons come from decimal-comma
    # lands. Whole numbers stay whole where nothing speaks of decimals.
    name = best[0].format.name.removeprefix("¤ ")
    if not facts.decimal_comma_is_likely or name not in _POINT_STYLES:
        return best[0]
    comma = [f for f in best if f.format.name.removeprefix("¤ ") in COMMA_STYLES]
    return next((f for f in comma if f.format.kind == "integer"), comma[0] if comma else best[0])


def _numbered_ids(facts: ColumnFacts, chosen: FormatFacts) -> Understanding | None:
    is_key = chosen.format.kind == "integer" and facts.n_distinct == facts.n_filled == facts.n_rows
    if is_key and facts.n_rows > 1 and ID_NAME.fullmatch(facts.name):
        return Understanding("id", 0.9, "every row has its own number, and the name says so", role="id")
    return None


def _as_understood(facts: ColumnFacts, chosen: FormatFacts, best: list[FormatFacts]) -> Understanding:
    kind = chosen.format.kind
    ratio = chosen.n_matching / facts.n_claimed
    reason = f"{chosen.n_matching} of {facts.n_claimed} cells are written like {chosen.format.name}"
    if _is_ambiguous(chosen, best):
        ratio *= _AMBIGUOUS
        reason += "; they could be read in another way too"
    degrees = _degrees(facts, chosen)
    if degrees:
        reason += f"; by name and range degrees of {degrees}"
    return Understanding(
        kind,
        round(ratio, 3),
        reason,
        chosen,
        unit="°" if degrees else _unit(facts, kind),
        role=_weight(facts, chosen),
    )


def _unit(facts: ColumnFacts, kind: str) -> str | None:
    if kind == "currency":
        return next(filter(None, map(currency_unit, facts.sample)), None)
    return {"percentage": "%", "duration": "s"}.get(kind)


def _degrees(facts: ColumnFacts, chosen: FormatFacts) -> str | None:
    """`latitude` or `longitude` where name, kind and range say so."""
    low, high = chosen.minimum, chosen.maximum
    if chosen.format.kind != "decimal" or not isinstance(low, float) or not isinstance(high, float):
        return None
    fitting = (
        word for most, word, name in _DEGREES if name.fullmatch(facts.name) and -most <= low <= high <= most
    )
    return next(fitting, None)


def _is_ambiguous(chosen: FormatFacts, best: list[FormatFacts]) -> bool:
    # Equally many cells are read, but as other values.
    return any(
        (f.minimum, f.maximum, f.mean) != (chosen.minimum, chosen.maximum, chosen.mean)
        for f in best
        if f is not chosen and f.minimum is not None and {f.format.kind, chosen.format.kind} != _CLOCKS
    )


def _weight(facts: ColumnFacts, chosen: FormatFacts) -> str | None:
    positive = isinstance(chosen.minimum, int | float) and chosen.minimum >= 0
    return (
        "weight"
        if chosen.format.kind in _NUMERIC and positive and WEIGHT_NAME.fullmatch(facts.name)
        else None
    )


def _contact(facts: ColumnFacts) -> Understanding | None:
    for form, words in ((EMAIL, "e-mail addresses"), (URL, "web addresses"), (PLACE, "places in degrees")):
        share = _share(facts, form)
        if share >= _MIN_TEXT_KIND_RATIO:
            return Understanding(form.kind, round(share, 3), f"{share:.0%} of a sample are {words}")
    if _share(facts, PHONE) >= _MIN_TEXT_KIND_RATIO and not _are_no_phones(facts):
        return Understanding("phone", 0.7, "the cells look like telephone numbers")
    return None


def _are_no_phones(facts: ColumnFacts) -> bool:
    # Plain digits, dates in mixed formats, and ranges such as 25000-49999, which recur as telephone numbers do not.
    most_others = len(facts.sample) * (1 - _MIN_TEXT_KIND_RATIO)
    return (
        all(map(_DIGITS.fullmatch, facts.sample))
        or sum(any(form.matches(cell) for form in _DATES) for cell in facts.sample) > most_others
        or sum(map(_is_longer_or_an_address, facts.sample)) > most_others
        or (facts.frequencies is not None and is_category(facts.frequencies))
    )


def _is_longer_or_an_address(cell: str) -> bool:
    return sum(map(str.isdecimal, cell)) > _MOST_PHONE_DIGITS or _IPV4.fullmatch(cell) is not None


def _multiple(facts: ColumnFacts) -> Understanding | None:
    found = find_multiple_response(facts.frequencies) if facts.frequencies else None
    if found is None:
        return None
    codes = tuple(Code(answer, answer) for answer in found.answers)
    share = f"{found.share_of_combinations:.0%}"
    reason = f"{share} of the cells combine some of {len(codes)} answers, separated by {found.separator!r}"
    return Understanding("multiple", 0.85, reason, codes=codes, separator=found.separator, whole=found.whole)


def _digits(facts: ColumnFacts) -> Understanding | None:
    is_code = any(map(NUMBER_LIKE_ID.matches, facts.sample)) and all(map(_DIGITS.fullmatch, facts.sample))
    if not is_code or (facts.frequencies and is_category(facts.frequencies)):
        return None
    return Understanding("id", 0.85, "digits with leading zeros, or more of them than a number keeps")


def _category(facts: ColumnFacts) -> Understanding | None:
    if not facts.frequencies or not is_category(facts.frequencies):
        return None
    codes, scale = codes_of(facts.frequencies)
    if scale is not None:
        return Understanding("ordered", scale.confidence, scale.reason, codes=codes)
    return Understanding("category", 0.9, f"{len(codes)} texts recur in {facts.n_filled} cells", codes=codes)


def _identifier(facts: ColumnFacts) -> Understanding | None:
    is_key = facts.n_distinct == facts.n_filled == facts.n_rows and facts.n_rows > 1
    if is_key and ID_NAME.fullmatch(facts.name) and not any(" " in cell for cell in facts.sample):
        return Understanding("id", 0.8, "every row has its own text, and the name says so", role="id")
    return None
