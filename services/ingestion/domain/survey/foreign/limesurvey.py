"""LimeSurvey's `.lss` files (versions 2 to 6) → a definition of ours.

Groups become pages, questions questions, subquestions rows or options, relevance equations conditions, quotas quotas. What has no
counterpart is left out with a note that names it; nothing is changed in meaning silently.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.ingestion.domain.survey.definition import MAX_QUOTAS
from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target, quoted
from services.ingestion.domain.survey.foreign.limesurvey_document import (
    Document,
    Question,
    Row,
    Texts,
    groups_of,
    number,
)
from services.ingestion.domain.survey.foreign.limesurvey_making import Making
from services.ingestion.domain.survey.foreign.limesurvey_questions import questions_of
from services.ingestion.domain.survey.foreign.taking import (
    Codes,
    ForeignSurveyError,
    Note,
    Taken,
    refuse_more,
)

_LONGEST_TITLE = 255
_LEFT_OUT = {
    "conditions": "conditions (the older kind beside relevance equations)",
    "assessments": "assessment rules",
    "survey_url_parameters": "parameters of the address; use `hidden` questions",
}


def from_limesurvey(text: str) -> Taken:
    """Return the survey that an `.lss` file describes; raises ForeignSurveyError."""
    document = Document(text)
    if document.kind != "Survey" or not document.rows("surveys"):
        raise ForeignSurveyError("this is no survey of LimeSurvey: export it as `.lss` (Survey structure)")
    return _Import(document).taken()


class _Import:
    """One import: codes, languages and names are found while questions are read."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._survey = document.rows("surveys")[0]
        default = self._survey.get("language") or next(iter(document.languages), "en")
        self._making = Making(default, self._survey.get("sid", ""))
        self._making.texts.add_languages(
            [*document.languages, *self._survey.get("additional_languages", "").split()]
        )
        self._pages = Codes("p")
        self._shuffled: dict[str, list[str]] = {}

    def taken(self) -> Taken:
        settings = self._settings()
        definition: dict[str, Any] = {}
        self._add_words(definition, settings)
        self._add_ending(definition, settings)
        questions = self._document.questions()
        definition["pages"] = [
            page
            for row, names, descriptions in groups_of(self._document)
            for page in (self._page(row, names, descriptions, questions),)
            if page["questions"]
        ]
        self._add_shuffle(definition)
        self._add_quotas(definition, {question.qid: question for question in questions})
        self._note_rest()
        title = definition.get("title", {})
        name = next(iter(title.values()), "") or "Survey"
        layout = "FOCUS" if self._survey.get("format") == "S" else "CLASSIC"
        if self._survey.get("format") == "A":
            self._note("", "all groups stood on one page; here each is a page of its own")
        languages = {"languages": self._making.texts.languages}
        return Taken(name[:_LONGEST_TITLE], {**languages, **definition}, layout, self._making.notes)

    def _note(self, where: str, detail: str) -> None:
        self._making.notes.append(Note(where, detail))

    def _settings(self) -> dict[str, Texts]:
        """Column → texts by language of the survey's own words."""
        found: dict[str, Texts] = {}
        for row in self._document.rows("surveys_languagesettings"):
            for column, words in row.items():
                if words:
                    found.setdefault(column.removeprefix("surveyls_"), {})[
                        row.get("surveyls_language", "")
                    ] = words
        return found

    def _add_words(self, definition: dict[str, Any], settings: Mapping[str, Texts]) -> None:
        for name, columns in (
            ("title", ("title",)),
            ("welcome", ("description", "welcometext")),
            ("completion", ("endtext",)),
        ):
            parts = [text for column in columns if (text := self._making.text(settings.get(column), ""))]
            tags = dict.fromkeys(tag for part in parts for tag in part)
            if tags:
                definition[name] = {
                    tag: "\n\n".join(part[tag] for part in parts if tag in part) for tag in tags
                }

    def _add_ending(self, definition: dict[str, Any], settings: Mapping[str, Texts]) -> None:
        addresses = list(settings.get("url", {}).values())
        if not addresses:
            return
        if self._survey.get("autoredirect") == "Y" and re.match(r"https?://[^\s{}]+$", addresses[0]):
            definition["endings"] = [{"code": "complete", "redirect": addresses[0]}]
            if len(set(addresses)) > 1:
                self._note("", "the survey ends at one address in all languages")
        else:
            self._note(
                "", f"the link `{addresses[0]}` at the end is left out; name it in the text of the completion"
            )

    def _page(
        self, row: Row, names: Texts, descriptions: Texts, questions: Sequence[Question]
    ) -> dict[str, Any]:
        gid = row.get("gid", "")
        name = next(iter(names.values()), "") or f"group {gid}"
        code = self._pages.of(name)
        page: dict[str, Any] = {"code": code}
        if title := self._making.text(names, name):
            page["title"] = title
        self._making.condition(page, "show_if", row.get("grelevance", ""), name)
        if group := row.get("randomization_group", ""):
            self._shuffled.setdefault(group, []).append(code)
        page["questions"] = []
        if text := self._making.text(descriptions, name):
            about = self._making.codes.of(f"{code}_about")
            page["questions"].append({"code": about, "type": "statement", "text": text})
        for question in questions:
            if question.group == gid:
                page["questions"] += questions_of(self._making, question)
        return page

    def _add_shuffle(self, definition: dict[str, Any]) -> None:
        there = {page["code"] for page in definition["pages"]}
        groups = [[code for code in codes if code in there] for codes in self._shuffled.values()]
        if groups := [codes for codes in groups if len(codes) > 1]:
            definition["shuffle"] = groups

    def _add_quotas(self, definition: dict[str, Any], questions: Mapping[str, Question]) -> None:
        codes, made = Codes("c"), []
        refuse_more(len(self._document.rows("quota")), MAX_QUOTAS, "quotas")
        for row in self._document.rows("quota"):
            name = row.get("name", "") or f"quota {row.get('id', '')}"
            if row.get("active", "1") != "1":
                self._note(name, "the quota is not active and left out")
                continue
            try:
                when = self._cell(row.get("id", ""), questions)
            except UntranslatableError as error:
                self._note(name, f"the quota is left out: {error}")
                continue
            label = {self._making.texts.languages[0]: name}
            made.append(
                {
                    "code": codes.of(name),
                    "label": label,
                    "when": when,
                    "target": int(number(row.get("qlimit"))),
                }
            )
        if made:
            definition["quotas"] = made

    def _cell(self, quota: str, questions: Mapping[str, Question]) -> str:
        """Who falls into a quota: one of the answers named of each question."""
        parts: dict[str, list[str]] = {}
        for row in self._document.rows("quota_members"):
            if row.get("quota_id") == quota:
                question = questions.get(row.get("qid", ""))
                code = row.get("code", "")
                parts.setdefault(row.get("qid", ""), []).append(
                    self._member(question.code if question else "", code)
                )
        if not parts:
            raise UntranslatableError("it names no answer")
        said = [" or ".join(each) for each in parts.values()]
        return said[0] if len(said) == 1 else " and ".join(f"({each})" for each in said)

    def _member(self, name: str, code: str) -> str:
        target = self._making.names.get(f"{name}_{code}")
        if target is not None and target.sort is Sort.MEMBER:
            return target.said
        target = self._making.names.get(name, Target(""))
        if target.sort is not Sort.CHOICE or code not in target.values:
            raise UntranslatableError(f"the answer `{code}` of `{name}` cannot be named here")
        return f"{target.said} == {quoted(target.values[code])}"

    def _note_rest(self) -> None:
        for table, what in _LEFT_OUT.items():
            if self._document.rows(table):
                self._note("", f"{what} are not taken over")
