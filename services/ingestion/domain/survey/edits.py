"""What changed between two versions of a survey, and whether figures before and after can stand in one trend.

Each change of a question has a kind; the kind says whether its trend is joined or broken, and a researcher who knows better
says so with a reason. Question and option codes are stable, so parts are compared by code. Sources: Schuman and Presser, "Questions and
Answers in Attitude Surveys" (1981), on wording and order; Eurostat, "Handbook on breaks in time series" on what a break is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.lint_structure import texts_of
from services.ingestion.domain.survey.questions import Likert, Question

Trend = Literal["joins", "breaks"]
REASONS: Mapping[str, tuple[Trend, str]] = {
    "question_added": ("joins", "It is asked for the first time; there is nothing to compare it with."),
    "question_removed": ("breaks", "It is not asked any more; its trend ends here."),
    "wording": ("breaks", "Other words can get other answers."),
    "translation": ("joins", "The words in the survey's first language are the same."),
    "option_added": ("breaks", "Who chooses the new answer chose another one before."),
    "option_removed": ("breaks", "Who would choose the answer that is gone chooses another one."),
    "row_added": ("joins", "A new row is a variable of its own."),
    "row_removed": ("breaks", "The row is not asked any more; its trend ends here."),
    "recode": ("breaks", "Means are computed from other values."),
    "scale_reversed": ("breaks", "The scale runs the other way."),
    "scale": ("breaks", "Answers lie on another scale."),
    "order": ("joins", "The same is asked in another order; small effects of order are possible."),
    "base": ("breaks", "Other respondents are asked."),
    "nonresponse": ("joins", "It can be left out more, or less, easily; look at the bases."),
}
_PARTS = {"options": "option", "columns": "option", "rows": "row", "fields": "row"}
_SCALE = (
    "steps",
    "min",
    "max",
    "step",
    "total",
    "decimals",
    "min_length",
    "max_length",
    "expression",
    "display",
)
_BASE = ("show_if", "then", "carry")
_NONRESPONSE = ("required", "required_if", "missing", "required_rows", "checks")


@dataclass(frozen=True)
class Edit:
    """One change: where it is (in the new definition; in the old one where it is gone), what was and is there, and what follows."""

    kind: str
    pointer: str
    question: str | None
    old: Any
    new: Any
    trend: Trend
    reason: str
    overridden: bool = False


def edits_between(before: Definition, after: Definition) -> list[Edit]:
    """Every change from one definition to the next that bears on figures, in the order of the new one; what is gone comes last."""
    old, new = _placed(before), _placed(after)
    found: list[Edit] = []
    for code, (pointer, question) in new.items():
        if code not in old:
            found.append(_edit("question_added", pointer, code, None, question.type))
        else:
            found += _of_question(
                old[code][1], question, pointer, languages=(before.default_language, after.default_language)
            )
    found += _of_order(list(old), list(new), new)
    found += _of_pages(before, after)
    if _dumped(before.quotas) != _dumped(after.quotas):
        found.append(_edit("base", "/quotas", None, _dumped(before.quotas), _dumped(after.quotas)))
    for code, (pointer, question) in old.items():
        if code not in new:
            found.append(_edit("question_removed", pointer, code, question.type, None))
    return found


def overridden(edits: Sequence[Edit], judgements: Sequence[tuple[str, Trend, str]]) -> list[Edit]:
    """The edits with a researcher's judgement on those at a pointer: (pointer, trend, reason)."""
    said = {pointer: (trend, reason) for pointer, trend, reason in judgements}
    return [
        replace(edit, trend=said[edit.pointer][0], reason=said[edit.pointer][1], overridden=True)
        if edit.pointer in said
        else edit
        for edit in edits
    ]


def _edit(kind: str, pointer: str, question: str | None, old: Any, new: Any) -> Edit:
    trend, reason = REASONS[kind]
    return Edit(kind, pointer, question, old, new, trend, reason)


def _placed(definition: Definition) -> dict[str, tuple[str, Question]]:
    return {q.code: (f"/pages/{p}/questions/{i}", q) for p, i, q in definition.questions()}


def _dumped(part: Any) -> Any:
    """A part of a definition as JSON."""
    if isinstance(part, tuple):
        return [_dumped(one) for one in part]
    return part.model_dump(mode="json", exclude_defaults=True) if hasattr(part, "model_dump") else part


def _of_question(old: Question, new: Question, pointer: str, *, languages: tuple[str, str]) -> Iterator[Edit]:
    """What changed in one question."""
    yield from _of_texts(old, new, pointer, languages)
    for name, noun in _PARTS.items():
        yield from _of_parts(old, new, pointer, name, noun)
    for names, kind in (
        (_SCALE, "scale"),
        (_BASE, "base"),
        (_NONRESPONSE, "nonresponse"),
        (("order",), "order"),
    ):
        for name in names:
            was, now = _dumped(getattr(old, name, None)), _dumped(getattr(new, name, None))
            if was != now:
                yield _edit(kind, f"{pointer}/{name}", new.code, was, now)


