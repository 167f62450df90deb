"""From the definition that a researcher writes to the questions that are asked: loops, carried options and other texts written out.

After this a survey has ordinary questions only, so that the engine, the dataset and conditions need not know of any of it: a page
in a loop is a page for each option, shown where the option is selected; the words of an option `other` are a text question shown
where it is chosen; carried options stand in the question's list, and `Carried` says which of them an interview leaves out.
Pure and deterministic; conditions are rewritten by the positions of their references, never by searching in their text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from services.ingestion.domain.survey.definition import MAX_QUESTIONS, Definition, Loop, Page
from services.ingestion.domain.survey.expressions import ExpressionError, parse, references
from services.ingestion.domain.survey.parts import Asked, Carried, Check, Jump, Option, Row, Text
from services.ingestion.domain.survey.questions import (
    AnyQuestion,
    Choosing,
    Computed,
    Matrix,
    MaxDiff,
    MaxDiffSet,
    MultipleChoice,
    OtherText,
    Question,
    SingleChoice,
)

_LOOP = re.compile(r"\{\{\s*loop\s*\}\}")
_NOT_IN_CODES = re.compile(r"[^A-Za-z0-9_]")


def suffix_of(option: Option) -> str:
    """What an option adds to codes: its own, with `_` for what no question's code may hold."""
    return _NOT_IN_CODES.sub("_", option.code)


def others_of(question: Asked) -> list[Option]:
    """The options of a question that ask what is meant."""
    if not isinstance(question, SingleChoice | MultipleChoice):
        return []
    return [option for option in question.options if option.other]


def written_out(question: Any) -> list[AnyQuestion]:
    """The questions that one is asked as: a maxdiff as its sets, others with the texts beside them."""
    return list(_sets_of(question)) or [question, *_other_texts(question)]


def added_codes(question: Asked) -> list[str]:
    """The codes of the questions that one is written out to, besides its own: words of other options, sets of a maxdiff."""
    if isinstance(question, MaxDiff):
        return [f"{question.code}_{number}" for number in range(1, question.n_sets + 1)]
    return [f"{question.code}_{suffix_of(option)}" for option in others_of(question)]


def turned_codes(questions: Iterable[Asked], turn: str) -> dict[str, str]:
    """What the codes of questions in a loop are in one turn, with those of the questions that they are written out to."""
    turned: dict[str, str] = {}
    for question in questions:
        code = f"{question.code}_{turn}"
        turned[question.code] = code
        turned |= {added: f"{code}{added.removeprefix(question.code)}" for added in added_codes(question)}
    return turned


def expanded(definition: Definition) -> Definition:
    """Return the definition as it is asked; the same for one that has nothing to write out.

    Loops that make more questions than a survey may have are written out until there are too many, and no further: the linter
    refuses them, and a short definition cannot ask for hours of work.
    """
    writing = _Writing()
    for loop, group in groupby(definition.pages, key=lambda page: page.loop):
        if loop is None:
            writing.add(*group)
        else:
            writing.add_loop(loop, list(group))
    shuffle = (*definition.shuffle, *writing.shuffle)
    return definition.model_copy(update={"pages": tuple(writing.pages), "shuffle": shuffle})


