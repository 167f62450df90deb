"""Whether loops, carried options, changes of places, jumps, endings and piped answers of a definition make sense.

Each is a reference to some other part; an issue points at the reference and says what is wrong with what it names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from services.ingestion.domain.survey.answers import BEST_WORST
from services.ingestion.domain.survey.definition import MAX_QUESTIONS, Definition, Loop, Page
from services.ingestion.domain.survey.expanding import expanded, suffix_of, written_out
from services.ingestion.domain.survey.issues import Issue
from services.ingestion.domain.survey.parts import COMPLETE, SCREEN_OUT, Asked, Text
from services.ingestion.domain.survey.piping import CODE, LABEL, pipes_in
from services.ingestion.domain.survey.questions import (
    Choosing,
    ConstantSum,
    Matrix,
    MaxDiff,
    Question,
    SignatureQuestion,
)

LONGEST_CODE = 64
_LOOP_WORD = "loop"
_OUTCOMES = {"complete": "complete", "screen_out": "screened_out", "quota_full": "quota_full"}


@dataclass(frozen=True)
class Unit:
    """Pages that stay together: those of one loop, of one block, or one page; `group` is with whom they change places."""

    name: str
    loop: Loop | None
    pages: tuple[tuple[int, Page], ...]
    group: tuple[str, ...] | None = None
    is_last: bool = False

    def turns(self, every: Mapping[str, Question]) -> list[str]:
        """What the turns of the loop add to codes."""
        source = every.get(self.loop.over) if self.loop else None
        return [suffix_of(option) for option in source.options] if isinstance(source, Choosing) else []


def units_of(definition: Definition) -> list[Unit]:
    """The pages of a definition as they stay together, in its order."""
    placed = groupby(
        enumerate(definition.pages),
        key=lambda item: (
            (item[1].loop, item[1].block or item[1].code) if item[1].loop is None else (item[1].loop, "")
        ),
    )
    units = []
    for (loop, name), pages in placed:
        listed = tuple(pages)
        units.append(Unit(name or listed[0][1].code, loop, listed))
    groups = {name: group for group in definition.shuffle for name in group}
    last = {group: unit.name for unit in units if (group := groups.get(unit.name))}
    return [
        Unit(unit.name, unit.loop, unit.pages, group, group is not None and last[group] == unit.name)
        for unit in units
        for group in (groups.get(unit.name),)
    ]


def texts_of(question: Asked) -> Iterator[tuple[str, Text]]:
    """(pointer inside the question, text) of every text a respondent reads."""
    for name in ("text", "help", "low", "high", "unit", "placeholder"):
        text = getattr(question, name, None)
        if isinstance(text, dict):
            yield f"/{name}", text
    for name in ("options", "rows", "columns", "cells", "missing"):
        for index, part in enumerate(getattr(question, name, ())):
            if getattr(part, "text", None) is not None:
                yield f"/{name}/{index}/text", part.text
    for index, check in enumerate(question.checks):
        yield f"/checks/{index}/message", check.message


def structure_issues(definition: Definition) -> Iterator[Issue]:
    """Every fault of what refers to other parts, conditions aside."""
    yield from _expansion_issues(definition)
    yield from _shuffle_issues(definition)
    yield from _ending_issues(definition)
    places = _Places(definition)
    for page_index, page in enumerate(definition.pages):
        if page.loop is not None:
            yield from places.loop_issues(page_index, page.loop)
        for index, question in enumerate(page.questions):
            pointer = f"/pages/{page_index}/questions/{index}"
            yield from places.carry_issues(pointer, question)
            yield from places.jump_issues(pointer, page_index, index, question)
    yield from _pipe_issues(definition)


def length_issues(definition: Definition) -> Iterator[Issue]:
    """Pages, loops and other texts may make more questions than a survey may have; nothing else is worth a look then."""
    if sum(1 for _ in expanded(definition).questions()) > MAX_QUESTIONS:
        yield Issue(
            "/pages",
            f"with the turns of its loops this has more than {MAX_QUESTIONS} questions, the most a survey may have",
        )


def _expansion_issues(definition: Definition) -> Iterator[Issue]:
    """Loops and other texts may make codes that are taken or too long."""
    codes: dict[str, int] = {}
    for _, _, question in expanded(definition).questions():
        codes[question.code.lower()] = codes.get(question.code.lower(), 0) + 1
    for code, n_uses in codes.items():
        if n_uses > 1:
            yield Issue(
                "/pages",
                f"{n_uses} questions would be called {code!r}; loops and other texts add option codes",
            )
        if len(code) > LONGEST_CODE:
            yield Issue(
                "/pages",
                f"the code {code!r} that a loop or other text makes has more than {LONGEST_CODE} characters",
            )


def _shuffle_issues(definition: Definition) -> Iterator[Issue]:
    """Groups name pages or blocks, each in one group only, and at least two of them."""
    names = {unit.name for unit in units_of(definition)}
    seen: set[str] = set()
    for index, group in enumerate(definition.shuffle):
        for place, name in enumerate(group):
            pointer = f"/shuffle/{index}/{place}"
            if name not in names:
                yield Issue(pointer, f"there is no page or block {name!r}")
            if name in seen:
                yield Issue(pointer, f"{name!r} changes places in two groups")
            seen.add(name)
        if len(group) < 2:  # noqa: PLR2004 - one alone has nobody to change places with
            yield Issue(f"/shuffle/{index}", "a group needs at least two pages or blocks", "warning")
    blocks = [unit.name for unit in units_of(definition)]
    for name in {name for name in blocks if blocks.count(name) > 1}:
        yield Issue("/pages", f"the pages of block {name!r} do not stand together")


def _ending_issues(definition: Definition) -> Iterator[Issue]:
    """Codes of endings and quotas are unique, and the endings that stand for all others mean what they say."""
    codes = [ending.code for ending in definition.endings]
    quotas = [quota.code.lower() for quota in definition.quotas]
    for index, code in enumerate(quotas):
        if code in quotas[:index]:
            yield Issue(f"/quotas/{index}/code", f"quota code {code!r} is used twice")
    taken = {page.code for page in definition.pages} | {
        question.code for _, _, question in definition.questions()
    }
    for index, ending in enumerate(definition.endings):
        pointer = f"/endings/{index}"
        if codes.count(ending.code) > 1 or ending.code in taken:
            yield Issue(f"{pointer}/code", f"the code {ending.code!r} is used twice")
        wanted = _OUTCOMES.get(ending.code, ending.outcome)
        if ending.outcome != wanted:
            yield Issue(f"{pointer}/outcome", f"the ending {ending.code!r} is {wanted}")


class _Places:
    """Where everything stands that can be referred to."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._pages = {page.code: (place, -1) for place, page in enumerate(definition.pages)}
        self._questions = {question.code: (page, place) for page, place, question in definition.questions()}
        self._asked = {question.code: question for _, _, question in expanded(definition).questions()}
        self._unit = {place: unit for unit in units_of(definition) for place, _ in unit.pages}

    def loop_issues(self, page: int, loop: Loop) -> Iterator[Issue]:
        """What a page is looped over must be asked before, and have options."""
        place = self._questions.get(loop.over, (page, 0))
        source = self._asked.get(loop.over)
        if not isinstance(source, Choosing) or isinstance(source, ConstantSum) or place[0] >= page:
            detail = f"{loop.over!r} is no earlier question in which options are chosen"
            yield Issue(f"/pages/{page}/loop/over", detail)

    def carry_issues(self, pointer: str, question: Question) -> Iterator[Issue]:
        """Options come from earlier questions that have some, and do not have the codes of own ones."""
        own = {part.code for part in getattr(question, "rows", ()) or getattr(question, "options", ())}
        here = self._questions[question.code]
        for index, carried in enumerate(getattr(question, "carry", ())):
            source = self._asked.get(carried.question)
            place = self._questions.get(carried.question, (-1, -1) if source else here)
            if not isinstance(source, Choosing) or place >= here:
                detail = f"{carried.question!r} is no earlier question with options"
                yield Issue(f"{pointer}/carry/{index}/question", detail)
                continue
            code_of = suffix_of if isinstance(question, Matrix) else lambda option: option.code
            for code in sorted({code_of(option) for option in source.options} & own):
                yield Issue(f"{pointer}/carry/{index}", f"{code!r} is carried over and an own option too")
            own |= {code_of(option) for option in source.options}

    def jump_issues(self, pointer: str, page: int, place: int, question: Question) -> Iterator[Issue]:
        """Jumps lead forward, to where everybody comes by."""
        for index, jump in enumerate(question.then):
            fault = self._jump_fault(jump.to, page, place)
            if fault:
                yield Issue(f"{pointer}/then/{index}/to", fault)

    def _jump_fault(self, to: str, page: int, place: int) -> str | None:
        if to in {COMPLETE, SCREEN_OUT} or self._definition.ending(to):
            return None
        target = self._pages.get(to) or self._questions.get(to)
        if target is None:
            return f"there is no page, question or ending {to!r}"
        if target <= (page, place):
            return f"{to!r} comes before; jumps lead forward"
        return self._moving_fault(to, self._unit[page], target)

    def _moving_fault(self, to: str, source: Unit, target: tuple[int, int]) -> str | None:
        """What is wrong with a jump to something that has no fixed place after its source."""
        goal = self._unit[target[0]]
        if source is goal:
            changes = self._definition.pages[target[0]].order == "random" and target[1] >= 0
            return f"{to!r} changes its place on the page" if changes else None
        if goal.loop is not None:
            return f"{to!r} is in a loop, which has no place of its own"
        moves = goal.group is not None and goal.group == source.group
        return f"{to!r} changes places with this page" if moves else None


