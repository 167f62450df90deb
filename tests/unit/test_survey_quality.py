"""Doubts about interviews: what raises them, and what does not."""

from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.entrance import fingerprint
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.quality import (
    Flag,
    active_seconds,
    flags_of,
    kinds_in,
    why_gibberish,
    with_time,
)
from tests.ingestion.survey_definitions import options, text

ROWS = [{"code": f"r{n}", "text": text(f"Row {n}")} for n in range(5)]
GRID = {
    "code": "grid",
    "type": "matrix_single",
    "text": text("Rate"),
    "rows": ROWS,
    "columns": options("a", "b"),
}
LONG = {"code": "long", "type": "long_text", "text": text(" ".join(["word"] * 50))}


def flags(
    *questions: dict[str, Any],
    active_s: float | None = None,
    is_trapped: bool = False,
    n_alike: int = 0,
    **answers: Any,
) -> list[Flag]:
    definition = expanded(parse_definition({"pages": [{"code": "p", "questions": questions}]}))
    applied = engine.apply(definition, {}, answers)
    assert applied.faults == {}
    return flags_of(
        applied.state,
        language="en",
        default_language="en",
        active_s=active_s,
        is_trapped=is_trapped,
        n_alike=n_alike,
    )


def grid(*answers: str) -> dict[str, str]:
    return {f"r{n}": answer for n, answer in enumerate(answers)}


def test_who_reads_faster_than_anybody_can_is_flagged() -> None:
    """Zhang and Conrad (2014): 0.3 seconds a word; 50 words need 15 seconds."""
    [flag] = flags(LONG, active_s=3.0)
    assert flag == Flag("speeding", 0.8, {"seconds": 3.0, "least_seconds": 15.0, "words": 50})
    assert flags(LONG, active_s=15.0) == []
    assert flags(LONG, active_s=None) == []
    assert flags(LONG | {"text": text("Three short words")}, active_s=0.1) == []


def test_the_same_answer_down_a_grid_is_flagged() -> None:
    [flag] = flags(GRID, GRID | {"code": "other"}, grid=grid(*"aaaaa"), other=grid(*"aabaa"))
    assert flag == Flag("straight_lining", 0.5, {"questions": ["grid"], "of": 2})
    assert flags(GRID, grid=grid(*"abaab")) == []
    assert flags(GRID, grid=grid(*"aaa")) == [], "three rows say nothing"


@pytest.mark.parametrize(
    "words",
    ["asdfgh", "fghjk!", "qwertz", "ppppppp", "sdkjfhgkjsdf", "xcvbn", "lkjhgf"],
)
def test_keys_struck_at_random_are_gibberish(words: str) -> None:
    assert why_gibberish(words) is not None


@pytest.mark.parametrize(
    "words",
    ["good", "It was too expensive.", "n/a", "Qualität", "Größe passt nicht", "rhythm", "Strengths", "très bien", "不知道", "отлично",
     "ok", "12345678", "BMW", "angstschweiß", "Schmuck", "property", "Wert", "Liberty", "We were there", "http://example.org"],
)  # fmt: skip
def test_what_people_write_is_not(words: str) -> None:
    assert why_gibberish(words) is None


def test_an_attention_check_that_fails_is_flagged_and_not_refused() -> None:
    check = {
        "code": "att",
        "type": "single_choice",
        "text": text("Choose b"),
        "options": options("a", "b"),
        "attention": "att == 'b'",
    }
    assert flags(check, att="a") == [Flag("attention", 1.0, {"questions": ["att"]})]
    assert flags(check, att="b") == []
    assert flags(check) == [], "who skipped it did not fail it"


def test_a_field_that_nobody_sees_is_filled_in_by_programs() -> None:
    assert kinds_in([flag.as_json() for flag in flags(LONG, is_trapped=True)]) == ["honeypot"]


@pytest.mark.parametrize(("n_alike", "score"), [(1, 0.5), (9, 0.9), (1000, 0.999)])
def test_the_more_interviews_look_alike_the_likelier_is_a_duplicate(n_alike: int, score: float) -> None:
    [flag] = flags(LONG, n_alike=n_alike)
    assert flag.as_json() == {"kind": "duplicate", "score": score, "evidence": {"others": n_alike}}
    assert kinds_in([flag.as_json()]) == ["duplicate"]


def test_what_looks_like_nothing_else_is_no_duplicate() -> None:
    assert flags(LONG, n_alike=0) == []


def printed(address: str = "192.0.2.7", survey: str = "s", key: str = "k", **headers: str) -> str:
    shown = {"user_agent": "Browser/1", "accept_language": "de"} | headers
    return fingerprint(key, survey, address=address, **shown)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"),
        ("2001:DB8::1", "2001:db8:0:0::2"),
    ],
)
def test_addresses_of_one_connection_have_one_fingerprint(one: str, other: str) -> None:
    assert printed(one) == printed(other)


def test_another_network_browser_language_survey_or_deployment_has_another_fingerprint() -> None:
    others = [
        printed(),
        printed("192.0.2.8"),
        printed("2001:db8:0:1::1"),
        printed("2001:db8:0:2::1"),
        printed(user_agent="Browser/2"),
        printed(accept_language="en"),
        printed(user_agent="Browser/1de", accept_language=""),
        printed(survey="t"),
        printed(key="l"),
    ]
    assert len(set(others)) == len(others)
    assert {len(one) for one in others} == {64}


@pytest.mark.parametrize("address", ["", "unix:", "testclient"])
def test_who_has_no_address_looks_like_nobody(address: str) -> None:
    assert printed(address) == ""


def test_time_adds_up_by_page() -> None:
    once = with_time({"trap": True}, "p0", 2.04)
    twice = with_time(with_time(once, "p1", 1.5), "p0", 3)
    assert twice == {"trap": True, "seconds": {"p0": 5.0, "p1": 1.5}}
    assert (active_seconds(twice), active_seconds({})) == (6.5, None)
