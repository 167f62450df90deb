"""Loops, carried options, jumps, orders, soft checks, ways not to answer: every door stores the same, for whatever survey.

What a respondent wants to say depends on the question and its options only, never on their order; so both layouts, which show them at
other moments, and the JSON door have to end with the same bytes.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.nonresponse import KEY
from services.ingestion.domain.survey.questions import (
    Matrix,
    MaxDiffSet,
    MultipleChoice,
    Question,
    Ranking,
    Scale,
    SingleChoice,
)
from services.ingestion.domain.survey.turning import Sent, turn
from tests.ingestion.survey_definitions import options, text

BRANDS = ("bmw", "fiat", "kia", "vw")
MOST_STEPS = 200


def lot(*words: object) -> int:
    """A number that depends on the words alone."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:6], "big")


def q(code: str, kind: str = "nps", **fields: Any) -> dict[str, Any]:
    return {"code": code, "type": kind, "text": text(f"{code}?"), **fields}


ORDERS = st.sampled_from(["fixed", "random", "rotate", "reverse"])
WHICH = st.sampled_from(["selected", "unselected", "all"])


@st.composite
def pages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A first page on which brands are known, then pages of all kinds that go back to it."""
    known = q("known", "multiple_choice", options=options(*BRANDS), order=draw(ORDERS))
    if draw(st.booleans()):
        known["options"].append({"code": "else", "text": text("Else"), "other": True, "pinned": True})
    ways_not_to_answer: list[dict[str, str]] = [{"code": "refused"}] if draw(st.booleans()) else []
    first = [known, q("mood", missing=ways_not_to_answer)]
    made = [{"code": "p0", "questions": first}]
    kinds = draw(st.lists(st.sampled_from(sorted(PAGES)), min_size=1, max_size=5))
    for number, kind in enumerate(kinds, 1):
        page = {"code": f"p{number}", "order": draw(st.sampled_from(["fixed", "random"]))}
        made.append(page | draw(PAGES[kind](number)))
    return made


@st.composite
def carried(draw: st.DrawFn, n: int) -> dict[str, Any]:
    carry = [{"question": "known", "which": draw(WHICH)}]
    kind = draw(st.sampled_from(["single_choice", "multiple_choice", "ranking"]))
    own = options("none") if draw(st.booleans()) else []
    return {"questions": [q(f"c{n}", kind, carry=carry, options=own, order=draw(ORDERS)), q(f"d{n}")]}


@st.composite
def rows(draw: st.DrawFn, n: int) -> dict[str, Any]:
    carry = [{"question": "known", "which": draw(WHICH)}]
    matrix = q(f"m{n}", "matrix_single", carry=carry, columns=options("x", "y"), order=draw(ORDERS))
    return {"questions": [matrix]}


@st.composite
def looped(draw: st.DrawFn, n: int) -> dict[str, Any]:
    loop = {"over": "known", "which": draw(WHICH), "order": draw(st.sampled_from(["fixed", "random"]))}
    inner = [q(f"l{n}"), q(f"w{n}", "short_text", show_if=f"l{n} >= 5")]
    return {"loop": loop, "questions": inner, "order": "fixed"}


@st.composite
def jumping(draw: st.DrawFn, n: int) -> dict[str, Any]:
    to = draw(st.sampled_from(["@complete", "@screen_out", "last"]))
    jump = [{"when": f"j{n} >= 7", "to": to}]
    return {"questions": [q(f"j{n}", then=jump), q(f"k{n}")], "order": "fixed"}


@st.composite
def doubted(draw: st.DrawFn, n: int) -> dict[str, Any]:
    check = {"condition": f"s{n} < 8", "message": text("Really?"), "soft": True}
    condition = draw(st.sampled_from(["mood >= 5", "not (mood >= 5)", "'kia' in known"]))
    return {"show_if": condition, "questions": [q(f"s{n}", checks=[check])]}


@st.composite
def best_worst(draw: st.DrawFn, n: int) -> dict[str, Any]:
    return {"questions": [q(f"b{n}", "maxdiff", options=options(*"abcdef"), per_set=draw(st.integers(3, 4)))]}


PAGES = {
    "carried": carried,
    "rows": rows,
    "looped": looped,
    "jumping": jumping,
    "doubted": doubted,
    "best_worst": best_worst,
}


@st.composite
def surveys(draw: st.DrawFn) -> Definition:
    """A survey without an error that the linter finds, as it is asked."""
    written = [*draw(pages()), {"code": "last", "questions": [q("end")]}]
    parsed = parse_definition({"languages": ["en"], "pages": written})
    assert not [issue for issue in lint(parsed) if issue.level == "error"]
    return expanded(parsed)


Lots = Callable[..., int]


def wanted(question: Question, salt: int) -> Any:
    """What this respondent says to a question, None where it is left out."""

    def of(*words: object) -> int:
        return lot(salt, question.code, *words)

    if question.missing and of("missing") % 3 == 0:
        return {KEY: question.missing[0].code}
    if of("skipped") % 6 == 0:
        return None
    say = SAID.get(type(question))
    return say(question, of) if say else f"words {of() % 100}"


def best_and_worst(question: MaxDiffSet, of: Lots) -> dict[str, str]:
    best, worst, *_ = sorted((option.code for option in question.options), key=of)
    return {"best": best, "worst": worst}


def some(question: MultipleChoice, of: Lots) -> list[str] | None:
    return sorted(option.code for option in question.options if of(option.code) % 2) or None


SAID: dict[type, Callable[[Any, Lots], Any]] = {
    SingleChoice: lambda question, of: min((option.code for option in question.options), key=of),
    MultipleChoice: some,
    Ranking: lambda question, of: sorted((option.code for option in question.options), key=of),
    Matrix: lambda question, of: {row.code: "xy"[of(row.code) % 2] for row in question.rows},
    MaxDiffSet: best_and_worst,
    Scale: lambda _, of: of() % 11,
}


def fields_of(question: Question, said: Any) -> dict[str, list[str]]:
    """The form fields with which a browser sends an answer."""
    code = question.code
    if said is None:
        return {}
    if isinstance(said, Mapping) and KEY in said:
        return {f"a.{code}": [f"@{said[KEY]}"]}
    if isinstance(said, Mapping):
        return {f"a.{code}.{part}": [str(value)] for part, value in said.items()}
    if isinstance(question, Ranking):
        return {f"a.{code}.{option}": [str(rank)] for rank, option in enumerate(said, 1)}
    return {f"a.{code}": said if isinstance(said, list) else [str(said)]}


def on_pages(definition: Definition, layout: engine.Layout, salt: int, seed: int) -> engine.State:
    """The state after filling in forms until the end, sending again what was doubted."""
    state, cursor, warned = engine.apply(definition, {}, {}, seed=seed).state, 0, tuple[str, ...]()
    for _ in range(MOST_STEPS):
        step = engine.step_at(list(engine.steps(definition, state, layout, seed)), cursor)
        if step is None or (state.ended is not None and step.position > cursor):
            return state
        fields: dict[str, list[str]] = {}
        for question in step.questions:
            fields |= fields_of(question, wanted(question, salt))
        shown = tuple(question.code for question in step.questions)
        turned = turn(
            definition, layout, state, Sent(step.position, "next", shown, fields, warned), seed=seed
        )
        assert not turned.faults
        state, cursor, warned = turned.state, turned.cursor, (*warned, *turned.warnings)
        if turned.finishes:
            return state
    raise AssertionError("the interview does not end")


def through_json(definition: Definition, salt: int, seed: int) -> engine.State:
    """The state after answering step by step through the JSON door."""
    state, position = engine.apply(definition, {}, {}, seed=seed).state, 0
    for _ in range(MOST_STEPS):
        step = engine.next_step(list(engine.steps(definition, state, "FOCUS", seed)), state, position)
        if step is None:
            return state
        said = {question.code: wanted(question, salt) for question in step.questions}
        answered = {code: answer for code, answer in said.items() if answer is not None}
        applied = engine.apply(definition, state.answers, answered, seed=seed)
        assert not applied.faults
        before, state = state.visible_codes, applied.state
        now = list(engine.steps(definition, state, "FOCUS", seed))
        position = engine.position_after(now, answered, position, before=before)
    raise AssertionError("the interview does not end")


@settings(max_examples=100, deadline=None)
@given(surveys(), st.integers(0, 2**32), st.integers(0, 2**62))
def test_every_door_stores_the_same_for_what_a_respondent_wants_to_say(
    definition: Definition, salt: int, seed: int
) -> None:
    ends = [
        on_pages(definition, "CLASSIC", salt, seed),
        on_pages(definition, "FOCUS", salt, seed),
        through_json(definition, salt, seed),
    ]
    counted = [
        json.dumps([e.effective, e.not_asked, e.unanswered, e.ended.code if e.ended else None]) for e in ends
    ]
    assert len(set(counted)) == 1


@settings(max_examples=40, deadline=None)
@given(surveys(), st.integers(0, 2**32), st.integers(0, 2**62))
def test_an_interview_is_seen_again_exactly_as_it_was(definition: Definition, salt: int, seed: int) -> None:
    """What is stored is enough to render each page again: from its JSON, in another process, the steps are the same."""
    end = on_pages(definition, "CLASSIC", salt, seed)
    again = engine.apply(definition, json.loads(json.dumps(end.answers)), {}, seed=seed).state
    for layout in ("CLASSIC", "FOCUS"):
        first, second = (list(engine.steps(definition, state, layout, seed)) for state in (end, again))
        assert first == second
