"""What a survey asks: pages of typed questions with stable codes, as frozen Pydantic models.

Why models and not tables: a new question type needs no migration, and the JSON that a researcher writes is exactly what is
stored and published. This module knows the *shape* only: whether expressions make sense is `lint`'s question, whether an answer
is right is `answers`' question.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from services.ingestion.domain.survey.expressions import RESERVED_WORDS
from services.ingestion.domain.survey.issues import DefinitionRefused, Issue, issues_of
from services.ingestion.domain.survey.parts import (
    COMPLETE,
    MAX_RULES,
    QUOTA_FULL,
    SCREEN_OUT,
    ExpressionText,
    LanguageTag,
    Part,
    QuestionCode,
    Text,
)
from services.ingestion.domain.survey.questions import AnyQuestion, Choosing, Matrix, Question

MAX_PAGES = 200
MAX_QUOTAS = 200
# Earlier answers may stand behind the host, never in it.
_ADDRESS = r"^https?://[^\s{}/?#]+(?:[/?#](?:[^\s{}]|\{\{[^{}]*\}\})*)?$"
MAX_QUESTIONS = 1_000


class Loop(Part):
    """A page asked once for each option that was selected (or was not, or for all) in an earlier question.

    Pages next to each other with the same loop are asked together, option by option. `{{ loop }}` in their texts is the option.
    """

    over: QuestionCode
    which: Literal["selected", "unselected", "all"] = "selected"
    order: Literal["fixed", "random"] = "fixed"


class Page(Part):
    """Questions shown together in the CLASSIC layout; pages of one `block` stay together where pages change places."""

    code: QuestionCode
    title: Text | None = None
    show_if: ExpressionText | None = None
    order: Literal["fixed", "random"] = "fixed"
    block: QuestionCode | None = None
    loop: Loop | None = None
    questions: Annotated[tuple[AnyQuestion, ...], Field(max_length=MAX_QUESTIONS)] = ()


class Ending(Part):
    """How an interview ends: as complete or screened out, with words of its own, or at an address elsewhere.

    An ending with the code `complete`, `screen_out` or `quota_full` is that of every interview that ends so without another.
    """

    code: QuestionCode
    outcome: Literal["complete", "screened_out", "quota_full"] = "complete"
    message: Text | None = None
    redirect: Annotated[str, StringConstraints(pattern=_ADDRESS, max_length=2_000)] | None = None
    signed: bool = False
    """Whether the address gets a parameter `sig`, by which a panel knows that nobody made it up."""


class Quota(Part):
    """A cell of the sample: who falls into it, and how many complete interviews are wanted there."""

    code: QuestionCode
    label: Text | None = None
    when: ExpressionText
    target: int = Field(ge=0, le=10_000_000)


class Definition(Part):
    """A whole survey; the first of `languages` is the default that missing translations fall back to.

    `shuffle` lists groups of pages or blocks that change places among themselves.
    """

    languages: Annotated[tuple[LanguageTag, ...], Field(min_length=1, max_length=100)] = ("en",)
    title: Text | None = None
    welcome: Text | None = None
    completion: Text | None = None
    pages: Annotated[tuple[Page, ...], Field(max_length=MAX_PAGES)] = ()
    shuffle: Annotated[tuple[tuple[QuestionCode, ...], ...], Field(max_length=MAX_RULES)] = ()
    endings: Annotated[tuple[Ending, ...], Field(max_length=MAX_RULES)] = ()
    quotas: Annotated[tuple[Quota, ...], Field(max_length=MAX_QUOTAS)] = ()

    @property
    def default_language(self) -> str:
        """The language that texts without a translation are shown in."""
        return self.languages[0]

    def ending(self, to: str) -> Ending | None:
        """The ending that a jump leads to; None where it leads to a page or question."""
        written = {ending.code: ending for ending in self.endings}
        if to == COMPLETE:
            return written.get("complete", Ending(code="complete"))
        if to == SCREEN_OUT:
            return written.get("screen_out", Ending(code="screen_out", outcome="screened_out"))
        if to == QUOTA_FULL:
            return written.get("quota_full", Ending(code="quota_full", outcome="quota_full"))
        return written.get(to)

    def questions(self) -> Iterator[tuple[int, int, Question]]:
        """(page index, question index, question) of every question in the order they are asked."""
        for page_index, page in enumerate(self.pages):
            for question_index, question in enumerate(page.questions):
                yield page_index, question_index, question


def parse_definition(document: Mapping[str, Any]) -> Definition:
    """The definition that a JSON document writes down; DefinitionRefused lists each fault with its JSON pointer."""
    issues, parsed = issues_of(Definition, document)
    if parsed is None:
        raise DefinitionRefused(issues)
    repeated = list(_repeated_codes(parsed))
    if repeated:
        raise DefinitionRefused(repeated)
    return parsed


def definition_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `parse_definition` reads."""
    schema = Definition.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "PlugZero survey definition"
    return schema


def _repeated_codes(definition: Definition) -> Iterator[Issue]:
    """An issue for each code that is not unique where it has to be, or that the expression language reserves."""
    yield from _repeats("", "page", [(f"/pages/{i}", page.code) for i, page in enumerate(definition.pages)])
    questions = [(f"/pages/{p}/questions/{q}", question) for p, q, question in definition.questions()]
    if len(questions) > MAX_QUESTIONS:
        yield Issue(
            "/pages", f"{len(questions)} questions are more than the {MAX_QUESTIONS} a survey may have"
        )
    yield from _repeats("", "question", [(pointer, question.code) for pointer, question in questions])
    for pointer, question in questions:
        yield from _without_parts(pointer, question)
        if question.code.lower() in RESERVED_WORDS:
            yield Issue(f"{pointer}/code", f"{question.code!r} is a word of the expression language")
        for name in ("options", "rows", "columns", "cells"):
            parts = getattr(question, name, ())
            codes = [(f"{pointer}/{name}/{i}", part.code) for i, part in enumerate(parts)]
            yield from _repeats(f" in question {question.code!r}", name.removesuffix("s"), codes)
    if len(set(definition.languages)) < len(definition.languages):
        yield Issue("/languages", "a language is named twice")


def _without_parts(pointer: str, question: Question) -> Iterator[Issue]:
    """An issue for a question that has nothing to choose from, or nothing to ask about."""
    if isinstance(question, Choosing) and not question.options and not question.carry:
        yield Issue(f"{pointer}/options", "give options, or `carry` them over from an earlier question")
    if isinstance(question, Matrix):
        if not question.rows and not question.carry:
            yield Issue(f"{pointer}/rows", "give rows, or `carry` them over from an earlier question")
        if question.type in {"matrix_single", "matrix_multiple"} and not question.columns:
            yield Issue(f"{pointer}/columns", f"a {question.type} question needs columns")


def _repeats(where: str, noun: str, coded: list[tuple[str, str]]) -> Iterator[Issue]:
    """An issue for each second use of a code; codes that differ only in case count as the same."""
    first: dict[str, str] = {}
    for pointer, code in coded:
        if code.lower() in first:
            yield Issue(
                f"{pointer}/code",
                f"{noun} code {code!r} is used twice{where}: first at {first[code.lower()]}",
            )
        first.setdefault(code.lower(), pointer)


def definition_hash(
    definition: Mapping[str, Any], *, layout_style: str, theme: Mapping[str, Any], title: str
) -> str:
    """SHA-256 (hex) of everything a respondent sees, over JSON with sorted keys: equal content, equal hash."""
    frozen = {"definition": definition, "layout_style": layout_style, "theme_config": theme, "title": title}
    text = json.dumps(frozen, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
