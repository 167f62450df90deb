"""SurveyJS JSON (library 1.x and 2.x) → a definition of ours.

Pages, panels (their questions, with the panel's condition), choices with other and none, matrices, validators by condition, conditions,
texts in several languages. What has no counterpart is left out with a note that names it; nothing is changed in meaning silently.
Format: surveyjs.io, "Form JSON schema".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target, both
from services.ingestion.domain.survey.foreign.surveyjs_conditions import SURVEYJS
from services.ingestion.domain.survey.foreign.taking import (
    Codes,
    ForeignSurveyError,
    Note,
    Taken,
    Texts,
    option_codes,
    plain,
)
from services.ingestion.domain.survey.images import is_image_address

_INPUTS = {
    "number": "number",
    "range": "slider",
    "date": "date",
    "time": "time",
    "email": "email",
    "tel": "phone",
    "url": "url",
}
_SORTS = {"number": Sort.NUMBER, "slider": Sort.NUMBER, "date": Sort.DATE, "time": Sort.DATE}
_NPS = (0, 10)
_MOST_STEPS = 11
_DISPLAYS = {"dropdown": "dropdown", "buttongroup": "buttons"}
_OTHER, _NONE = "other", "none"
Json = Mapping[str, Any]


def from_surveyjs(document: Json) -> Taken:
    """Return the survey that a SurveyJS document describes; raises ForeignSurveyError."""
    pages = document.get("pages") or (
        [{"elements": document["elements"]}] if document.get("elements") else None
    )
    if not isinstance(pages, list) or not all(isinstance(page, Mapping) for page in pages):
        raise ForeignSurveyError("a survey of SurveyJS has `pages` or `elements`")
    return _Import(document).taken(pages)


class _Import:
    """One import: codes and languages are found while questions are read."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._texts = Texts(str(document.get("locale") or "en"))
        self._codes = Codes()
        self._pages = Codes("p")
        self._known: dict[str, Target] = {}
        self._notes: list[Note] = []

    def taken(self, pages: Sequence[Json]) -> Taken:
        title = self._texts.of(self._document.get("title")) or {}
        written = [self._page(page, number) for number, page in enumerate(pages, 1)]
        definition: dict[str, Any] = {"pages": [page for page in written if page["questions"]]}
        completion = self._texts.of(self._document.get("completedHtml"))
        if completion:
            definition["completion"] = completion
        if (address := self._document.get("navigateToUrl")) is not None:
            definition["endings"] = [{"code": "complete", "redirect": str(address)}]
        for name in ("triggers", "calculatedValues", "completedHtmlOnCondition", "navigateToUrlOnCondition"):
            if self._document.get(name):
                self._note("", f"`{name}` of the survey are not taken over")
        if title:
            definition["title"] = title
        layout = "FOCUS" if self._document.get("questionsOnPageMode") == "questionPerPage" else "CLASSIC"
        name = next(iter(title.values()), "") or "Survey"
        return Taken(name[:255], {"languages": self._texts.languages, **definition}, layout, self._notes)

    def _note(self, where: str, detail: str) -> None:
        self._notes.append(Note(where, detail))

    def _page(self, page: Json, number: int) -> dict[str, Any]:
        name = str(page.get("name") or f"page{number}")
        made: dict[str, Any] = {"code": self._pages.of(name)}
        if page.get("title"):
            made["title"] = self._texts.of(page["title"])
        if page.get("questionsOrder") == "random":
            made["order"] = "random"
        self._condition(made, "show_if", page.get("visibleIf"), name)
        made["questions"] = list(
            self._elements(page.get("elements") or page.get("questions") or (), within=None)
        )
        return made

    def _elements(self, elements: Sequence[Json], within: str | None) -> Iterator[dict[str, Any]]:
        for element in elements:
            kind, name = str(element.get("type", "")), str(element.get("name", ""))
            if kind == "panel":
                inner: dict[str, Any] = {}
                self._condition(inner, "show_if", element.get("visibleIf"), name)
                yield from self._elements(element.get("elements") or (), both(within, inner.get("show_if")))
                continue
            question = self._question(element, kind, name)
            if question is None:
                known = kind in _MAKERS
                left = f"this `{kind}` question is left out: it asks nothing that could be taken over"
                self._note(name, left if known else f"questions of type `{kind}` are not taken over")
                continue
            if shown := both(within, question.get("show_if")):
                question["show_if"] = shown
            yield question

    def _question(self, element: Json, kind: str, name: str) -> dict[str, Any] | None:
        make = _MAKERS.get(kind)
        if make is None:
            return None
        conditions: dict[str, Any] = {}
        self._condition(conditions, "show_if", element.get("visibleIf"), name)
        self._condition(conditions, "required_if", element.get("requiredIf"), name)
        made: dict[str, Any] = {
            "code": self._codes.of(name),
            "text": self._texts.of(element.get("title"), otherwise=name),
        }
        if help_text := self._texts.of(element.get("description")):
            made["help"] = help_text
        if element.get("isRequired") and kind not in {"html", "expression"}:
            made["required"] = True
        made |= conditions
        self._known[name] = Target(made["code"])
        specific = make(self, element, name)
        if specific is None:
            del self._known[name]
            return None
        made |= specific
        self._checks(made, element, name)
        return made

    def _condition(self, into: dict[str, Any], member: str, text: object, where: str) -> None:
        """Translate a condition into a member, or leave it out with a note."""
        if text:
            try:
                into[member] = SURVEYJS.translated(str(text), self._known)
            except UntranslatableError as error:
                self._note(where, f"the condition `{text}` is left out: {error}")

    def _checks(self, made: dict[str, Any], element: Json, name: str) -> None:
        checks = []
        for validator in element.get("validators") or ():
            if validator.get("type") != "expression":
                self._note(
                    name, f"the validator `{validator.get('type')}` is left out; use `min`, `max` or a check"
                )
                continue
            check: dict[str, Any] = {}
            self._condition(check, "condition", validator.get("expression"), name)
            if check:
                check["message"] = self._texts.of(
                    validator.get("text"), otherwise="Please check this answer."
                )
                checks.append(check)
        if checks:
            made["checks"] = checks

    def _options(self, choices: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        values = [choice.get("value") if isinstance(choice, Mapping) else choice for choice in choices]
        codes = option_codes(values)
        options = []
        for value, choice in zip(values, choices, strict=True):
            text = choice.get("text") if isinstance(choice, Mapping) else None
            option = {"code": codes[plain(value)], "text": self._texts.of(text, otherwise=plain(value))}
            picture = choice.get("imageLink") if isinstance(choice, Mapping) else None
            options.append(option | ({"image": picture} if is_image_address(picture) else {}))
        return options, codes

    def choice(self, element: Json, name: str, *, is_multiple: bool) -> dict[str, Any] | None:
        if element.get("choicesByUrl"):
            self._note(name, "choices that come from an address are not taken over")
        options, codes = self._options(element.get("choices") or ())
        if element.get("hasOther") or element.get("showOtherItem"):
            text = self._texts.of(element.get("otherText"), otherwise="Other (describe)")
            options.append({"code": _OTHER, "text": text, "other": True, "pinned": True})
            codes["other"] = _OTHER
        if element.get("hasNone") or element.get("showNoneItem"):
            text = self._texts.of(element.get("noneText"), otherwise="None")
            options.append(
                {"code": _NONE, "text": text, "pinned": True} | ({"exclusive": True} if is_multiple else {})
            )
            codes["none"] = _NONE
        if not options:
            return None
        made: dict[str, Any] = {
            "type": "multiple_choice" if is_multiple else "single_choice",
            "options": options,
        }
        if element.get("choicesOrder") == "random":
            made["order"] = "random"
        if not is_multiple and (display := _DISPLAYS.get(str(element.get("type")))):
            made["display"] = display
        limits = {"min": "minSelectedChoices", "max": "maxSelectedChoices"}
        made |= {
            ours: element[theirs] for ours, theirs in limits.items() if is_multiple and element.get(theirs)
        }
        self._know(name, Sort.SEVERAL if is_multiple else Sort.CHOICE, codes)
        return made

    def single(self, element: Json, name: str) -> dict[str, Any] | None:
        return self.choice(element, name, is_multiple=False)

    def multiple(self, element: Json, name: str) -> dict[str, Any] | None:
        return self.choice(element, name, is_multiple=True)

    def ranking(self, element: Json, name: str) -> dict[str, Any] | None:
        options, codes = self._options(element.get("choices") or ())
        self._know(name, Sort.SEVERAL, codes)
        return {"type": "ranking", "options": options} if options else None

    def boolean(self, element: Json, name: str) -> dict[str, Any]:
        labels = (("true", element.get("labelTrue"), "Yes"), ("false", element.get("labelFalse"), "No"))
        options = [
            {"code": code, "text": self._texts.of(label, otherwise=usual)} for code, label, usual in labels
        ]
        self._know(name, Sort.CHOICE, {"true": "true", "false": "false"})
        return {"type": "single_choice", "display": "buttons", "options": options}

    def _know(self, name: str, sort: Sort, values: Mapping[str, str] | None = None) -> None:
        """Note what conditions may say of a question."""
        self._known[name] = replace(self._known[name], sort=sort, values=values or {})

    def _know_rows(self, name: str, rows: Mapping[str, str], sort: Sort, values: Mapping[str, str]) -> None:
        """Note the rows of a question, each of which has an answer of its own."""
        code = self._known[name].said
        self._know(name, Sort.TABLE)
        for row, row_code in rows.items():
            self._known[f"{name}.{row}"] = Target(f"{code}.{row_code}", sort, values, code)

    def text(self, element: Json, name: str) -> dict[str, Any]:
        kind = _INPUTS.get(str(element.get("inputType", "text")), "short_text")
        self._know(name, _SORTS.get(kind, Sort.TEXT))
        made: dict[str, Any] = {"type": kind}
        if kind in {"number", "slider", "date", "time"}:
            made |= {limit: element[limit] for limit in ("min", "max") if element.get(limit) is not None}
        elif kind == "short_text" and element.get("maxLength"):
            made["max_length"] = int(element["maxLength"])
        if kind == "short_text" and (placeholder := self._texts.of(element.get("placeholder"))):
            made["placeholder"] = placeholder
        return made

    def comment(self, element: Json, _name: str) -> dict[str, Any]:
        longest = int(element.get("maxLength") or 0)
        return {"type": "long_text"} | ({"max_length": longest} if longest > 0 else {})

    def rating(self, element: Json, name: str) -> dict[str, Any]:
        if element.get("rateValues"):
            options, codes = self._options(element["rateValues"])
            self._know(name, Sort.CHOICE, codes)
            return {"type": "likert", "options": options}
        self._know(name, Sort.NUMBER)
        low, high = int(element.get("rateMin", 1)), int(element.get("rateMax", element.get("rateCount", 5)))
        ends = {
            "low": self._texts.of(element.get("minRateDescription")),
            "high": self._texts.of(element.get("maxRateDescription")),
        }
        said = {end: text for end, text in ends.items() if text}
        if (low, high) == _NPS:
            return {"type": "nps", **said}
        if low == 1 and high <= _MOST_STEPS:
            return {"type": "rating", "steps": high, **said}
        return {"type": "slider", "min": low, "max": high, **said}

    def matrix(self, element: Json, name: str) -> dict[str, Any] | None:
        rows, row_codes = self._rows(element.get("rows") or ())
        columns, codes = self._options(element.get("columns") or ())
        if not rows or not columns:
            return None
        is_multiple = element.get("cellType") == "checkbox"
        self._know_rows(name, row_codes, Sort.SEVERAL if is_multiple else Sort.CHOICE, codes)
        required = "all" if element.get("isAllRowRequired") or element.get("eachRowRequired") else "any"
        order = {"order": "random"} if element.get("rowOrder", element.get("rowsOrder")) == "random" else {}
        kind = "matrix_multiple" if is_multiple else "matrix_single"
        return {"type": kind, "rows": rows, "columns": columns, "required_rows": required, **order}

    def several_texts(self, element: Json, name: str) -> dict[str, Any] | None:
        items = [
            {"value": item.get("name"), "text": item.get("title")} for item in element.get("items") or ()
        ]
        rows, row_codes = self._rows(items)
        self._know_rows(name, row_codes, Sort.TEXT, {})
        return {"type": "matrix_text", "rows": rows, "required_rows": "any"} if rows else None

    def _rows(self, choices: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        codes = Codes("r")
        by_value: dict[str, str] = {}
        rows = []
        for choice in choices:
            value = plain(choice.get("value") if isinstance(choice, Mapping) else choice)
            text = choice.get("text") if isinstance(choice, Mapping) else None
            by_value[value] = codes.of(value)
            rows.append({"code": by_value[value], "text": self._texts.of(text, otherwise=value)})
        return rows, by_value

    def files(self, element: Json, name: str) -> dict[str, Any] | None:
        accepted = str(element.get("acceptedTypes") or "")
        kinds = [kind for kind in ("image", "audio", "video", "pdf") if kind in accepted]
        if accepted and not kinds:
            self._note(name, f"`{accepted}` is left out: files are images, PDFs or documents")
        several = {"max_files": _MOST_FILES} if element.get("allowMultiple") else {}
        return {"type": "file", **({"accept": kinds} if kinds else {}), **several}

    def signature(self, _element: Json, _name: str) -> dict[str, Any] | None:
        return {"type": "signature"}

    def html(self, element: Json, _name: str) -> dict[str, Any] | None:
        text = self._texts.of(element.get("html"))
        return {"type": "statement", "text": text} if text else None

    def expression(self, element: Json, name: str) -> dict[str, Any] | None:
        text = str(element.get("expression") or "")
        try:
            return {"type": "computed", "expression": SURVEYJS.value(text, self._known)}
        except UntranslatableError as error:
            self._note(name, f"the expression `{text}` is left out: {error}")
            return None


_MOST_FILES = 10
_Maker = Callable[[_Import, Json, str], dict[str, Any] | None]
_MAKERS: Mapping[str, _Maker] = {
    "radiogroup": _Import.single,
    "dropdown": _Import.single,
    "buttongroup": _Import.single,
    "imagepicker": _Import.single,
    "checkbox": _Import.multiple,
    "tagbox": _Import.multiple,
    "ranking": _Import.ranking,
    "boolean": _Import.boolean,
    "file": _Import.files,
    "signaturepad": _Import.signature,
    "text": _Import.text,
    "comment": _Import.comment,
    "rating": _Import.rating,
    "matrix": _Import.matrix,
    "multipletext": _Import.several_texts,
    "html": _Import.html,
    "expression": _Import.expression,
}
