"""The question types of LimeSurvey, each by its letter → questions of ours.

Source: manual.limesurvey.org, "Question types" and "Question object"; LimeSurvey's `Question::QT_…` constants.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target, both, quoted
from services.ingestion.domain.survey.foreign.limesurvey_conditions import EXPRESSION_SCRIPT
from services.ingestion.domain.survey.foreign.limesurvey_document import Part, Question
from services.ingestion.domain.survey.foreign.limesurvey_files import files_of
from services.ingestion.domain.survey.foreign.limesurvey_making import OTHER, Making

Made = list[dict[str, Any]]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNANSWERED = frozenset({"statement", "hidden", "computed"})
_SINGLE_VALUES = frozenset("L!5YGSTUND")
# What only looks: where it stands, how wide it is, what statistics show.
_LOOKS = frozenset({
    "alphasort", "answer_width", "answer_width_bycolumn", "category_separator", "clear_default", "cssclass", "display_columns", "display_rows",
    "display_type", "dropdown_dates", "dropdown_prefix", "dropdown_size", "dualscale_headerA", "dualscale_headerB", "form_title",
    "hide_tip", "input_size", "input_boxes", "keep_aspect", "label_input_columns", "location_mapservice", "maximum_chars", "other_comment_mandatory",
    "other_position", "page_break", "printable_help", "public_statistics", "question_template", "reverse", "samechoiceheight",
    "samelistheight", "save_as_default", "scale_export", "show_comment", "show_grand_total", "show_title", "show_totals",
    "showpopups", "slider_custom_handle", "slider_handle", "slider_layout", "slider_middlestart", "slider_orientation", "slider_reset",
    "slider_showminmax", "slider_separator", "statistics_graphtype", "statistics_showgraph", "statistics_showmap", "text_input_columns",
    "text_input_width", "time_limit_timer_style", "time_limit_message_style", "use_dropdown", "repeat_headings", "num_value_int_only",
    "numbers_only", "em_validation_q_tip", "em_validation_sq_tip", "choice_input_columns", "subquestion_width", "button_size", "max_buttons_row",
})  # fmt: skip
_UNSET = frozenset({"", "0", "N", "no", "off", "default", "core", "normal"})


def questions_of(making: Making, question: Question) -> Made:
    """Return what a question becomes: one question, several, or none with a note."""
    rules: dict[str, Any] = {}
    making.condition(rules, "show_if", question.row.get("relevance", ""), question.code)
    make = _MAKERS.get(question.kind)
    if make is None:
        what = _KNOWN_LEFT_OUT.get(question.kind, f"questions of type `{question.kind}`")
        making.note(question, f"{what} are not taken over")
        return []
    is_hidden = question.attribute("hidden") == "1" and question.kind != "*"
    made = _hidden(making, question) if is_hidden else make(making, question)
    if not made and not is_hidden:
        making.note(
            question, "it has no subquestions or answers, or none that can be taken over, and is left out"
        )
    _finish(making, question, made, rules)
    return made


def _finish(making: Making, question: Question, made: Made, rules: Mapping[str, Any]) -> None:
    """Give each question its text, its help and its rules, and note what is left."""
    for place, one in enumerate(made):
        one.setdefault("code", making.codes.of(question.code))
        text = making.text(question.texts, question.code, otherwise=question.code)
        one.setdefault("text", text)
        if place == 0 and (help_text := making.text(question.helps, question.code)):
            one["help"] = help_text
        if question.row.get("mandatory") == "Y" and one["type"] not in _UNANSWERED:
            one.setdefault("required", True)
        one.pop("required", None) if one.get("required") is False else None
        if shown := both(rules.get("show_if"), one.get("show_if")):
            one["show_if"] = shown
    if made and (equation := question.attribute("em_validation_q")):
        making.check(question, made[0], equation, question.words("em_validation_q_tip"))
    _note_rest(making, question)


def _note_rest(making: Making, question: Question) -> None:
    if question.row.get("mandatory") == "S":
        making.note(question, "it asked once for a missing answer; here it may be left empty")
    if question.row.get("preg"):
        making.note(question, f"the validation by `{question.row['preg']}` is left out")
    if question.row.get("script"):
        making.note(question, "its script is left out")
    if question.default and "default" not in question.used:
        making.note(question, f"the default answer `{question.default}` is left out: questions begin empty")
    there = question.attributes.keys() | question.translated.keys()
    left = sorted(there - question.used - _LOOKS)
    told = [name for name in left if question.attributes.get(name, "set") not in _UNSET]
    if told:
        making.note(question, f"left out: {', '.join(f'`{name}`' for name in told)}")


def _hidden(making: Making, question: Question) -> Made:
    if question.kind not in _SINGLE_VALUES:
        making.note(question, "a hidden question of this type is left out")
        return []
    making.note(question, "it was hidden; here its value comes from the link to the survey")
    code = making.codes.of(question.code)
    making.know(question, Target(code))
    question.used.add("default")
    return [{"type": "hidden", **({"default": question.default[:1000]} if question.default else {})}]


def _single(making: Making, question: Question) -> Made:
    options, codes = making.options(question, question.scale(question.answers))
    options += making.other(question)
    return _choice(making, question, options, codes)


def _choice(making: Making, question: Question, options: Made, codes: Mapping[str, str]) -> Made:
    code = making.codes.of(question.code)
    others = {"-oth-": OTHER} if any(option.get("other") for option in options) else {}
    making.know(question, Target(code, Sort.CHOICE, {**codes, **others}))
    if others:
        making.know(question, Target(f"{code}_{OTHER}"), OTHER)
    order = making.order(question, "random_order", "answer_order")
    display = {"!": {"display": "dropdown"}, "Y": {"display": "buttons"}}.get(question.kind, {})
    made: Made = [{"type": "single_choice", "options": options, **display, **order}] if options else []
    if made and question.kind == "O":
        comment = making.codes.of(f"{question.code}_comment")
        making.know(question, Target(comment), "comment")
        made.append({"code": comment, "type": "long_text", "text": making.word("comment"), "required": False})
    return made


def _worded(**words: str) -> Callable[[Making, Question], Made]:
    """A choice of answers that LimeSurvey words itself."""

    def make(making: Making, question: Question) -> Made:
        options = [{"code": code, "text": making.word(name)} for code, name in words.items()]
        return _choice(making, question, options, {code: code for code in words})

    return make


def _five_points(making: Making, question: Question) -> Made:
    making.know(question, Target(making.codes.of(question.code), Sort.NUMBER))
    is_stars = question.attribute("slider_rating") in {"1", "2"}
    return [{"type": "rating" if is_stars else "likert", "steps": 5}]


def _multiple(making: Making, question: Question) -> Made:
    code = making.codes.of(question.code)
    options, codes = making.options(question, question.scale(question.rows))
    alone = set(re.split(r"[;,\s]+", question.attribute("exclude_all_others")))
    for option, part in zip(options, question.scale(question.rows), strict=True):
        option.pop("value", None)
        if part.code in alone:
            option["exclusive"] = True
    carried = _carried(making, question, codes)
    for theirs, ours in codes.items():
        said = f"{code} contains {quoted(ours)}"
        making.know(question, Target(said, Sort.MEMBER, {"Y": said, "N": ""}, code), theirs)
    options += making.other(question)
    if question.row.get("other") == "Y":
        making.know(question, Target(f"{code}_{OTHER}"), OTHER)
    making.know(question, Target(code, Sort.SEVERAL, codes))
    if question.kind == "P":
        making.note(question, "the comments beside its options are not taken over")
    limits = making.numbers(question, {"min": "min_answers", "max": "max_answers"})
    order = making.order(question, "random_order", "subquestion_order", "answer_order")
    parts = {"carry": carried, "options": []} if carried else {"options": options}
    return [{"type": "multiple_choice", **parts, **limits, **order}] if options else []


def _carried(making: Making, question: Question, codes: Mapping[str, str]) -> Made:
    """The earlier question whose chosen (or other) options these are, where they are the same."""
    for name, which in (("array_filter", "selected"), ("array_filter_exclude", "unselected")):
        if not (source := question.attribute(name)):
            continue
        target = making.names.get(source)
        if target and target.sort is Sort.SEVERAL and dict(target.values).items() >= dict(codes).items():
            making.note(question, f"its parts are those of `{source}`, with the texts that they have there")
            return [{"question": target.said, "which": which}]
        making.note(question, f"`{name}` by `{source}` is left out: the parts are not those of that question")
    return []


def _ranking(making: Making, question: Question) -> Made:
    options, codes = making.options(
        question, question.scale(question.answers) or question.scale(question.rows)
    )
    making.know(question, Target(making.codes.of(question.code), Sort.SEVERAL, codes))
    limits = making.numbers(question, {"max": "max_answers"})
    if question.attribute("min_answers"):
        making.note(question, "`min_answers` of a ranking is left out")
    order = making.order(question, "random_order", "answer_order")
    return [{"type": "ranking", "options": options, **limits, **order}] if options else []


def _array(making: Making, question: Question) -> Made:
    columns, codes = making.options(question, question.scale(question.answers))
    return _matrix(making, question, columns, codes)


def _points(n: int) -> Callable[[Making, Question], Made]:
    """An array of numbers from 1."""

    def make(making: Making, question: Question) -> Made:
        language = making.texts.languages[0]
        columns = [{"code": str(i), "text": {language: str(i)}, "value": i} for i in range(1, n + 1)]
        return _matrix(making, question, columns, {str(i): str(i) for i in range(1, n + 1)})

    return make


def _worded_array(**words: str) -> Callable[[Making, Question], Made]:
    """An array of answers that LimeSurvey words itself."""

    def make(making: Making, question: Question) -> Made:
        columns = [{"code": code, "text": making.word(name)} for code, name in words.items()]
        return _matrix(making, question, columns, {code: code for code in words})

    return make


def _matrix(making: Making, question: Question, columns: Made, codes: Mapping[str, str]) -> Made:
    code = making.codes.of(question.code)
    rows, row_codes = making.rows(question)
    if not rows or not columns:
        return []
    for part, row in row_codes.items():
        making.know(question, Target(f"{code}.{row}", Sort.CHOICE, codes, code), part)
    making.know(question, Target(code, Sort.TABLE))
    if question.kind == "H":
        making.note(question, "it was shown by column; here its subquestions are rows")
    order = making.order(question, "random_order", "subquestion_order")
    parts = _rows_or_carried(making, question, rows, row_codes)
    return [{"type": "matrix_single", **parts, "columns": columns, **order}]


def _rows_or_carried(
    making: Making, question: Question, rows: Made, codes: Mapping[str, str]
) -> dict[str, Any]:
    carried = _carried(making, question, codes)
    return {"carry": carried} if carried else {"rows": rows}


def _dual_scale(making: Making, question: Question) -> Made:
    """Two questions on the same rows, one for each scale."""
    rows, row_codes = making.rows(question)
    made: Made = []
    for scale, header in (("0", "dualscale_headerA"), ("1", "dualscale_headerB")):
        columns, codes = making.options(question, question.scale(question.answers, scale))
        code = making.codes.of(f"{question.code}_{int(scale) + 1}")
        for part, row in row_codes.items():
            target = Target(f"{code}.{row}", Sort.CHOICE, codes, code)
            making.know(question, target, part, scale)
            making.names[f"{making.sgqa(question)}{part}#{scale}"] = target
        if rows and columns:
            text = _with_part(making, question, Part("", "", 0, "", question.words(header)))
            made.append(
                {"code": code, "type": "matrix_single", "rows": rows, "columns": columns, "text": text}
            )
    order = making.order(question, "random_order")
    return [{**one, **order} for one in made]


def _with_part(making: Making, question: Question, part: Part) -> dict[str, str]:
    """The question's text with what a part of it is called."""
    text = making.text(question.texts, question.code, otherwise=question.code) or {}
    about = making.text(part.texts, question.code, otherwise=part.code) or {}
    plain = next(iter(about.values()), "")
    return {
        tag: f"{words}\n{more}" if (more := about.get(tag, plain)) else words for tag, words in text.items()
    }


