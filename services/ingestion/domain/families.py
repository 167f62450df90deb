"""What the columns of one question are together: a multiple-response set, a grid, or an answer and its "other" text.

A set's columns are dichotomies: each holds one mark where its option was chosen (its own wording, 1, yes, checked) and
nothing, or the opposite mark, elsewhere. A grid's columns share one scale of answers. Columns that are neither stay what
they are. Pure: names and counts decide, and each decision says why.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.ingestion.domain.categories import Code, codes_of, is_category
from services.ingestion.domain.column_groups import EXPLICIT, NUMBERED, UNNAMED, Column, Group
from services.ingestion.domain.formats import MISSING_MARKERS
from services.ingestion.domain.scales import find_scale

_TICKED = frozenset(
    [
        "1",
        "1.0",
        "y",
        "yes",
        "x",
        "✓",
        "✔",
        "true",
        "on",
        "checked",
        "selected",
        "ticked",
        "quoted",
        "chosen",
        "mentioned",
        "ja",
        "oui",
        "sí",
        "si",
        "sim",
        "sì",
        "tak",
        "да",
        "ausgewählt",
        "gewählt",
        "genannt",
        "angekreuzt",
        "coché",
        "marcado",
        "seleccionado",
        "selecionado",
        "selezionato",
    ]
)
_UNTICKED = frozenset(
    (
        *[
            "0",
            "0.0",
            "n",
            "no",
            "false",
            "off",
            "unchecked",
            "unselected",
            "unticked",
            "nein",
            "non",
            "não",
            "nie",
            "нет",
        ],
        *(f"not {word}" for word in ("checked", "selected", "ticked", "quoted", "chosen", "mentioned")),
        *(f"nicht {word}" for word in ("ausgewählt", "gewählt", "genannt", "angekreuzt")),
        *("non coché", "no marcado", "no seleccionado", "não selecionado", "non selezionato"),
    )
)
_YES = frozenset({"y", "yes", "ja", "oui", "sí", "si", "sim", "sì", "tak", "да"})
_OTHER = re.compile(
    r"\b(?:other|others|andere[srn]?|sonstige[srn]?|autres?|otr[oa]s?|outr[oa]s?|altr[oaie]|anders|inne|другое)\b|specify"
    r"|please (?:provide|describe|explain)|_?TEXT\b|_?other\b|angeben|précise[rz]|especifi",
    re.IGNORECASE,
)
_BARE_CODE = re.compile(r"\d+|SQ\d+|[A-Za-z]{1,2}\d*")
_MOST_SCALE_POINTS = 12
_MOST_NUMBERS = 11
_MIN_OVERLAP = 0.5
_MIN_DICHOTOMIES_BEFORE_TEXT = 3
_MIN_ANSWERS_PER_OPTION = 2
_NUMBERS = frozenset({"integer", "decimal", "percentage", "currency"})
_CHOICES = frozenset({"category", "ordered", "boolean", "text"})


@dataclass(frozen=True, slots=True)
class Option:
    """One column of a set: what its option is called, and the cells that mean that it was chosen."""

    column: Column
    label: str
    ticked: frozenset[str]
    n_ticked: int


@dataclass(frozen=True, slots=True)
class Family:
    """Columns that are one question. `options` for a set; `columns`, `items` and `codes` for a grid.

    `others` are columns of texts written beside an option; `main` is the answer they belong to where it is one column.
    """

    kind: str
    group: Group
    confidence: float
    reason: str
    options: tuple[Option, ...] = ()
    columns: tuple[Column, ...] = ()
    items: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    others: tuple[Column, ...] = field(default=())


SET, GRID, ANSWER = "multiple_response_set", "grid", "answer_with_other"


def judge(group: Group) -> Family | None:
    """Return what a group of columns is, None where its values do not say that it is one question."""
    pairs = [(c, _cleaned(item)) for c, item in zip(group.columns, group.items, strict=True)]
    others = [column for column, item in pairs if _is_other_text(column, item)]
    rest = [(column, item) for column, item in pairs if column not in others]
    if len(rest) == 1 and others and not rest[0][1]:
        reason = "the columns after it hold what was written beside its answers"
        return Family(ANSWER, group, 0.9, reason, columns=(rest[0][0],), others=tuple(others))
    if len(rest) < 2:  # noqa: PLR2004 - one column is no family
        return None
    return _set(group, rest, others) or _grid(group, rest, others)


def _cleaned(item: str) -> str:
    return " ".join(item.split())


def _is_other_text(column: Column, item: str) -> bool:
    says_so = (column.title is not None and column.title.is_text) or _OTHER.search(item or column.name)
    if not says_so or column.n_filled == 0:
        return bool(says_so and column.title is not None and column.title.is_text)
    return _marks(column, item) is None


def _marks(column: Column, item: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """(cells that mean chosen, cells that mean not chosen) of a dichotomy; None where the cells say more than that."""
    # "None" may be the option itself.
    cells = [
        text
        for text, _ in column.frequencies or ()
        if text.casefold() not in MISSING_MARKERS or _cleaned(text).casefold() == item.casefold()
    ]
    if column.frequencies is None and column.n_filled:
        return None
    unticked = frozenset(text for text in cells if text.casefold() in _UNTICKED)
    ticked = frozenset(cells) - unticked
    if len({text.casefold() for text in ticked}) > 1 or len({text.casefold() for text in unticked}) > 1:
        return None
    is_own = all(_cleaned(text).casefold() == item.casefold() for text in ticked)
    is_mark = all(text.casefold() in _TICKED for text in ticked)
    # Codes as items ("Q5_3") say nothing about the wording: whatever recurs there may be the option.
    may_be = _BARE_CODE.fullmatch(item) is not None and column.n_filled >= _MIN_ANSWERS_PER_OPTION
    return (ticked, unticked) if is_own or is_mark or (may_be and not unticked) else None


def _set(group: Group, rest: list[tuple[Column, str]], others: list[Column]) -> Family | None:
    marked = [(column, item, _marks(column, item)) for column, item in rest]
    loose = [column for column, _, marks in marked if marks is None]
    if loose and not _is_text_behind(rest, loose):
        return None
    options = [_option(column, item, marks) for column, item, marks in marked if marks is not None]
    if not _are_dichotomies(options, [marks for _, _, marks in marked if marks is not None]):
        return None
    confidence, words = _how_sure(options, group)
    reason = f"{group.how}, and each of the {len(options)} columns holds {words}"
    everything = tuple(others + loose)
    return Family(SET, group, confidence, reason, options=tuple(options), others=everything)


def _is_text_behind(rest: list[tuple[Column, str]], loose: list[Column]) -> bool:
    """One column of texts behind several dichotomies: what was written beside one of them."""
    is_last = len(loose) == 1 and loose[0] is rest[-1][0]
    return is_last and loose[0].kind == "text" and len(rest) > _MIN_DICHOTOMIES_BEFORE_TEXT


def _option(column: Column, item: str, marks: tuple[frozenset[str], frozenset[str]]) -> Option:
    ticked = marks[0]
    n_ticked = sum(n for text, n in column.frequencies or () if text in ticked)
    own = next(iter(ticked), "")
    is_wording = own and own.casefold() not in _TICKED and _BARE_CODE.fullmatch(item)
    return Option(column, own if is_wording else item or column.name, ticked, n_ticked)


def _are_dichotomies(options: list[Option], marks: list[tuple[frozenset[str], frozenset[str]]]) -> bool:
    ticked = [next(iter(found), "").casefold() for found, _ in marks]
    unticked = {text.casefold() for _, found in marks for text in found}
    used = [text for text in ticked if text]
    words = {text for text in used if text in _TICKED}
    if len(used) < 2 or len(words) > 1 or len(unticked) > 1:  # noqa: PLR2004 - one chosen option is no set
        return False
    if words:
        # Marks everywhere and never the opposite, never a blank: then nothing was chosen from.
        is_chosen = any(o.n_ticked < o.column.n_rows for o in options)
        return len(set(used)) == 1 and is_chosen
    return len(set(used)) == len(used)


def _how_sure(options: list[Option], group: Group) -> tuple[float, str]:
    texts = {text.casefold() for option in options for text in option.ticked}
    if len(texts) > 1:
        is_own = all(_cleaned(t).casefold() == o.label.casefold() for o in options for t in o.ticked)
        sure = 0.95 if is_own and group.how is not NUMBERED else 0.85
        return sure, "its own answer or nothing"
    word = next(iter(options[0].ticked or texts))
    return (0.8 if word.casefold() in _YES else 0.9), f"{word!r} or its opposite"


def _grid(group: Group, rest: list[tuple[Column, str]], others: list[Column]) -> Family | None:
    if group.how == UNNAMED or not all(item for _, item in rest):
        return None
    answered = [column for column, _ in rest if column.n_filled]
    if len(answered) < 2 or len(group.question) == 0:  # noqa: PLR2004 - one row is no grid
        return None
    found = _shared_numbers(answered, group) or _shared_answers(answered)
    if found is None:
        return None
    confidence, words, codes = found
    if group.how not in EXPLICIT:
        confidence -= 0.05
    return Family(
        GRID,
        group,
        round(confidence, 2),
        f"{group.how}, and {words}",
        columns=tuple(column for column, _ in rest),
        items=tuple(item for _, item in rest),
        codes=codes,
        others=tuple(others),
    )


Shared = tuple[float, str, tuple[Code, ...]]


def _shared_answers(columns: Sequence[Column]) -> Shared | None:
    if not all(column.kind in _CHOICES and column.frequencies for column in columns):
        return None
    counts = [dict(column.frequencies or ()) for column in columns]
    pooled = sum((Counter(found) for found in counts), Counter[str]())
    texts = [text for text in pooled if text.casefold() not in MISSING_MARKERS]
    if not 2 <= len(texts) <= _MOST_SCALE_POINTS or not is_category(list(pooled.items())):  # noqa: PLR2004 - a scale has ends
        return None
    overlap = sum(map(len, counts)) / (len(pooled) * len(columns))
    scale = find_scale(texts)
    if overlap <= _MIN_OVERLAP and scale is None:
        return None
    codes, _ = codes_of(list(pooled.items()))
    words = f"the {len(columns)} columns share the answers {', '.join(code.label for code in codes[:5])}"
    more = ", …" if len(codes) > 5 else ""  # noqa: PLR2004 - as cut above
    return (0.9 if scale else 0.8), words + more, codes


def _shared_numbers(columns: Sequence[Column], group: Group) -> Shared | None:
    if not all(column.kind in _NUMBERS for column in columns):
        return None
    values = {text for column in columns for text, _ in column.frequencies or ()}
    is_scale = all(c.kind == "integer" and c.frequencies for c in columns) and len(values) <= _MOST_NUMBERS
    overlap = sum(len(column.frequencies or ()) for column in columns) / max(1, len(values) * len(columns))
    if is_scale and overlap > _MIN_OVERLAP and len(values) > 2:  # noqa: PLR2004 - two values are a dichotomy
        return 0.75, f"the {len(columns)} columns share a scale of {len(values)} whole numbers", ()
    if group.how in EXPLICIT:
        return 0.75, f"the {len(columns)} columns hold numbers", ()
    return None
