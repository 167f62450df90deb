"""What counts as an answer to a question of each type, and the one form in which it is stored.

Why here: the page in both layouts and the JSON door must store equal bytes for equal choices, so each of them hands its raw value to
`canonical`. A raw value is what JSON can hold; forms are turned into that by `forms`. Nothing is ever guessed from a wrong type.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from services.ingestion.domain.survey.expressions import MAX_NUMBER
from services.ingestion.domain.survey.issues import escape
from services.ingestion.domain.survey.notations import day, email, phone, strokes, time_of_day, web_address
from services.ingestion.domain.survey.parts import Asked, Item, Option
from services.ingestion.domain.survey.questions import (
    Address,
    Consent,
    ConstantSum,
    Contact,
    DateOrTime,
    FreeText,
    Likert,
    Matrix,
    MaxDiff,
    MultipleChoice,
    Number,
    Ranking,
    Scale,
    SignatureQuestion,
    SingleChoice,
    Slider,
)

Answer = str | int | float | bool | list[str] | dict[str, Any]

MAX_SHORT_TEXT = 1_000
MAX_LONG_TEXT = 20_000
MAX_URL = 2_048
LONGEST_SHOWN = 40
OWN_WORDS = "own_words"
"""The key of a fault that speaks in the survey's own words: `text` of its values."""
BEST_WORST = ("best", "worst")
SUM_TOLERANCE = 1e-9
ADDRESS_FIELD_LENGTH = 200
LONGEST_NAME = 200


@dataclass(frozen=True)
class Fault:
    """Why an answer is refused: a key of `phrases` with its values, and where inside the answer (`/row`, or '')."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    where: str = ""


class AnswerRefused(ValueError):  # noqa: N818 - what happened, in the field's words
    """A raw value is no answer to the question; `faults` says every reason."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(", ".join(fault.key for fault in faults))


def _refuse(key: str, where: str = "", **values: object) -> AnswerRefused:
    """The refusal with a single fault."""
    return AnswerRefused(Fault(key, values, where))


@singledispatch
def canonical(question: Asked, raw: Any) -> Answer | None:  # noqa: ARG001 - the signature of every type's rule
    """The stored form of a raw answer, None when nothing was answered; AnswerRefused when it is no answer."""
    raise _refuse("not_answerable")


def is_empty(raw: Any) -> bool:
    """Whether a raw value says nothing: null, no text, no choice, nothing in any row."""
    if isinstance(raw, dict):
        # Rows hold texts, numbers and lists: deeper objects are no answers, and are not descended into.
        return all(not isinstance(value, dict) and is_empty(value) for value in raw.values())
    return not raw.strip() if isinstance(raw, str) else raw is None or raw == []


def _text(raw: Any, *, longest: int) -> str:
    """A text without surrounding blanks, line ends as line feeds; without characters that PostgreSQL or UTF-8 cannot hold."""
    if not isinstance(raw, str):
        raise _refuse("not_text")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > longest:
        raise _refuse("too_long", max=longest)
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _refuse("characters")
    return text


def _number(raw: Any) -> int | float:
    """A finite number; whole ones as int, so that 7 and 7.0 are stored alike."""
    # "not <=" also refuses NaN; a huge int is compared exactly, without becoming a float
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) <= MAX_NUMBER:
        raise _refuse("not_number")
    return int(raw) if float(raw).is_integer() else float(raw)


def _between(number: float, low: float | None, high: float | None) -> None:
    """Check the limits of a number."""
    if low is not None and number < low:
        raise _refuse("below", min=plain(low))
    if high is not None and number > high:
        raise _refuse("above", max=plain(high))


def plain(number: float) -> str:
    """A number as people write it: 5, not 5.0."""
    return str(int(number)) if float(number).is_integer() else str(number)


def _code(options: Iterable[Item], raw: Any) -> str:
    """The code of one of the options."""
    if not isinstance(raw, str) or raw not in {option.code for option in options}:
        raise _refuse("not_option", value=_shown(raw))
    return raw