def _grid(making: Making, question: Question) -> Made:
    """Texts or numbers in rows and columns: one question for each column, or several choices in each row."""
    rows, row_codes = making.rows(question)
    parts = question.scale(question.rows, "1")
    if question.kind == ":" and question.attribute("multiflexible_checkbox") == "1":
        return _checkboxes(making, question, parts)
    kind, sort = ("matrix_number", Sort.NUMBER) if question.kind == ":" else ("matrix_text", Sort.TEXT)
    limits: dict[str, float] = {}
    if question.kind == ":":
        limits = making.numbers(question, {"min": "multiflexible_min", "max": "multiflexible_max"})
        limits = limits or {"min": 1, "max": 10}
    made: Made = []
    for part in parts:
        code = making.codes.of(f"{question.code}_{part.code}")
        for row, row_code in row_codes.items():
            making.know(question, Target(f"{code}.{row_code}", sort, {}, code), row, part.code)
        text = _with_part(making, question, part)
        made.append({"code": code, "type": kind, "rows": rows, "text": text, **limits})
    order = making.order(question, "random_order")
    return [{**one, **order} for one in made] if rows else []


def _checkboxes(making: Making, question: Question, parts: list[Part]) -> Made:
    code = making.codes.of(question.code)
    rows, row_codes = making.rows(question)
    columns, codes = making.options(question, parts)
    for row, row_code in row_codes.items():
        for part, column in codes.items():
            said = f"{code}.{row_code} contains {quoted(column)}"
            making.know(question, Target(said, Sort.MEMBER, {"1": said, "0": ""}, code), row, part)
    return [{"type": "matrix_multiple", "rows": rows, "columns": columns}] if rows and columns else []


