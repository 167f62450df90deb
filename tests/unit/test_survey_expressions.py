"""The expression language: what it means, and where it says that something is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.survey.expressions import MAX_DEPTH, ExpressionError, holds, parse, references
from services.ingestion.domain.survey.kinds import Kind, Meaning, kind_of

ANSWERS: dict[str, Any] = {
    "drink": "coffee",
    "age": 34,
    "tools": ["pen", "paper"],
    "agree": True,
    "born": "1990-05-17",
    "m": {"r1": "yes", "r2": "no"},
    "sums": {"a": 60, "b": 40},
    "name": "Ada O'Neil",
}
MEANINGS = {
    "drink": Meaning(Kind.TEXT, frozenset({"tea", "coffee"})),
    "age": Meaning(Kind.NUMBER),
    "tools": Meaning(Kind.SET, frozenset({"pen", "paper", "ruler"})),
    "agree": Meaning(Kind.BOOLEAN),
    "born": Meaning(Kind.DATE),
    "m": Meaning(Kind.TABLE),
    "sums": Meaning(Kind.TABLE),
    "name": Meaning(Kind.TEXT),
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("drink == 'coffee'", True),
        ("drink != 'coffee'", False),
        ("drink == 'tea' or age >= 18 and agree", True),
        ("(drink == 'tea' or age >= 18) and not agree", False),
        ("age in [33, 34]", True),
        ("drink not in ['tea']", True),
        ("tools contains 'pen'", True),
        ("'ruler' in tools", False),
        ("count(tools) == 2 and count(m) == 2", True),
        ("m.r1 == 'yes' and m.r2 != 'yes'", True),
        ("sum(sums) == 100 and sums.a > sums.b", True),
        ("age * 2 - 8 / 4 + 1 == 67", True),
        ("age % 5 == 4", True),
        ("-age < -33", True),
        ("born < '2000-01-01'", True),
        ('name contains "O\'Neil"', True),
        (r"name contains 'O\'Neil'", True),
        ("empty(unknown) and not empty(drink)", True),
        ("true and not false", True),
    ],
)
def test_a_condition_means_what_it_says(condition: str, expected: bool) -> None:
    assert holds(parse(condition), ANSWERS) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "q == 'a'",
        "q > 1",
        "q in ['a']",
        "q contains 'a'",
        "q + 1 == 1",
        "1 / 0 == 1",
        "q",
        "count(q) > 0",
        "-q < 0",
    ],
)
def test_something_missing_never_meets_a_condition(condition: str) -> None:
    assert holds(parse(condition), {}) is False


def test_something_missing_is_unlike_everything() -> None:
    assert holds(parse("q != 'a'"), {})
    assert holds(parse("not (q == 'a')"), {})


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("age >", 5, "ends"),
        ("age $ 3", 4, "'$'"),
        ("age == 3 4", 9, "'4'"),
        ("(age == 3", 9, "ends"),
        ("fly(age)", 0, "no function 'fly'"),
        ("not in", 4, "word of the language"),
        ("'open", 0, '"\'"'),
        ("", 0, "ends"),
        ("__import__('os')", 0, "'_'"),
        ("a.b.c", 3, "'.'"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_position(text: str, position: int, words: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert refused.value.position == position
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("drink > 'a'", 0, "no order"),
        ("drink == 3", 9, "cannot be compared"),
        ("drink == 'milk'", 9, "no option 'milk'"),
        ("tools contains 'saw'", 15, "no option 'saw'"),
        ("drink in ['tea', 'milk']", 17, "no option 'milk'"),
        ("drink in ['tea', 3]", 17, "texts only or numbers only"),
        ("age and agree", 0, "true or false on both sides"),
        ("not age", 4, "needs a condition"),
        ("drink + 1 == 2", 0, "needs number"),
        ("tools == 'pen'", 9, "cannot be compared"),
        ("count(age) > 1", 6, "several answers"),
        ("sum(tools) > 1", 4, "with rows"),
        ("empty(1 + 2)", 6, "takes a question"),
        ("-drink == 1", 1, "needs a number"),
        ("age in drink", 7, "needs a list"),
    ],
)
def test_kinds_that_do_not_fit_are_refused_at_their_position(text: str, position: int, words: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        kind_of(parse(text), lambda reference: MEANINGS[reference.code])
    assert (refused.value.position, words in refused.value.message) == (position, True), refused.value.message


def test_every_mention_of_a_question_is_found() -> None:
    found = [(r.code, r.row) for r in references(parse("a == 1 and (b.r2 in ['x'] or not empty(c))"))]
    assert found == [("a", None), ("b", "r2"), ("c", None)]


def test_nesting_is_limited_before_it_can_exhaust_the_stack() -> None:
    assert holds(parse("(" * 900 + "true" + ")" * 900), {})
    with pytest.raises(ExpressionError, match=f"more than {MAX_DEPTH} deep"):
        parse("not " * 400 + "true")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    position, node = 0, None
    try:
        node = parse(text)
    except ExpressionError as refused:
        position = refused.position
    assert 0 <= position <= len(text)
    assert node is None or holds(node, {}) in {True, False}


NUMBERS = st.integers(-1000, 1000)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_arithmetic_agrees_with_python(a: int, b: int, c: int) -> None:
    values = {"a": a, "b": b, "c": c}
    assert parse("a + b * c - (a - b)").value(values) == a + b * c - (a - b)
    assert holds(parse("a < b"), values) is (a < b)
    assert holds(parse("a <= b or b <= a"), values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("year(d)", 2024), ("month(d)", 2), ("weekday(d)", 4), ("days(d)", 19782), ("days(e) - days(d)", 366),
        ("length(name)", 3), ("year(nothing)", None), ("days(clock)", None), ("length(nothing)", None),
    ],
)  # fmt: skip
def test_numbers_of_days_and_texts(text: str, value: object) -> None:
    """2024-02-29 was a Thursday, 19,782 days after 1970-01-01; the leap year to 2025-03-01 has 366."""
    values = {"d": "2024-02-29", "e": "2025-03-01", "clock": "12:30", "name": "Åsa"}
    assert parse(text).value(values) == value