def _of_texts(old: Question, new: Question, pointer: str, languages: tuple[str, str]) -> Iterator[Edit]:
    """Words that changed: in the first language another wording, elsewhere a translation."""
    if _are_ends_swapped(old, new):
        ends = [[dict(getattr(one, name)) for name in ("low", "high")] for one in (old, new)]
        yield _edit("scale_reversed", f"{pointer}/low", new.code, ends[0], ends[1])
    was = {_named(where, old): text for where, text in texts_of(old)}
    for where, text in texts_of(new):
        before = was.get(_named(where, new))
        is_end = where in {"/low", "/high"} and _are_ends_swapped(old, new)
        if before is None or before == text or is_end or where.startswith("/checks"):
            continue
        is_same = _plain(before.get(languages[0], "")) == _plain(text.get(languages[1], ""))
        yield _edit(
            "translation" if is_same else "wording", f"{pointer}{where}", new.code, dict(before), dict(text)
        )


def _named(where: str, question: Question) -> str:
    """The place of a text with the code of its part instead of its number, so that it is found after a change of order."""
    steps = where.split("/")
    if len(steps) > 2 and steps[1] in {*_PARTS, "missing"}:  # noqa: PLR2004 - /options/0/text
        return f"/{steps[1]}/{getattr(question, steps[1])[int(steps[2])].code}"
    return where


def _plain(words: str) -> str:
    """Words without what nobody hears: case, blanks, and the points at the end."""
    return " ".join(words.casefold().split()).rstrip(".!:… ")


def _are_ends_swapped(old: Question, new: Question) -> bool:
    ends = [(getattr(one, "low", None), getattr(one, "high", None)) for one in (old, new)]
    return ends[0] == ends[1][::-1] and ends[0][0] != ends[0][1] and None not in ends[0]


def _of_parts(old: Question, new: Question, pointer: str, name: str, noun: str) -> Iterator[Edit]:
    """Options, rows, columns or fields that came, went, changed places, or have other values."""
    was, now = (_codes(one, name) for one in (old, new))
    if not was and not now:
        return
    for code in now:
        if code not in was:
            yield _edit(f"{noun}_added", f"{pointer}/{name}/{now.index(code)}", new.code, None, code)
    for code in was:
        if code not in now:
            yield _edit(f"{noun}_removed", f"{pointer}/{name}", new.code, code, None)
    both = [code for code in was if code in now]
    values = [_values(one, name, both) for one in (old, new)]
    is_reversed = len(set(values[0])) > 1 and values[0] == values[1][::-1]
    if values[0] != values[1]:
        kind = "scale_reversed" if is_reversed else "recode"
        yield _edit(
            kind, f"{pointer}/{name}", new.code, *(dict(zip(both, one, strict=True)) for one in values)
        )
    elif both != [code for code in now if code in was]:
        yield _edit("order", f"{pointer}/{name}", new.code, was, now)


def _codes(question: Question, name: str) -> list[str]:
    return [part if isinstance(part, str) else part.code for part in getattr(question, name, ())]


def _values(question: Question, name: str, codes: Sequence[str]) -> list[float | None]:
    """The numbers of parts in means; a labelled scale without numbers counts its points."""
    given = {
        part.code: getattr(part, "value", None)
        for part in getattr(question, name, ())
        if not isinstance(part, str)
    }
    if isinstance(question, Likert) and name == "options":
        kept = [code for code in given if code in codes]
        given |= {code: place for place, code in enumerate(kept, start=1) if given[code] is None}
    return [given.get(code) for code in codes]


def _of_order(
    old: Sequence[str], new: Sequence[str], places: Mapping[str, tuple[str, Question]]
) -> Iterator[Edit]:
    """Whether questions that are in both versions changed places."""
    before, after = [code for code in old if code in set(new)], [code for code in new if code in set(old)]
    moved = [code for code, other in zip(after, before, strict=True) if code != other]
    if moved:
        yield _edit("order", places[moved[0]][0], moved[0], before, after)


def _of_pages(before: Definition, after: Definition) -> Iterator[Edit]:
    """Whether pages are shown to others, or mix their questions otherwise."""
    old = {page.code: page for page in before.pages}
    for place, page in enumerate(after.pages):
        was = old.get(page.code)
        if was is None:
            continue
        for name, kind in (("show_if", "base"), ("loop", "base"), ("order", "order")):
            values = _dumped(getattr(was, name)), _dumped(getattr(page, name))
            if values[0] != values[1]:
                yield _edit(kind, f"/pages/{place}/{name}", None, *values)
