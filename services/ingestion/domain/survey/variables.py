"""The variables that a survey's questions become: one column each, with kind, labels and codes, over all published versions.

Why over all versions: editing a live survey must not lose old columns. The newest version decides order and wording; questions and
options that it dropped follow after. A matrix is one variable per row, a constant sum one per option, a ranking one rank per option.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from services.ingestion.domain.survey.attachments import attached_in
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.expressions import ExpressionError, parse
from services.ingestion.domain.survey.kinds import Kind, kind_of
from services.ingestion.domain.survey.lint import meaning_of
from services.ingestion.domain.survey.parts import Item
from services.ingestion.domain.survey.phrases import say
from services.ingestion.domain.survey.questions import (
    Address,
    Computed,
    Consent,
    ConstantSum,
    Contact,
    DateOrTime,
    FileQuestion,
    Hidden,
    Likert,
    Matrix,
    MaxDiffSet,
    MultipleChoice,
    Number,
    OtherText,
    Question,
    Ranking,
    Scale,
    SignatureQuestion,
    SingleChoice,
    Slider,
    Statement,
)
from services.ingestion.domain.survey.texts import read

Storage = Literal["string", "double", "bigint", "boolean", "date", "time", "timestamp", "list"]
Code = dict[str, Any]
Reader = Callable[[Any], Any]


@dataclass(frozen=True)
class Shape:
    """What kind of values a variable has and how they are stored; `read` turns an answer into the stored value."""

    kind: str
    storage: Storage
    codes: tuple[Code, ...] = ()
    read: Reader = field(default=lambda answer: answer)


@dataclass(frozen=True)
class Variable:
    """One column of the responses: `alias` names it in the file, `name` is how conditions call it (`q`, `q.row`)."""

    alias: str
    name: str
    label: str
    shape: Shape
    question: str
    part: str | None = None


def variables(versions: Sequence[tuple[int, Definition]]) -> list[Variable]:
    """The variables of a survey's published versions, given oldest first; aliases are unique without regard to case."""
    newest_first = [definition for _, definition in reversed(versions)]
    language = newest_first[0].default_language if newest_first else "en"
    taken: set[str] = set()
    made: list[Variable] = []
    for questions in _merged(newest_first):
        for name, label, part, shape in _shapes(questions, language, newest_first):
            alias = unique_alias(name.replace(".", "_"), taken)
            made.append(Variable(alias, name, label, shape, questions[0].code, part))
    return made


def unique_alias(wanted: str, taken: set[str]) -> str:
    """The wanted column name, or with _2, _3 … behind it where it is taken; enters it into `taken`."""
    alias, number = wanted, 1
    while alias.lower() in taken:
        number += 1
        alias = f"{wanted}_{number}"
    taken.add(alias.lower())
    return alias


def _merged(newest_first: Sequence[Definition]) -> Iterable[list[Question]]:
    """Per question code its appearances, newest first, in the order of the newest version, then of older ones."""
    found: dict[str, list[Question]] = {}
    for definition in newest_first:
        for _, _, question in definition.questions():
            if not isinstance(question, Statement):
                found.setdefault(question.code, []).append(question)
    return found.values()


def _parts(questions: Sequence[Question], name: str) -> dict[str, Any]:
    """Options, rows or columns of all appearances of a question by code, newest wording first."""
    merged: dict[str, Any] = {}
    for question in questions:
        for part in getattr(question, name, ()):
            merged.setdefault(part.code, part)
    return merged


def _shapes(
    questions: Sequence[Question], language: str, definitions: Sequence[Definition]
) -> Iterator[tuple[str, str, str | None, Shape]]:
    """(name, label, part, shape) of each variable that a question becomes."""
    question = questions[0]
    label = read(question.text, language, language) or question.code
    if isinstance(question, OtherText) and question.about:
        label = f"{read(question.about, language, language)}: {label}"
    if isinstance(question, MaxDiffSet):
        yield from _set_shapes(question, label, _parts(questions, "options"), language)
        return
    if isinstance(question, FileQuestion):
        yield from _file_shapes(question, label, language)
        return
    if isinstance(question, SignatureQuestion):
        yield from _signature_shapes(question, label, language)
        return
    labels = _part_labels(questions, language)
    if not labels:
        yield question.code, label, None, _shape(questions, language, definitions)
        return
    shape = _part_shape(questions, language)
    for part, part_label in labels.items():
        yield f"{question.code}.{part}", f"{label}: {part_label}", part, shape


def _set_shapes(
    question: MaxDiffSet, label: str, items: Mapping[str, Item], language: str
) -> Iterator[tuple[str, str, str | None, Shape]]:
    """One set of a maxdiff: what was best, what was worst, and what there was to choose from."""
    codes = tuple(
        {"code": item.code, "label": read(item.text, language, language), "value": None}
        for item in items.values()
    )
    shapes = {
        "best": Shape("category", "string", codes),
        "worst": Shape("category", "string", codes),
        "shown": Shape("multiple", "list", codes),
    }
    for part, shape in shapes.items():
        yield f"{question.code}.{part}", f"{label} ({question.number}): {say(language, part)}", part, shape


def _file_shapes(
    question: FileQuestion, label: str, language: str
) -> Iterator[tuple[str, str, str | None, Shape]]:
    """The files of an answer: how many, what they are called, and the ids by which they are downloaded."""
    shapes = {
        "count": Shape("integer", "bigint", read=len),
        "names": Shape("text", "string", read=lambda files: _listed(one.name for one in attached_in(files))),
        "ids": Shape("text", "string", read=lambda files: _listed(one.id for one in attached_in(files))),
    }
    for name, shape in shapes.items():
        yield f"{question.code}.{name}", f"{label}: {say(language, f'files_{name}')}", None, shape


