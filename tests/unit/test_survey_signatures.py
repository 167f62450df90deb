"""Signatures: typed or drawn, what counts as strokes, how they are tabulated and drawn again."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.drawing import signature_svg
from services.ingestion.domain.survey.forms import raw_answers
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.notations import LONGEST_PATH
from services.ingestion.domain.survey.piping import Pipes
from services.ingestion.domain.survey.simulating import simulate
from services.ingestion.domain.survey.tables import tabulate
from tests.ingestion.survey_definitions import text
from tests.unit.test_survey_tables import column, interview

PATH = "M10 20L30 40L600 200M0 0L0 0"


def asking(*others: dict[str, Any]) -> Any:
    """A definition that asks for a signature."""
    ask = {"code": "sign", "type": "signature", "required": True, "text": text("Sign.")}
    return parse_definition({"languages": ["en"], "pages": [{"code": "p", "questions": [ask, *others]}]})


def given(raw: Any) -> engine.Applied:
    """What the engine makes of a raw answer."""
    return engine.apply(asking(), {}, {"sign": raw})


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ({"typed": " Jo Müller\n"}, {"typed": "Jo Müller"}),
        ({"drawn": PATH}, {"drawn": PATH}),
        ({"typed": "", "drawn": PATH}, {"drawn": PATH}),
        ({"typed": "Jo", "drawn": None}, {"typed": "Jo"}),
        ({"typed": " ", "drawn": ""}, None),
        (None, None),
    ],
)
def test_a_signature_is_typed_or_drawn(raw: Any, stored: Any) -> None:
    state = given(raw).state
    assert state.answers == ({} if stored is None else {"sign": stored})
    assert (state.lacking(state.visible[0]) is None) == (stored is not None)
    if stored:
        assert given(stored).state.answers == {"sign": stored}


@pytest.mark.parametrize(
    ("raw", "key", "where"),
    [
        ({"typed": "Jo", "drawn": PATH}, "signed_twice", ""),
        ({"typed": "x" * 201}, "too_long", "/typed"),
        ({"typed": 5}, "not_text", "/typed"),
        ({"signed": "Jo"}, "unknown_row", "/signed"),
        ("Jo", "not_object", ""),
        *(
            ({"drawn": bad}, "not_drawn", "/drawn")
            for bad in (
                "M10 20",
                "L10 20L30 40",
                "M10 20L30 40Z",
                "M10 20C1 2 3 4 5 6",
                "m10 20l1 1",
                "M10,20L30,40",
                "M1.5 2L3 4",
                "M-1 2L3 4",
                "M601 0L1 1",
                "M0 201L1 1",
                'M1 1L2 2"/><script>alert(1)</script>',
                "M1 1L٢ 2",
                "M1 1" + "L2 2" * (LONGEST_PATH // 4),
                ["M1 1L2 2"],
            )
        ),
    ],
)
def test_what_is_no_signature_is_refused(raw: Any, key: str, where: str) -> None:
    applied = given(raw)
    assert (applied.faults["sign"][0].key, applied.faults["sign"][0].where) == (key, where)
    assert applied.state.answers == {}


def test_forms_texts_and_conditions_know_signatures() -> None:
    later = {
        "code": "why",
        "type": "number",
        "text": text("Why, {{ sign.typed }}?"),
        "show_if": "not empty(sign)",
    }
    pages = [{"code": "p", "questions": [asking().pages[0].questions[0].model_dump(exclude_none=True)]}]
    pages.append({"code": "p2", "questions": [later]})
    definition = parse_definition({"languages": ["en"], "pages": pages})
    assert [issue for issue in lint(definition) if issue.level == "error"] == []
    nonsense = asking({"code": "b", "type": "number", "text": text("?"), "show_if": "sign == 'Jo'"})
    assert [issue.pointer for issue in lint(nonsense) if issue.level == "error"] == [
        "/pages/0/questions/1/show_if"
    ]
    fields = {"a.sign.typed": ["Jo"], "a.sign.drawn": [""]}
    raw = raw_answers(definition.pages[0].questions, fields)
    state = engine.apply(definition, {}, raw).state
    assert state.answers == {"sign": {"typed": "Jo"}}
    assert Pipes(definition, state.effective, "en").into("Why, {{ sign.typed }}?") == "Why, Jo?"
    assert simulate(definition, 5, seed=1).outcomes == {"complete": 5}


def test_the_dataset_says_how_was_signed_and_keeps_strokes_out() -> None:
    signed = [interview({"sign": {"typed": "Jo"}}), interview({"sign": {"drawn": PATH}}), interview({})]
    table = tabulate([(1, asking())], signed)
    assert column(table, "sign_how") == ["typed", "drawn", None]
    assert column(table, "sign_typed") == ["Jo", None, None]
    assert PATH not in str(table.columns)


def test_pictures_of_signatures_hold_strokes_and_escaped_names_only() -> None:
    drawn, typed = signature_svg({"drawn": PATH}), signature_svg({"typed": "<b>Jo & Co</b>"})
    assert drawn is not None
    assert typed is not None
    assert ET.fromstring(drawn)[0].attrib["d"] == PATH  # noqa: S314 - our own writing
    assert ET.fromstring(typed)[0].text == "<b>Jo & Co</b>"  # noqa: S314
    for none in ({"drawn": "evil"}, {}, None, "x", [1]):
        assert signature_svg(none) is None