def _shown(raw: Any) -> str:
    """A raw value short enough to be repeated in a message; of lists and objects only what they are."""
    if isinstance(raw, list | dict):
        return "[…]" if isinstance(raw, list) else "{…}"
    text = str(raw)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _codes(options: Iterable[Option], raw: Any) -> list[str]:
    """The chosen codes in the order of the options, so that the order of clicking is not stored."""
    options = tuple(options)
    if not isinstance(raw, list):
        raise _refuse("not_list")
    chosen = {_code(options, item) for item in raw}
    if len(chosen) < len(raw):
        raise _refuse("repeated")
    if len(chosen) > 1 and any(option.exclusive and option.code in chosen for option in options):
        raise _refuse("exclusive")
    return [option.code for option in options if option.code in chosen]


@canonical.register
def _single(question: SingleChoice, raw: Any) -> Answer | None:
    return None if is_empty(raw) else _code(question.options, raw)


@canonical.register
def _multiple(question: MultipleChoice, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    chosen = _codes(question.options, raw)
    exclusive = any(option.exclusive and option.code in chosen for option in question.options)
    if question.min is not None and len(chosen) < question.min and not exclusive:
        raise _refuse("too_few", min=question.min)
    if question.max is not None and len(chosen) > question.max:
        raise _refuse("too_many", max=question.max)
    return chosen


@canonical.register
def _free_text(question: FreeText, raw: Any) -> Answer | None:
    longest = question.max_length or (MAX_SHORT_TEXT if question.type == "short_text" else MAX_LONG_TEXT)
    text = None if raw is None else _text(raw, longest=longest)
    if text and question.min_length is not None and len(text) < question.min_length:
        raise _refuse("too_short", min=question.min_length)
    return text or None


@canonical.register
def _plain_number(question: Number, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    number = _number(raw)
    _between(number, question.min, question.max)
    if question.decimals is not None and round(number, question.decimals) != number:
        raise _refuse("decimals", decimals=question.decimals)
    return number


@canonical.register
def _slider(question: Slider, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    number = _number(raw)
    _between(number, question.min, question.max)
    steps = (number - question.min) / question.step
    if abs(steps - round(steps)) > SUM_TOLERANCE * max(1.0, abs(steps)):
        raise _refuse("step", step=plain(question.step), min=plain(question.min))
    return _number(round(question.min + round(steps) * question.step, 9))


@canonical.register
def _constant_sum(question: ConstantSum, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    given = _mapping(raw, {option.code for option in question.options}, unknown="not_option")
    parts = {code: 0 if is_empty(value) else _at(code, _number, value) for code, value in given.items()}
    for code, number in parts.items():
        _at(code, _between, number, 0, question.total)
    total = math.fsum(parts.values())
    if abs(total - question.total) > SUM_TOLERANCE * question.total:
        raise _refuse("sum", total=plain(question.total), sum=plain(round(total, 9)))
    return {option.code: parts.get(option.code, 0) for option in question.options}


def _mapping(raw: Any, known: set[str], *, unknown: str) -> dict[str, Any]:
    """A JSON object whose keys are all known."""
    if not isinstance(raw, dict):
        raise _refuse("not_object")
    strangers = [Fault(unknown, {"value": _shown(key)}, f"/{escape(key)}") for key in raw if key not in known]
    if strangers:
        raise AnswerRefused(*strangers)
    return raw


def _at(segment: str, rule: Any, *arguments: Any) -> Any:
    """What a rule gives for one row; its faults are moved to that row."""
    try:
        return rule(*arguments)
    except AnswerRefused as refused:
        moved = (
            Fault(fault.key, fault.values, f"/{escape(segment)}{fault.where}") for fault in refused.faults
        )
        raise AnswerRefused(*moved) from None


@canonical.register
def _date_or_time(question: DateOrTime, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    text = _text(raw, longest=32)
    read = day(text) if question.type == "date" else time_of_day(text)
    if read is None:
        raise _refuse("not_date" if question.type == "date" else "not_time")
    if question.min is not None and read < question.min:
        raise _refuse("below", min=question.min)
    if question.max is not None and read > question.max:
        raise _refuse("above", max=question.max)
    return read


@canonical.register
def _contact(question: Contact, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    text = _text(raw, longest=MAX_URL)
    read = {"email": email, "phone": phone, "url": web_address}[question.type](text)
    if read is None:
        raise _refuse(f"not_{question.type}")
    return read


def _scale_number(numbers: range, raw: Any) -> int:
    """A whole number of the scale."""
    number = _number(raw)
    if number not in numbers:
        raise _refuse("not_scale", min=numbers[0], max=numbers[-1])
    return int(number)


@canonical.register
def _scale(question: Scale, raw: Any) -> Answer | None:
    return None if is_empty(raw) else _scale_number(question.numbers, raw)


@canonical.register
def _likert(question: Likert, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    return _code(question.options, raw) if question.options else _scale_number(question.numbers, raw)


@canonical.register
def _matrix(question: Matrix, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    given = _mapping(raw, {row.code for row in question.rows}, unknown="unknown_row")
    read: dict[str, Any] = {}
    faults: list[Fault] = []
    for row in question.rows:
        if is_empty(given.get(row.code)):
            continue
        try:
            read[row.code] = _at(row.code, _cell, question, given[row.code])
        except AnswerRefused as refused:
            faults += refused.faults
    if faults:
        raise AnswerRefused(*faults)
    return read or None


def _cell(question: Matrix, raw: Any) -> Answer:
    """The stored form of one row's answer."""
    if question.type == "matrix_single":
        return _code(question.columns, raw)
    if question.type == "matrix_multiple":
        return _codes(question.columns, raw)
    if question.type == "matrix_text":
        return _text(raw, longest=MAX_SHORT_TEXT)
    number = _number(raw)
    _between(number, question.min, question.max)
    return number


@canonical.register
def _ranking(question: Ranking, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    if not isinstance(raw, list):
        raise _refuse("not_list")
    ranked = [_code(question.options, item) for item in raw]
    if len(set(ranked)) < len(ranked):
        raise _refuse("repeated_rank")
    if question.max is not None and len(ranked) > question.max:
        raise _refuse("too_many", max=question.max)
    return ranked


@canonical.register
def _best_and_worst(question: MaxDiff, raw: Any) -> Answer | None:
    """What was best and worst, with what was shown: the items of a set are known to nobody who has the answer only."""
    if is_empty(raw):
        return None
    shown = [item.code for item in question.options]
    given = _mapping(raw, {*BEST_WORST, "shown"}, unknown="unknown_row")
    if given.get("shown", shown) != shown:
        raise _refuse("not_shown", "/shown")
    chosen: dict[str, Any] = {
        part: _at(part, _code, question.options, given[part])
        for part in BEST_WORST
        if not is_empty(given.get(part))
    }
    if len(chosen) > len(set(chosen.values())):
        raise _refuse("best_is_worst", "/worst")
    return {**chosen, "shown": shown} if chosen else None


@canonical.register
def _signature(question: SignatureQuestion, raw: Any) -> Answer | None:  # noqa: ARG001 - the signature of every type's rule
    """A name that was typed, or strokes that were drawn; both at once would say nothing of which is meant."""
    if is_empty(raw):
        return None
    given = _mapping(raw, {"typed", "drawn"}, unknown="unknown_row")
    given = {part: value for part, value in given.items() if not is_empty(value)}
    if len(given) > 1:
        raise _refuse("signed_twice")
    if "typed" in given:
        return {"typed": _at("typed", lambda value: _text(value, longest=LONGEST_NAME), given["typed"])}
    drawn = given["drawn"]
    if not isinstance(drawn, str) or (path := strokes(drawn)) is None:
        raise _refuse("not_drawn", "/drawn")
    return {"drawn": path}


@canonical.register
def _consent(question: Consent, raw: Any) -> Answer | None:  # noqa: ARG001 - the signature of every type's rule
    if raw is not None and not isinstance(raw, bool):
        raise _refuse("not_boolean")
    return raw


@canonical.register
def _address(question: Address, raw: Any) -> Answer | None:
    if is_empty(raw):
        return None
    given = _mapping(raw, set(question.fields), unknown="unknown_row")
    texts: dict[str, Any] = {
        name: _at(name, lambda value: _text(value, longest=ADDRESS_FIELD_LENGTH), given[name])
        for name in question.fields
        if not is_empty(given.get(name))
    }
    return texts or None
