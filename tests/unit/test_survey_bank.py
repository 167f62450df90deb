"""The question bank: every entry can be published as it is, has its source, and is counted as its authors say."""

from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.bank.catalogue import BANK
from services.ingestion.domain.survey.bank.pieces import LANGUAGES, in_language
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.lint import lint

WHOLE: dict[str, Any] = {
    "languages": list(LANGUAGES),
    "pages": [{"code": f"p_{entry.code}", "questions": list(entry.questions)} for entry in BANK],
}


@pytest.fixture(scope="module")
def asked() -> Definition:
    return expanded(parse_definition(WHOLE))


def computed(asked: Definition, answers: dict[str, Any], code: str) -> Any:
    applied = engine.apply(asked, {}, answers)
    assert applied.faults == {}
    return applied.state.effective[code]


def test_a_survey_with_all_of_it_can_be_published() -> None:
    assert [issue for issue in lint(parse_definition(WHOLE)) if issue.level == "error"] == []


def test_entries_have_codes_of_their_own_and_sources_with_a_year() -> None:
    assert len({entry.code for entry in BANK}) == len(BANK)
    assert all(any(sign.isdecimal() for sign in entry.source) and entry.title for entry in BANK)
    assert {entry.code for entry in BANK} >= {
        "nps", "csat", "ces", "sus", "ueq_s", "agreement_5", "agreement_7", "frequency_5", "likelihood_5", "satisfaction_5",
        "importance_5", "age_bands", "gender", "education", "employment",
    }  # fmt: skip


@pytest.mark.parametrize("entry", BANK, ids=lambda entry: entry.code)
def test_texts_of_an_entry_are_in_all_the_languages_that_it_names(entry: Any) -> None:
    assert entry.languages[0] == "en"
    alone = {"languages": entry.languages, "pages": [{"code": "p", "questions": list(entry.questions)}]}
    assert lint(parse_definition(alone)) == []
    for language in LANGUAGES:
        one = [in_language(question, language) for question in entry.questions]
        shown = language if language in entry.languages else "en"
        assert (
            lint(parse_definition({"languages": [shown], "pages": [{"code": "p", "questions": one}]})) == []
        )


@pytest.mark.parametrize(("odd", "even", "score"), [(5, 1, 100), (1, 5, 0), (3, 3, 50), (4, 2, 75)])
def test_sus_is_0_to_100(asked: Definition, odd: int, even: int, score: float) -> None:
    answers = {f"sus_{place}": odd if place % 2 else even for place in range(1, 11)}
    assert computed(asked, answers, "sus_score") == score


def test_ueq_s_is_the_mean_of_its_halves_from_minus_3_to_3(asked: Definition) -> None:
    answers = {f"ueq_{place}": 7 if place <= 4 else 2 for place in range(1, 9)}
    found = {name: computed(asked, answers, f"ueq_{name}") for name in ("pragmatic", "hedonic", "overall")}
    assert found == {"pragmatic": 3, "hedonic": -2, "overall": 0.5}


def test_umux_lite_and_the_task_load_index_are_0_to_100(asked: Definition) -> None:
    assert computed(asked, {"umux_1": 7, "umux_2": 4}, "umux_score") == 75
    load = {f"tlx_{name}": 30 for name in ("mental", "physical", "temporal", "performance", "effort")}
    assert computed(asked, load | {"tlx_frustration": 90}, "tlx_workload") == 40
