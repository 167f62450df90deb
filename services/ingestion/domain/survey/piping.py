"""Earlier answers in later texts: `{{ brand }}` is what the respondent said, in the respondent's language.

`{{ q }}` and `{{ q.label }}` are labels of options, numbers and texts as they were given; `{{ q.code }}` is the stored code;
`{{ q.row }}` is the answer in one row; `{{ q | you }}` says `you` where nothing was answered. What comes out is plain text, which
the page escapes like any other.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from services.ingestion.domain.survey.answers import plain
from services.ingestion.domain.survey.attachments import attached_in
from services.ingestion.domain.survey.definition import Definition
from services.ingestion.domain.survey.parts import Item
from services.ingestion.domain.survey.questions import FileQuestion, Matrix, Question
from services.ingestion.domain.survey.texts import read

PIPE = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]*)(?:\.([A-Za-z0-9_]+))?\s*(?:\|\s*([^{}|]*?))?\s*\}\}")
LABEL, CODE = "label", "code"


def pipes_in(text: str) -> Iterator[tuple[str, str | None, int]]:
    """(question, part, position) of each answer that a text speaks of."""
    for found in PIPE.finditer(text):
        yield found[1], found[2], found.start()


def redirect_origins(definition: Definition) -> list[str]:
    """The origins to which endings lead, sorted; no answer can stand in them."""
    parts = (urlsplit(ending.redirect) for ending in definition.endings if ending.redirect)
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


class Pipes:
    """Puts the answers of one interview into texts of one language."""

    def __init__(self, definition: Definition, effective: Mapping[str, Any], language: str) -> None:
        self._definition, self._effective, self._language = definition, effective, language

    def into(self, text: str) -> str:
        """The text with answers in it."""
        return (
            PIPE.sub(lambda found: self._said(found[1], found[2]) or found[3] or "", text)
            if "{{" in text
            else text
        )

    def into_address(self, address: str) -> str:
        """The address with stored values in it, percent-encoded (RFC 3986)."""
        return PIPE.sub(
            lambda found: quote(self._said(found[1], found[2] or CODE) or found[3] or "", safe=""), address
        )

    def _said(self, code: str, part: str | None) -> str:
        question = self._question(code)
        answer = self._effective.get(code)
        if question is None or answer is None:
            return ""
        if isinstance(answer, dict):
            answer = answer.get(part)
            part = None
        return "" if answer is None else self._words(question, answer, as_code=part == CODE)

    def _question(self, code: str) -> Question | None:
        return next(
            (question for _, _, question in self._definition.questions() if question.code == code), None
        )

    def _words(self, question: Question, answer: Any, *, as_code: bool) -> str:
        if isinstance(question, FileQuestion):
            return ", ".join(one.name for one in attached_in(answer))
        if isinstance(answer, list):
            return ", ".join(self._words(question, one, as_code=as_code) for one in answer)
        if isinstance(answer, bool):
            return str(answer).lower()
        if isinstance(answer, int | float):
            return plain(answer)
        parts = question.columns if isinstance(question, Matrix) else _choosable(question)
        label = next((part.text for part in parts if part.code == answer), None)
        if as_code or label is None:
            return str(answer)
        return read(label, self._language, self._definition.default_language)


def _choosable(question: Question) -> Sequence[Item]:
    """What an answer's code may name: options, or cells of an experiment."""
    found: Sequence[Item] = getattr(question, "options", ()) or getattr(question, "cells", ())
    return found
