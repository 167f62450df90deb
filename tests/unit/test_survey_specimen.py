"""The survey that page tests and pictures use shows everything that there is."""

import pytest

from deploy.browser.specimen import ANSWERS, DEFINITION, THEMES
from services.ingestion.domain.survey.definition import definition_schema, parse_definition
from services.ingestion.domain.survey.themes import parse_theme, stylesheet


def test_it_has_a_question_of_every_type() -> None:
    questions = definition_schema()["$defs"]["Page"]["properties"]["questions"]["items"]
    asked = {question.type for _, _, question in parse_definition(DEFINITION).questions()}
    assert asked == set(questions["discriminator"]["mapping"])


def test_its_answers_belong_to_its_questions() -> None:
    codes = {question.code for _, _, question in parse_definition(DEFINITION).questions()}
    assert {name.partition(".")[0] for name in ANSWERS} <= codes


@pytest.mark.parametrize(("name", "scheme"), [("default", "light"), ("dark", "dark"), ("brand", "light")])
def test_what_the_browser_draws_itself_is_as_dark_as_the_theme(name: str, scheme: str) -> None:
    assert f"color-scheme: {scheme};" in stylesheet(parse_theme(THEMES[name]))
