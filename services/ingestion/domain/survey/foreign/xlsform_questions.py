"""The question types of XLSForm → questions of ours.

Source: xlsform.org, "Question types", "Appearance", "Parameters".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target
from services.ingestion.domain.survey.foreign.xlsform_conditions import XPATH
from services.ingestion.domain.survey.foreign.xlsform_making import OTHER, Making, parameters_of
from services.ingestion.domain.survey.foreign.xlsform_sheets import Row

Made = dict[str, Any]
SELECT = re.compile(
    r"(select[_ ]?one|select1|select[_ ]multiple|rank)\s+(?:from\s+)?(\S+)(\s+or[_ ]other)?", re.IGNORECASE
)
_DROPDOWN = frozenset({"minimal", "autocomplete", "search"})
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?")
_UNREAD = {
    "choice_filter": "all choices are shown",
    "trigger": "values follow from earlier answers here",
    "read_only": "it can be answered",
    "guidance_hint": "the hint for interviewers is left out",
    "required_message": "the message for a missing answer is ours",
    "note": "",
    "save_to": "",
}
_META = frozenset({
    "start", "end", "today", "deviceid", "phonenumber", "username", "email", "audit", "simserial", "subscriberid", "start-geopoint",
})  # fmt: skip


def question_of(making: Making, row: Row, within: str = "") -> Made | None:
    """Return the question that a row becomes; None, with a note, where it has no counterpart."""
    kind = re.sub(r"\s+", " ", row.get("type", "").strip())
    if kind.lower() in _META:
        making.note(row, f"`{kind}` is left out: times and devices of interviews are kept anyway")
        return None
    select, make = SELECT.fullmatch(kind), _MAKERS.get(kind.lower())
    if select is None and make is None:
        making.note(row, f"questions of type `{kind}` are not taken over")
        return None
    if not row.get("name"):
        row = {**row, "name": f"{kind.partition(' ')[0]}_{len(making.names) + 1}"}
    code = making.code(row, within)
    made = _select(making, row, code, select) if select else make(making, row, code) if make else None
    if made is None:
        return None
    own = making.names.get(row["name"])
    text = making.text(row, "label", otherwise="" if made["type"] in {"computed", "hidden"} else row["name"])
    rules = making.rules(row, own) if made["type"] not in {"computed", "hidden", "statement"} else {}
    hint = making.text(row, "hint")
    _note_rest(making, row, made)
    return {
        "code": code,
        **({"text": text} if text else {}),
        **({"help": hint} if hint else {}),
        **rules,
        **made,
    }


def _note_rest(making: Making, row: Row, made: Made) -> None:
    for column, what in _UNREAD.items():
        if any(name.partition("::")[0] == column for name in row) and what:
            making.note(row, f"`{column}` is left out: {what}")
    if row.get("default") and made["type"] != "hidden":
        making.note(row, f"the default answer `{row['default']}` is left out: questions begin empty")
    media = sorted({name.partition("::")[2].partition("::")[0] for name in row if name.startswith("media::")})
    if media := media or sorted({"image", "audio", "video"} & {name.partition("::")[0] for name in row}):
        making.note(row, f"its {', '.join(media)} is left out")


def _select(making: Making, row: Row, code: str, select: re.Match[str]) -> Made | None:
    kind, listed, or_other = select[1].lower(), select[2], select[3]
    options, codes = making.options(row, listed)
    if not options:
        return None
    order = {"order": "random"} if parameters_of(row).get("randomize", "").lower() == "true" else {}
    is_one = kind in {"select_one", "select one", "selectone", "select1"}
    making.names[row["name"]] = Target(code, Sort.CHOICE if is_one else Sort.SEVERAL, codes)
    if or_other:
        options.append({"code": OTHER, "text": making.word("other"), "other": True, "pinned": True})
    if kind == "rank":
        return {"type": "ranking", "options": options, **order}
    if not is_one:
        return {"type": "multiple_choice", "options": options, **order}
    looks = set(row.get("appearance", "").lower().split())
    if "likert" in looks and not or_other and not order:
        return {"type": "likert", "options": options}
    display = {"display": "dropdown"} if looks & _DROPDOWN else {}
    return {"type": "single_choice", "options": options, **display, **order}


def _known(making: Making, row: Row, code: str, sort: Sort) -> None:
    making.names[row["name"]] = Target(code, sort)


def _text(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.TEXT)
    is_long = "multiline" in row.get("appearance", "")
    return {"type": "long_text" if is_long else "short_text"}


def _integer(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.NUMBER)
    return {"type": "number", "decimals": 0}


def _decimal(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.NUMBER)
    return {"type": "number"}


def _range(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.NUMBER)
    given, made = parameters_of(row), {"min": 1.0, "max": 10.0, "step": 1.0}
    for ours, theirs in (("min", "start"), ("max", "end"), ("step", "step")):
        if _NUMBER.fullmatch(given.get(theirs, "")):
            made[ours] = float(given[theirs])
    low, high = sorted((made["min"], made["max"]))
    return {"type": "slider", "min": low, "max": high, "step": abs(made["step"]) or 1.0}


def _statement(making: Making, row: Row, _code: str) -> Made | None:
    return {"type": "statement"} if making.text(row, "label") else None


def _day(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.DATE)
    return {"type": "date"}


def _time(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.DATE)
    return {"type": "time"}


def _day_and_time(making: Making, row: Row, code: str) -> Made:
    making.note(row, "it asked for a day and a time; here it asks for the day")
    return _day(making, row, code)


def _consent(making: Making, row: Row, code: str) -> Made:
    making.names[row["name"]] = Target(code, Sort.TRUTH, {"OK": "true"})
    return {"type": "consent"}


def _hidden(making: Making, row: Row, code: str) -> Made:
    _known(making, row, code, Sort.TEXT)
    default = row.get("default", "")
    is_constant = bool(default) and not re.search(r"[${(]", default)
    if default and not is_constant:
        making.note(row, f"the default answer `{default}` is left out: it is no constant")
    return {"type": "hidden", **({"default": default[:1000]} if is_constant else {})}


def _calculate(making: Making, row: Row, code: str) -> Made | None:
    text = row.get("calculation", "")
    try:
        said = XPATH.value(text, making.names)
    except UntranslatableError as error:
        making.note(row, f"the calculation `{text}` is left out: {error}")
        return None
    _known(making, row, code, Sort.TEXT if said.startswith(("'", '"')) else Sort.NUMBER)
    return {"type": "computed", "expression": said}


def _file(*kinds: str) -> Callable[[Making, Row, str], Made | None]:
    """Files of some kinds; a picture that is drawn to sign is a signature."""

    def make(_making: Making, row: Row, _code: str) -> Made:
        if kinds == ("image",) and "signature" in row.get("appearance", ""):
            return {"type": "signature"}
        return {"type": "file", "accept": list(kinds)}

    return make


_MAKERS: Mapping[str, Callable[[Making, Row, str], Made | None]] = {
    "text": _text, "string": _text, "integer": _integer, "int": _integer, "decimal": _decimal, "range": _range,
    "note": _statement, "date": _day, "time": _time, "datetime": _day_and_time, "acknowledge": _consent, "trigger": _consent,
    "calculate": _calculate, "hidden": _hidden,
    "image": _file("image"), "photo": _file("image"), "audio": _file("audio"), "video": _file("video"),
    "file": _file("image", "pdf", "document", "spreadsheet", "text"),
}  # fmt: skip