def _pipe_issues(definition: Definition) -> Iterator[Issue]:
    """Texts speak of answers that were given before; those on the same page are given only when the page is sent."""
    asked = {question.code: question for _, _, question in expanded(definition).questions()}
    before: set[str] = set()
    for unit in units_of(definition):
        inside: set[str] = set()
        for place, page in unit.pages:
            here = {each.code: each for question in page.questions for each in written_out(question)}
            for pointer, text in _page_texts(f"/pages/{place}", page):
                known = _Piped(before | inside | here.keys(), {**asked, **here}, set(here))
                yield from known.issues(pointer, text, in_loop=unit.loop is not None)
            inside |= {question.code for question in page.questions} | here.keys()
        turns = unit.turns(asked)
        before |= {f"{code}_{turn}" for code in inside for turn in turns} if unit.loop else inside
        before |= {code for code in asked if any(code.startswith(f"{one}_") for one in inside)}
    known = _Piped(before, asked, set())
    yield from known.issues("/completion", definition.completion or {}, in_loop=False)
    for index, ending in enumerate(definition.endings):
        yield from known.issues(f"/endings/{index}/message", ending.message or {}, in_loop=False)
        yield from known.issues(f"/endings/{index}/redirect", {"": ending.redirect or ""}, in_loop=False)