class _Writing:
    """The pages written so far, and the questions on them."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.shuffle: list[tuple[str, ...]] = []
        self._known: dict[str, Question] = {}

    @property
    def is_too_long(self) -> bool:
        """Whether there are more questions than a survey may have."""
        return sum(len(page.questions) for page in self.pages) > MAX_QUESTIONS

    def add(self, *pages: Page) -> None:
        """Write pages with their questions in full."""
        for page in pages:
            questions: list[AnyQuestion] = []
            for question in page.questions:
                written = written_out(self._with_carried(question))
                self._known |= {asked.code: asked for asked in written}
                questions += written
            self.pages.append(page.model_copy(update={"questions": tuple(questions)}))

    def add_loop(self, loop: Loop, group: list[Page]) -> None:
        """Write a group of pages for each option of the question that they are looped over."""
        source = self._known.get(loop.over)
        options = source.options if isinstance(source, Choosing) else ()
        blocks = []
        for option in options:
            if self.is_too_long:
                return
            turn = _Turn(loop, option, group, is_single=isinstance(source, SingleChoice))
            blocks.append(turn.block)
            self.add(*(turn.page(page) for page in group))
        if loop.order == "random":
            self.shuffle.append(tuple(blocks))

    def _with_carried(self, question: Any) -> Any:
        """The question with the options that it may take over, before its own."""
        if not isinstance(question, Choosing | Matrix) or not question.carry:
            return question
        sources = [self._known.get(carried.question) for carried in question.carry]
        taken = [option for source in sources if isinstance(source, Choosing) for option in source.options]
        if isinstance(question, Matrix):
            rows = [Row(code=suffix_of(option), text=option.text, pinned=option.pinned) for option in taken]
            return question.model_copy(update={"rows": (*rows, *question.rows)})
        plain = [option.model_copy(update={"other": False}) for option in taken]
        return question.model_copy(update={"options": (*plain, *question.options)})


def _sets_of(question: Any) -> Iterator[MaxDiffSet]:
    """The sets of a maxdiff question, each a question of its own; what it checks and where it leads follows the last."""
    if not isinstance(question, MaxDiff):
        return
    written = {name: getattr(question, name) for name in MaxDiff.model_fields}
    n_sets = question.n_sets
    for number in range(1, n_sets + 1):
        rules: dict[str, Any] = {} if number == n_sets else {"checks": (), "then": (), "attention": None}
        code = f"{question.code}_{number}"
        yield MaxDiffSet(
            **(written | rules | {"code": code, "of": question.code, "number": number, "sets": n_sets})
        )


def _other_texts(question: Any) -> Iterator[OtherText]:
    """The text questions beside a question, one for each option that asks what is meant."""
    for option in others_of(question):
        is_single = isinstance(question, SingleChoice)
        chosen = (
            f"{question.code} == '{option.code}'"
            if is_single
            else f"{question.code} contains '{option.code}'"
        )
        yield OtherText(
            type="short_text",
            code=f"{question.code}_{suffix_of(option)}",
            text=option.text,
            about=question.text,
            beside=question.code,
            show_if=chosen,
            required=question.required or question.required_if is not None,
        )


class _Turn:
    """One turn of a loop: codes, conditions and texts of its pages for one option."""

    def __init__(self, loop: Loop, option: Option, group: list[Page], *, is_single: bool) -> None:
        self._suffix = suffix_of(option)
        self._option = option
        self.block = f"{group[0].code}_{self._suffix}"
        chosen = f"{loop.over} == '{option.code}'" if is_single else f"{loop.over} contains '{option.code}'"
        self._shown = {"selected": chosen, "unselected": f"not ({chosen})", "all": None}[loop.which]
        self._renamed = {page.code: f"{page.code}_{self._suffix}" for page in group}
        self._renamed |= turned_codes(
            (question for page in group for question in page.questions), self._suffix
        )

    def page(self, page: Page) -> Page:
        """The page of this turn."""
        conditions = [f"({text})" for text in (self._shown, self._condition(page.show_if)) if text]
        return page.model_copy(
            update={
                "code": self._renamed[page.code],
                "block": self.block,
                "loop": None,
                "title": self._text(page.title),
                "show_if": " and ".join(conditions) or None,
                "questions": tuple(self._question(question) for question in page.questions),
            }
        )

    def _question(self, question: Any) -> Any:
        changes: dict[str, Any] = {
            "code": self._renamed[question.code],
            "show_if": self._condition(question.show_if),
            "required_if": self._condition(question.required_if),
            "attention": self._condition(question.attention),
            "checks": tuple(self._check(check) for check in question.checks),
            "then": tuple(
                Jump(when=self._condition(jump.when), to=self._renamed.get(jump.to, jump.to))
                for jump in question.then
            ),
        }
        texts = ("text", "help", "placeholder", "unit", "low", "high")
        changes |= {
            name: self._text(getattr(question, name)) for name in texts if getattr(question, name, None)
        }
        changes["missing"] = tuple(
            offered.model_copy(update={"text": self._text(offered.text)}) for offered in question.missing
        )
        if isinstance(question, Computed):
            changes["expression"] = self._condition(question.expression)
        for name in ("options", "columns", "rows"):
            if parts := getattr(question, name, ()):
                changes[name] = tuple(self._part(part) for part in parts)
        if carry := getattr(question, "carry", ()):
            changes["carry"] = tuple(
                Carried(question=self._renamed.get(one.question, one.question), which=one.which)
                for one in carry
            )
        return question.model_copy(update=changes)

    def _check(self, check: Check) -> Check:
        renamed = self._condition(check.condition)
        return check.model_copy(update={"condition": renamed, "message": self._text(check.message)})

    def _part(self, part: Any) -> Any:
        """An option or row; the same one where nothing in it depends on the turn, since grids have many."""
        text = self._text(part.text)
        return part if text is part.text else part.model_copy(update={"text": text})

    def _text(self, text: Text | None) -> Text | None:
        if text is None or not any("{{" in words for words in text.values()):
            return text
        default = next(iter(self._option.text.values()))
        return {
            language: _LOOP.sub(self._option.text.get(language, default).replace("\\", r"\\"), words)
            for language, words in text.items()
        }

    def _condition(self, text: str | None) -> str | None:
        return None if text is None else renamed_condition(text, self._renamed)


def renamed_condition(text: str, renamed: Mapping[str, str]) -> str:
    """Return an expression that mentions other codes; one that cannot be read stays as it is (publishing refuses it)."""
    try:
        found = sorted(references(parse(text)), key=lambda reference: -reference.position)
    except ExpressionError:
        return text
    for reference in found:
        if reference.code in renamed:
            start, end = reference.position, reference.position + len(reference.code)
            text = f"{text[:start]}{renamed[reference.code]}{text[end:]}"
    return text


def is_carrying(question: Asked) -> bool:
    """Whether some of a question's options or rows are taken over from earlier answers."""
    return bool(getattr(question, "carry", ()))
