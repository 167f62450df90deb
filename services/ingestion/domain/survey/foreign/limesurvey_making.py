"""What is known while the questions of an `.lss` file are made into ours: codes, languages, names in conditions, notes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.ingestion.domain.survey.foreign.condition_trees import UntranslatableError
from services.ingestion.domain.survey.foreign.conditions import Sort, Target
from services.ingestion.domain.survey.foreign.limesurvey_conditions import EXPRESSION_SCRIPT
from services.ingestion.domain.survey.foreign.limesurvey_document import Part, Question, Texts
from services.ingestion.domain.survey.foreign.taking import Codes, Note, option_codes
from services.ingestion.domain.survey.foreign.taking import Texts as OurTexts
from services.ingestion.domain.survey.foreign.words import word

_ALWAYS = frozenset({"", "1"})
_PIPE = re.compile(r"\{(?:INSERTANS:)?([A-Za-z0-9_][\w.#]*)\}")
_SCRIPT = re.compile(r"\{[^{}\s][^{}]*\}")
OTHER = "other"


class Making:
    """The state of one import, and what every kind of question needs of it."""

    def __init__(self, default_language: str, survey: str) -> None:
        self.texts = OurTexts(default_language)
        self.codes = Codes()
        self.names: dict[str, Target] = {}
        """What a name in a condition stands for."""
        self.notes: list[Note] = []
        self._survey = survey

    def note(self, question: Question, detail: str) -> None:
        """Say what became of a part of a question."""
        self.notes.append(Note(question.code, detail))

    def text(self, texts: Texts | None, where: str, *, otherwise: str = "") -> dict[str, str] | None:
        """A text in each language, earlier answers in it as ours; None where there is none."""
        said = self.texts.of(texts or None, otherwise=otherwise)
        return {tag: self._piped(words, where) for tag, words in said.items()} if said else None

    def _piped(self, words: str, where: str) -> str:
        def ours(found: re.Match[str]) -> str:
            target = self.names.get(EXPRESSION_SCRIPT.named(found[1]))
            is_one = target is not None and target.sort is not Sort.MEMBER
            return f"{{{{ {target.said} }}}}" if target is not None and is_one else found[0]

        piped = _PIPE.sub(ours, words)
        left = [each[0] for each in _SCRIPT.finditer(piped)]
        if left:
            self.notes.append(Note(where, f"{left[0]} in a text stays as it is written"))
        return piped

    def word(self, name: str) -> dict[str, str]:
        """A word that LimeSurvey shows by itself."""
        return word(name, self.texts.languages)

    def condition(self, into: dict[str, Any], member: str, equation: str, where: str) -> None:
        """Translate a relevance equation into a member, or leave it out with a note."""
        if equation.strip() in _ALWAYS:
            return
        try:
            into[member] = EXPRESSION_SCRIPT.translated(equation, self.names)
        except UntranslatableError as error:
            self.notes.append(Note(where, f"the condition `{equation}` is left out: {error}"))

    def check(self, question: Question, made: dict[str, Any], equation: str, message: Texts | None) -> None:
        """Add a validation equation, in which `this` is the question."""
        names = self.names
        if own := names.get(question.code):
            names = {**names, "this": own, "self": own}
        try:
            said = EXPRESSION_SCRIPT.translated(equation, names)
        except UntranslatableError as error:
            self.note(question, f"the validation `{equation}` is left out: {error}")
            return
        text = self.text(message, question.code) or self.word("check")
        made.setdefault("checks", []).append({"condition": said, "message": text})

    def sgqa(self, question: Question) -> str:
        """The older name of a question: survey, group and question by number."""
        return f"{self._survey}X{question.group}X{question.qid}"

    def know(self, question: Question, target: Target, *behind: str) -> None:
        """Enter what a question is called here, or with something `behind` a part of it."""
        part = "_".join(behind)
        self.names[f"{question.code}_{part}" if part else question.code] = target
        self.names[f"{self.sgqa(question)}{part}"] = target

    def options(
        self, question: Question, parts: Sequence[Part]
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Options made of answers or subquestions, and their codes by the codes there."""
        codes = option_codes([part.code for part in parts])
        counts = any(part.value not in {"", "0"} for part in parts)
        options = []
        for part in parts:
            option: dict[str, Any] = {
                "code": codes[part.code],
                "text": self.text(part.texts, question.code, otherwise=part.code),
            }
            if counts and re.fullmatch(r"-?\d{1,9}", part.value):
                option["value"] = int(part.value)
            options.append(option)
        return options, codes

    def rows(self, question: Question, scale: str = "0") -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Rows made of subquestions."""
        parts = question.scale(question.rows, scale)
        options, codes = self.options(question, parts)
        return [{"code": each["code"], "text": each["text"]} for each in options], codes

    def other(self, question: Question) -> list[dict[str, Any]]:
        """The option `other`, where the question has it."""
        if question.row.get("other") != "Y":
            return []
        text = self.text(question.words("other_replace_text"), question.code) or self.word("other")
        return [{"code": OTHER, "text": text, "other": True, "pinned": True}]

    def order(self, question: Question, *names: str) -> dict[str, str]:
        """The order of options or rows, of the attributes that say it."""
        values = {question.attribute(name) for name in names}
        if "alphabetical" in values:
            self.note(question, "the alphabetical order is left out; options stand as they were written")
        return {"order": "random"} if values & {"1", "random"} else {}

    def numbers(self, question: Question, limits: Mapping[str, str]) -> dict[str, float]:
        """Limits that are numbers, by our names; others are left out with a note."""
        found: dict[str, float] = {}
        for ours, theirs in limits.items():
            value = question.attribute(theirs)
            if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", value):
                found[ours] = float(value) if "." in value else int(value)
            elif value:
                self.note(question, f"`{theirs}` is `{value}`, which is no number, and is left out")
        return found