def _numbers(making: Making, question: Question) -> Made:
    """Numbers for each subquestion; with a fixed total they are shared out."""
    code = making.codes.of(question.code)
    rows, codes = making.rows(question)
    for part, row in codes.items():
        making.know(question, Target(f"{code}.{row}", Sort.NUMBER, {}, code), part)
    making.know(question, Target(code, Sort.TABLE))
    total = making.numbers(question, {"total": "equals_num_value"})
    order = making.order(question, "random_order", "subquestion_order")
    if total.get("total", 0) > 0 and rows:
        return [{"type": "constant_sum", "options": rows, **total, **order}]
    limits = making.numbers(question, {"min": "min_num_value_n", "max": "max_num_value_n"})
    made: dict[str, Any] = {"type": "matrix_number", "rows": rows, **limits, **order}
    for name, sign in (("min_num_value", ">="), ("max_num_value", "<=")):
        if limit := making.numbers(question, {"sum": name}):
            condition = f"sum({code}) {sign} {limit['sum']}"
            made.setdefault("checks", []).append({"condition": condition, "message": making.word("check")})
    return [made] if rows else []


def _texts(making: Making, question: Question) -> Made:
    code = making.codes.of(question.code)
    rows, codes = making.rows(question)
    for part, row in codes.items():
        making.know(question, Target(f"{code}.{row}", Sort.TEXT, {}, code), part)
    making.know(question, Target(code, Sort.TABLE))
    order = making.order(question, "random_order", "subquestion_order")
    return [{"type": "matrix_text", "rows": rows, **order}] if rows else []