def _listed(texts: Iterable[str]) -> str | None:
    """Texts in one value; None where there are none, as for simulated files, which exist nowhere."""
    return "; ".join(filter(None, texts)) or None


def _signature_shapes(
    question: SignatureQuestion, label: str, language: str
) -> Iterator[tuple[str, str, str | None, Shape]]:
    """How was signed, and the name that was typed; strokes are no value of a variable."""
    ways = tuple(
        {"code": way, "label": say(language, f"signed_{way}"), "value": None} for way in ("drawn", "typed")
    )
    how = Shape("category", "string", ways, read=lambda signed: next(iter(signed)))
    yield f"{question.code}.how", f"{label}: {say(language, 'signed_how')}", None, how
    yield (
        f"{question.code}.typed",
        f"{label}: {say(language, 'signed_name')}",
        "typed",
        Shape("text", "string"),
    )


def _part_labels(questions: Sequence[Question], language: str) -> dict[str, str]:
    """Labels of the parts that are variables of their own; empty for questions that are one variable."""
    question = questions[0]
    if isinstance(question, Address):
        names = dict.fromkeys(name for each in questions if isinstance(each, Address) for name in each.fields)
        return {name: say(language, name) for name in names}
    source = {Matrix: "rows", ConstantSum: "options", Ranking: "options"}.get(type(question))
    parts = _parts(questions, source) if source else {}
    return {code: read(part.text, language, language) for code, part in parts.items()}


def _codes(options: Mapping[str, Item], language: str, *, scored: bool = False) -> tuple[Code, ...]:
    """Codes with labels; `scored` gives options without a value their place in the list, from 1."""
    return tuple(
        {
            "code": option.code,
            "label": read(option.text, language, language),
            "value": value if value is not None or not scored else place,
        }
        for place, option in enumerate(options.values(), start=1)
        for value in (getattr(option, "value", None),)
    )


def _part_shape(questions: Sequence[Question], language: str) -> Shape:
    """The shape of each part of a question."""
    question = questions[0]
    columns = _parts(questions, "columns")
    match question:
        case Matrix(type="matrix_single"):
            return Shape("category", "string", _codes(columns, language))
        case Matrix(type="matrix_multiple"):
            return Shape("multiple", "list", _codes(columns, language))
        case Matrix(type="matrix_text") | Address():
            return Shape("text", "string")
        case Ranking():
            return Shape("integer", "bigint")
        case _:
            return Shape("decimal", "double", read=float)


def _shape(questions: Sequence[Question], language: str, definitions: Sequence[Definition]) -> Shape:
    """The shape of a question that is one variable."""
    question = questions[0]
    options = _parts(questions, "cells" if isinstance(question, Hidden) else "options")
    if isinstance(question, SingleChoice) or (isinstance(question, Hidden) and options):
        return Shape("category", "string", _codes(options, language))
    if isinstance(question, MultipleChoice):
        return Shape("multiple", "list", _codes(options, language))
    if isinstance(question, Likert) and options:
        return Shape("ordered", "string", _codes(options, language, scored=True))
    if isinstance(question, Scale | Likert):
        return Shape("ordered", "string", _scale_codes(questions, language), str)
    if isinstance(question, Computed):
        return _computed_shape(question, definitions)
    return _open_shape(question)


def _scale_codes(questions: Sequence[Question], language: str) -> tuple[Code, ...]:
    """The numbers of a scale as codes; the ends carry their wording."""
    question = questions[0]
    numbers = sorted({n for each in questions if isinstance(each, Scale | Likert) for n in each.numbers})
    ends = {numbers[0]: getattr(question, "low", None), numbers[-1]: getattr(question, "high", None)}
    codes = []
    for number in numbers:
        wording = read(ends.get(number), language, language)
        label = f"{number} – {wording}" if wording else str(number)
        codes.append({"code": str(number), "label": label, "value": number})
    return tuple(codes)


def _computed_shape(question: Computed, definitions: Sequence[Definition]) -> Shape:
    """A computed value is stored as what its expression gives."""
    meanings = {q.code: meaning_of(q) for d in reversed(definitions) for _, _, q in d.questions()}
    try:
        kind = kind_of(parse(question.expression), lambda reference: meanings[reference.code])
    except (ExpressionError, KeyError):
        kind = Kind.NUMBER
    if kind is Kind.BOOLEAN:
        return Shape("boolean", "boolean")
    return (
        Shape("text", "string", read=str)
        if kind in {Kind.TEXT, Kind.DATE}
        else Shape("decimal", "double", read=float)
    )


def _open_shape(question: Question) -> Shape:
    """Numbers, days, contacts and texts."""
    if isinstance(question, Number | Slider):
        return Shape("integer", "bigint") if _is_whole(question) else Shape("decimal", "double", read=float)
    if isinstance(question, Consent):
        return Shape("boolean", "boolean")
    if isinstance(question, DateOrTime):
        return Shape("date", "date") if question.type == "date" else Shape("time", "time")
    return Shape(question.type if isinstance(question, Contact) else "text", "string")


def _is_whole(question: Number | Slider) -> bool:
    """Whether only whole numbers can be answered."""
    if isinstance(question, Number):
        return question.decimals == 0
    return float(question.step).is_integer() and float(question.min).is_integer()
