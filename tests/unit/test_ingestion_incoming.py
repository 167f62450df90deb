"""Names of files as they are shown and saved, and how a file is cut into parts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.names import LONGEST_NAME, clean_file_name
from services.ingestion.domain.parts import MOST_PARTS, PartPlan

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("survey.csv", "survey.csv"),
        ("C:\\Users\\Ada\\Desktop\\survey.csv", "survey.csv"),
        ("../../etc/passwd", "passwd"),
        ("a/b\x00c\r\n.csv", "bc.csv"),
        ("invoice\u202evsc.exe", "invoicevsc.exe"),
        ("\ufeff\u2066waehler\u2069.csv", "waehler.csv"),
        ("line\u2028break.csv", "linebreak.csv"),
        ("Wähler 調査 👩\u200d🔬.xlsx", "Wähler 調査 👩\u200d🔬.xlsx"),
        ("   ", "upload"),
        ("..", "upload"),
        ("folder/", "upload"),
        ("\ud83d.csv", ".csv"),
        ("x" * 300 + ".sav", "x" * 251 + ".sav"),
        ("é" * 300, "é" * 255),
        ("a." + "b" * 300, ("a." + "b" * 300)[:255]),
    ],
)
def test_a_name_keeps_what_can_be_shown_and_its_extension(sent: str, name: str) -> None:
    assert clean_file_name(sent) == name


@given(st.text())
def test_every_name_is_one_that_can_be_stored_and_shown(sent: str) -> None:
    name = clean_file_name(sent)
    assert 1 <= len(name) <= LONGEST_NAME
    assert not set(name) & set("/\\\x00\n\u202e\u2066")
    assert all(unicodedata.category(c) not in {"Cc", "Cs"} for c in name)
    assert clean_file_name(name) == name


@given(st.integers(1, 5 * 1024**4))
def test_the_parts_of_a_file_are_the_file(size_bytes: int) -> None:
    plan = PartPlan.of(size_bytes)
    assert 1 <= plan.n_parts <= MOST_PARTS
    assert 16 * MIB <= plan.part_bytes <= 5 * 1024**3
    assert plan.part_bytes % MIB == 0
    last = plan.size_of(plan.n_parts)
    assert 1 <= last <= plan.part_bytes
    assert plan.part_bytes * (plan.n_parts - 1) + last == size_bytes


def test_parts_that_are_missing_or_do_not_fit_are_named() -> None:
    plan = PartPlan(size_bytes=25, part_bytes=10)
    assert plan.missing({}) == [1, 2, 3]
    assert plan.missing({1: 10, 2: 10, 3: 5}) == []
    assert plan.missing({1: 10, 2: 9, 3: 5}) == [2]
    assert plan.misfits({1: 10, 2: 9, 3: 5, 4: 1}) == [2, 4]