def _number(making: Making, question: Question) -> Made:
    making.know(question, Target(making.codes.of(question.code), Sort.NUMBER))
    limits = making.numbers(question, {"min": "min_num_value_n", "max": "max_num_value_n"})
    whole = {"decimals": 0} if question.attribute("num_value_int_only") == "1" else {}
    return [{"type": "number", **limits, **whole, **_unit(making, question)}]


def _unit(making: Making, question: Question) -> dict[str, Any]:
    if before := question.words("prefix"):
        making.note(question, f"`{next(iter(before.values()))}` in front of the answer is left out")
    unit = making.text(question.words("suffix"), question.code)
    return {"unit": unit} if unit else {}


def _text(making: Making, question: Question) -> Made:
    if question.attribute("numbers_only") == "1":
        return _number(making, question)
    making.know(question, Target(making.codes.of(question.code), Sort.TEXT))
    made: dict[str, Any] = {"type": "short_text" if question.kind == "S" else "long_text"}
    longest = making.numbers(question, {"max_length": "maximum_chars"})
    if 0 < longest.get("max_length", 0) <= 20_000:  # noqa: PLR2004 - the longest that a text may be
        made["max_length"] = int(longest["max_length"])
    if shown := making.text(question.words("placeholder"), question.code):
        made["placeholder"] = shown
    return [made]


def _day(making: Making, question: Question) -> Made:
    making.know(question, Target(making.codes.of(question.code), Sort.DATE))
    made: dict[str, Any] = {"type": "date"}
    for ours, theirs in (("min", "date_min"), ("max", "date_max")):
        value = question.attribute(theirs)
        if _DAY.match(value):
            made[ours] = value[:10]
        elif value:
            making.note(question, f"`{theirs}` is `{value}`, which is no day, and is left out")
    if re.search("[HM]{2}|[hm]:", question.attribute("date_format").replace("mm", "")):
        making.note(question, "it asked for a day and a time; here it asks for the day")
    return [made]


def _equation(making: Making, question: Question) -> Made:
    words = question.attribute("equation") or next(iter(question.texts.values()), "")
    inside = re.fullmatch(r"\s*(?:<[^<>]*>\s*)*\{([^{}]*)\}\s*(?:<[^<>]*>\s*)*", words)
    try:
        said = EXPRESSION_SCRIPT.value(inside[1] if inside else words, making.names)
    except UntranslatableError as error:
        making.note(question, f"the equation `{words[:200]}` is left out: {error}")
        return []
    question.texts, question.helps = {}, {}
    making.know(question, Target(making.codes.of(question.code), Sort.NUMBER))
    return [{"type": "computed", "expression": said}]


def _display(making: Making, question: Question) -> Made:
    text = making.text(question.texts, question.code)
    return [{"type": "statement", "text": text}] if text else []


_KNOWN_LEFT_OUT = {"I": "questions for the language"}
_MAKERS: Mapping[str, Callable[[Making, Question], Made]] = {
    "L": _single, "!": _single, "O": _single, "5": _five_points,
    "G": _worded(F="female", M="male"), "Y": _worded(Y="yes", N="no"),
    "M": _multiple, "P": _multiple, "R": _ranking,
    "F": _array, "H": _array, "1": _dual_scale, "A": _points(5), "B": _points(10),
    "C": _worded_array(Y="yes", U="uncertain", N="no"), "E": _worded_array(I="increase", S="same", D="decrease"),
    ";": _grid, ":": _grid, "K": _numbers, "Q": _texts,
    "N": _number, "S": _text, "T": _text, "U": _text, "D": _day, "*": _equation, "X": _display, "|": files_of,
}  # fmt: skip