def _page_texts(pointer: str, page: Page) -> Iterator[tuple[str, Text]]:
    if page.title:
        yield f"{pointer}/title", page.title
    for index, question in enumerate(page.questions):
        for where, text in texts_of(question):
            yield f"{pointer}/questions/{index}{where}", text


@dataclass(frozen=True)
class _Piped:
    """Of which answers a text may speak."""

    known: set[str]
    questions: Mapping[str, Any]
    here: set[str]

    def issues(self, pointer: str, text: Mapping[str, str], *, in_loop: bool) -> Iterator[Issue]:
        """Faults of one text in all its languages, each with the position of what is wrong."""
        for language, words in text.items():
            at = f"{pointer}/{language}" if language else pointer
            for code, part, position in pipes_in(words):
                fault = self._fault(code, part, in_loop=in_loop)
                where = f"(at character {position + 1})"
                if fault:
                    yield Issue(at, f"{fault} {where}")
                elif code in self.here:
                    detail = (
                        f"{code!r} stands on the same page and is not answered yet when this is read {where}"
                    )
                    yield Issue(at, detail, "warning")
            if words.count("{{") > sum(1 for _ in pipes_in(words)):
                detail = "write earlier answers as {{ question }} or {{ question | words instead }}; this stays as it is"
                yield Issue(at, detail, "warning")

    def _fault(self, code: str, part: str | None, *, in_loop: bool) -> str | None:
        if code == _LOOP_WORD and part is None:
            return None if in_loop else "{{ loop }} stands in pages with a loop only"
        if code not in self.known or code not in self.questions:
            return f"{code!r} is not asked before this text"
        parts: Sequence[str] = [row.code for row in getattr(self.questions.get(code), "rows", ())]
        question = self.questions.get(code)
        if isinstance(question, ConstantSum):
            parts = [option.code for option in question.options]
        if isinstance(question, MaxDiff):
            parts = BEST_WORST
        if isinstance(question, SignatureQuestion):
            parts = ["typed"]
        if part not in {None, LABEL, CODE, *parts, *getattr(question, "fields", ())}:
            return f"{code!r} has no part {part!r}"
        return None
