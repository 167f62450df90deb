"""Answers: what counts as one per type, in which form it is stored, and why the rest is refused."""

from typing import Any

import pytest

from services.ingestion.domain.survey.answers import AnswerRefused, canonical
from services.ingestion.domain.survey.completing import lacking
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.phrases import CATALOGUES, ENGLISH, say
from services.ingestion.domain.survey.questions import Question
from tests.ingestion.survey_definitions import options, text

ROWS = [{"code": "r1", "text": text("R1")}, {"code": "r2", "text": text("R2")}]


def asked(kind: str, **fields: Any) -> Question:
    """A question of a type."""
    question = {"code": "q", "type": kind, "text": text("q"), **fields}
    return parse_definition({"pages": [{"code": "p", "questions": [question]}]}).pages[0].questions[0]


CHOICES = {"options": options("a", "b", "c")}
NONE_TOO = {"options": [*options("a", "b"), {"code": "none", "text": text("None"), "exclusive": True}]}


@pytest.mark.parametrize(
    ("kind", "fields", "raw", "stored"),
    [
        ("single_choice", CHOICES, "b", "b"),
        ("multiple_choice", CHOICES, ["c", "a"], ["a", "c"]),
        ("multiple_choice", {**NONE_TOO, "min": 2}, ["none"], ["none"]),
        ("short_text", {}, "  Zoë \r\n", "Zoë"),
        ("long_text", {}, "a\r\nb\rc", "a\nb\nc"),
        ("long_text", {}, "   ", None),
        ("number", {}, 7.0, 7),
        ("number", {}, -0.5, -0.5),
        ("slider", {"min": 0, "max": 1, "step": 0.1}, 0.30000000000000004, 0.3),
        ("constant_sum", {**CHOICES, "total": 10}, {"a": 4, "c": 6}, {"a": 4, "b": 0, "c": 6}),
        ("date", {}, "2024-02-29", "2024-02-29"),
        ("time", {}, "23:59:59", "23:59"),
        ("email", {}, " Ada@EXAMPLE.org ", "Ada@example.org"),
        ("phone", {}, "+49 (30) 12 34-56", "+4930123456"),
        ("url", {}, "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("rating", {}, 5, 5),
        ("nps", {}, 0, 0),
        ("ces", {}, 7, 7),
        ("likert", {}, 3, 3),
        ("likert", CHOICES, "c", "c"),
        ("matrix_single", {"rows": ROWS, "columns": options("x", "y")}, {"r2": "y", "r1": None}, {"r2": "y"}),
        (
            "matrix_multiple",
            {"rows": ROWS, "columns": options("x", "y")},
            {"r1": ["y", "x"]},
            {"r1": ["x", "y"]},
        ),
        ("matrix_number", {"rows": ROWS}, {"r1": 1.0, "r2": 2.5}, {"r1": 1, "r2": 2.5}),
        ("matrix_text", {"rows": ROWS}, {"r1": " x ", "r2": ""}, {"r1": "x"}),
        ("ranking", CHOICES, ["c", "a", "b"], ["c", "a", "b"]),
        ("consent", {}, True, True),
        ("consent", {}, False, False),
        (
            "address",
            {},
            {"city": " Bonn ", "line1": "Am Hof 1", "line2": ""},
            {"line1": "Am Hof 1", "city": "Bonn"},
        ),
    ],
)
def test_an_answer_is_stored_in_one_form(kind: str, fields: dict[str, Any], raw: Any, stored: Any) -> None:
    answer = canonical(asked(kind, **fields), raw)
    assert (answer, type(answer)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("single_choice", CHOICES),
        ("multiple_choice", CHOICES),
        ("number", {}),
        ("date", {}),
        ("email", {}),
        ("nps", {}),
        ("likert", {}),
        ("matrix_text", {"rows": ROWS}),
        ("ranking", CHOICES),
        ("address", {}),
        ("consent", {}),
    ],
)
def test_null_takes_an_answer_back(kind: str, fields: dict[str, Any]) -> None:
    assert canonical(asked(kind, **fields), None) is None


