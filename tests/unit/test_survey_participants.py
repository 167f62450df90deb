"""Lists of participants in any dialect, and the tokens of personal links."""

import uuid

import pytest

from services.ingestion.domain.survey.participants import ListRefused, read_list, session_of, token_of

SECRET, SURVEY, SOMEBODY = "s" * 32, uuid.uuid4(), uuid.uuid4()


def test_a_token_belongs_to_one_participant_of_one_survey_of_one_deployment() -> None:
    token = token_of(SECRET, SURVEY, SOMEBODY)
    assert token == token_of(SECRET, SURVEY, SOMEBODY)
    others = {
        token_of("t" * 32, SURVEY, SOMEBODY),
        token_of(SECRET, uuid.uuid4(), SOMEBODY),
        token_of(SECRET, SURVEY, uuid.uuid4()),
        session_of(SECRET, SURVEY, token),
        session_of(SECRET, SURVEY, token[:-1]),
    }
    assert len(others | {token}) == 6
    assert len(token) == 43


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_dialect_is_read(encoding: str, delimiter: str) -> None:
    rows = [
        ("Vorname", "E-Mail", "Language", "ID"),
        ("Jörg", "JOERG@Example.com", "de", "7"),
        ("Ada", "ada@example.com", "", ""),
    ]
    content = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    listed = read_list(content)
    assert [
        (entry.email, entry.external_id, entry.language, entry.attributes) for entry in listed.entries
    ] == [
        ("joerg@example.com", "7", "de", {"Vorname": "Jörg"}),
        ("ada@example.com", "", "", {"Vorname": "Ada"}),
    ]
    assert listed.attributes == ("Vorname",)


def test_every_line_that_is_left_out_is_told_with_its_reason() -> None:
    long, lines = "x" * 1_001, ["email,id,language,name"]
    lines += [
        "ada@example.com,1,en,Ada",
        "ada@,2,en,",
        ",,en,Nobody",
        "b@example.com,3,e n,",
        "",
        "Ada@Example.COM,4,,",
    ]
    lines += [
        "c@example.com,1,,",
        f"d@example.com,5,,{long}",
        "e@example.com,6,,,surplus",
        'f@example.com,7,,"F, G"',
        "g@example.com",
    ]
    listed = read_list("\n".join(lines).encode())
    assert [entry.line for entry in listed.entries] == [2, 11, 12]
    assert [(note.line, note.reason.partition(" ")[0]) for note in listed.report.rejected] == [
        (3, "'ada@'"),
        (4, "neither"),
        (5, "'e"),
        (9, "a"),
        (10, "5"),
    ]
    assert [(note.line, note.reason) for note in listed.duplicates] == [
        (7, "the same person as in line 2"),
        (8, "the same person as in line 2"),
    ]


@pytest.mark.parametrize(
    "content",
    ["", "name,age\nAda,36\n", "email,mail\na@b.example,c@d.example\n", "email,x,X\na@b.example,1,2\n"],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(content: str) -> None:
    with pytest.raises(ListRefused):
        read_list(content.encode())