@pytest.mark.parametrize(
    ("kind", "fields", "raw", "key", "where"),
    [
        ("single_choice", CHOICES, "z", "not_option", ""),
        ("single_choice", CHOICES, 1, "not_option", ""),
        ("single_choice", CHOICES, ["a"], "not_option", ""),
        ("multiple_choice", CHOICES, "a", "not_list", ""),
        ("multiple_choice", CHOICES, ["a", "a"], "repeated", ""),
        ("multiple_choice", CHOICES, [{"a": 1}], "not_option", ""),
        ("multiple_choice", {**CHOICES, "min": 2}, ["a"], "too_few", ""),
        ("multiple_choice", {**CHOICES, "max": 1}, ["a", "b"], "too_many", ""),
        ("multiple_choice", NONE_TOO, ["a", "none"], "exclusive", ""),
        ("short_text", {}, 5, "not_text", ""),
        ("short_text", {}, "x" * 1001, "too_long", ""),
        ("long_text", {}, "x" * 1_000_000, "too_long", ""),
        ("long_text", {"min_length": 5}, "abc", "too_short", ""),
        ("long_text", {}, "a\x00b", "characters", ""),
        ("long_text", {}, "\ud800", "characters", ""),
        ("number", {}, "7", "not_number", ""),
        ("number", {}, True, "not_number", ""),
        ("number", {}, float("nan"), "not_number", ""),
        ("number", {}, float("inf"), "not_number", ""),
        ("number", {}, 10**400, "not_number", ""),
        ("number", {"min": 0}, -1, "below", ""),
        ("number", {"max": 9}, 9.5, "above", ""),
        ("number", {"decimals": 0}, 1.5, "decimals", ""),
        ("slider", {"step": 5}, 7, "step", ""),
        ("constant_sum", CHOICES, {"a": 50, "b": 40}, "sum", ""),
        ("constant_sum", CHOICES, {"a": 150, "b": -50}, "above", "/a"),
        ("constant_sum", CHOICES, {"z": 100}, "not_option", "/z"),
        ("date", {}, "2023-02-29", "not_date", ""),
        ("date", {}, "29.02.2024", "not_date", ""),
        ("date", {}, 20240229, "not_text", ""),
        ("date", {"min": "2024-01-01"}, "2023-12-31", "below", ""),
        ("time", {}, "24:00", "not_time", ""),
        ("email", {}, "ada@", "not_email", ""),
        ("phone", {}, "call me", "not_phone", ""),
        ("phone", {}, "1" * 16, "not_phone", ""),
        ("url", {}, "javascript:alert(1)", "not_url", ""),
        ("url", {}, "https://exa mple.org", "not_url", ""),
        ("nps", {}, 11, "not_scale", ""),
        ("rating", {}, 0, "not_scale", ""),
        ("csat", {}, 2.5, "not_scale", ""),
        ("nps", {}, "9", "not_number", ""),
        ("matrix_single", {"rows": ROWS, "columns": options("x")}, {"r9": "x"}, "unknown_row", "/r9"),
        ("matrix_single", {"rows": ROWS, "columns": options("x")}, {"r2": "z"}, "not_option", "/r2"),
        ("matrix_single", {"rows": ROWS, "columns": options("x")}, "x", "not_object", ""),
        ("matrix_number", {"rows": ROWS, "max": 5}, {"r1": 6}, "above", "/r1"),
        ("ranking", CHOICES, ["a", "a"], "repeated_rank", ""),
        ("ranking", {**CHOICES, "max": 1}, ["a", "b"], "too_many", ""),
        ("consent", {}, "yes", "not_boolean", ""),
        ("address", {}, {"planet": "Mars"}, "unknown_row", "/planet"),
        ("statement", {}, "x", "not_answerable", ""),
        ("hidden", {}, "x", "not_answerable", ""),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(
    kind: str, fields: dict[str, Any], raw: Any, key: str, where: str
) -> None:
    with pytest.raises(AnswerRefused) as refused:
        canonical(asked(kind, **fields), raw)
    fault = refused.value.faults[0]
    assert (fault.key, fault.where) == (key, where)
    assert say("en", fault.key, **fault.values)


@pytest.mark.parametrize(
    ("kind", "fields", "answer", "key", "where"),
    [
        ("nps", {}, None, "required", ""),
        ("consent", {}, False, "consent_required", ""),
        ("matrix_text", {"rows": ROWS}, {"r1": "x"}, "required_row", "/r2"),
        ("ranking", CHOICES, ["a"], "rank_all", ""),
        ("address", {}, {"line1": "x"}, "required", "/postal_code"),
    ],
)
def test_a_required_question_says_what_it_lacks(
    kind: str, fields: dict[str, Any], answer: Any, key: str, where: str
) -> None:
    fault = lacking(asked(kind, **fields), answer)
    assert fault is not None
    assert (fault.key, fault.where) == (key, where)


def test_a_required_question_lacks_nothing_once_it_is_answered() -> None:
    assert lacking(asked("nps"), 0) is None
    assert lacking(asked("matrix_text", rows=ROWS, required_rows="any"), {"r1": "x"}) is None
    assert lacking(asked("consent"), True) is None


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_translated_phrase_exists_in_english_with_the_same_places(language: str) -> None:
    def places(phrase: str) -> set[str]:
        return {part.partition("}")[0] for part in phrase.split("{")[1:]}

    for key, phrase in CATALOGUES[language].items():
        assert places(phrase) <= places(ENGLISH[key]), key


# Told to apps or written into datasets; no page shows them.
NOT_ON_PAGES = {
    "not_offered", "not_answerable", "not_asked", "unknown_question", "not_text", "not_list", "not_object", "repeated",
    "unknown_row", "not_drawn", "not_files", "not_uploaded", "not_shown", "not_boolean", "shown", "files_count", "files_names",
    "files_ids", "signed_typed", "signed_drawn", "signed_how", "signed_name",
}  # fmt: skip


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_page_speaks_one_language_throughout(language: str) -> None:
    assert ENGLISH.keys() - CATALOGUES[language].keys() <= NOT_ON_PAGES


def test_a_language_without_phrases_reads_english() -> None:
    assert say("xx", "next") == "Next"
    assert say("de-AT", "next") == "Weiter"
