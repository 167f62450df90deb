"""Files as answers: what they are by their bytes, which of them an answer can name, and what the dataset says of them."""

from typing import Any

import pytest

from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.attachments import Attached
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.forms import raw_answers
from services.ingestion.domain.survey.lint import lint
from services.ingestion.domain.survey.media import media_of, stored_name
from services.ingestion.domain.survey.piping import Pipes
from services.ingestion.domain.survey.simulating import simulate
from services.ingestion.domain.survey.tables import tabulate
from tests.ingestion.survey_definitions import text
from tests.unit.test_survey_tables import column, interview

ONE = Attached("1-1", "a.png", "image", 5)
TWO = Attached("2-2", "b.pdf", "pdf", 7)
ZIP = b"PK\x03\x04" + bytes(26)


def of(*questions: dict[str, Any]) -> Any:
    """A definition of one page."""
    return parse_definition({"languages": ["en"], "pages": [{"code": "p", "questions": list(questions)}]})


def asking(**fields: Any) -> Any:
    """A definition that asks for photographs."""
    return of({"code": "photo", "type": "file", "text": text("Show us."), **fields})


@pytest.mark.parametrize(
    ("head", "kind", "extension"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image", "png"),
        (b"\xff\xd8\xff\xe0....", "image", "jpg"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image", "webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image", "heic"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "image", "avif"),
        (b"II*\x00\x08\0\0\0", "image", "tif"),
        (b"%PDF-1.7\n", "pdf", "pdf"),
        (ZIP + b"word/document.xml", "document", "docx"),
        (ZIP + b"mimetypeapplication/vnd.oasis.opendocument.text", "document", "odt"),
        (ZIP + b"xl/workbook.xml", "spreadsheet", "xlsx"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "audio", "wav"),
        (b"ID3\x04\0\0\0\0\0\0", "audio", "mp3"),
        (b"\xff\xfb\x90\x64\0\0", "audio", "mp3"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio", "m4a"),
        (b"OggS\0\x02", "audio", "ogg"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video", "mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video", "mov"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "video", "webm"),
        ("Äpfel und Birnen".encode(), "text", "txt"),
        (b'{"a": 1}', "text", "json"),
    ],
)
def test_what_a_file_is_follows_from_its_bytes(head: bytes, kind: str, extension: str) -> None:
    media = media_of(head)
    assert media is not None
    assert (media.kind, media.extensions[0]) == (kind, extension)


@pytest.mark.parametrize(
    "head",
    [
        b"MZ\x90\0\x03\0\0\0",
        b"\x7fELF\x02\x01\x01\0",
        ZIP + b"META-INF/MANIFEST.MF",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"Rar!\x1a\x07\0",
        b"RIFF\x10\0\0\0ACON",
        bytes(64),
    ],
)
def test_programs_archives_and_unknown_bytes_are_nothing_that_is_asked_for(head: bytes) -> None:
    assert media_of(head) is None


def test_a_picture_that_is_text_is_text() -> None:
    svg = media_of(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    assert svg is not None
    assert (svg.kind, stored_name("a.svg", svg)) == ("text", "a.svg.txt")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("photo.PNG", "photo.PNG"),
        ("setup.exe", "setup.exe.png"),
        ("noextension", "noextension.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\fotos\\ich.png", "ich.png"),
        ("a" * 300 + ".png", "a" * 251 + ".png"),
        ("b" * 300, "b" * 251 + ".png"),
        ("png", "png.png"),
    ],
)
def test_a_name_says_what_is_in_the_file(sent: str, kept: str) -> None:
    media = media_of(b"\x89PNG\r\n\x1a\n")
    assert media is not None
    assert stored_name(sent, media) == kept


def test_an_answer_names_what_was_uploaded_to_this_interview_and_nothing_else() -> None:
    definition = asking(max_files=2, required=True)
    stored = engine.apply(definition, {}, {"photo": [ONE, TWO]}).state.answers
    assert stored["photo"][0] == {"id": "1-1", "name": "a.png", "kind": "image", "bytes": 5}
    for same in (["1-1", "2-2"], stored["photo"]):
        assert engine.apply(definition, stored, {"photo": same}).state.answers == stored
    forged = {**stored["photo"][0], "name": "evil.exe"}
    assert engine.apply(definition, stored, {"photo": [forged]}).state.answers["photo"] == [
        stored["photo"][0]
    ]
    assert engine.apply(definition, stored, {"photo": None}).state.answers == {}
    refused: list[tuple[Any, str, str]] = [
        (["3-3"], "not_uploaded", "/0"),
        (["1-1", {"id": "3-3", "name": "c", "kind": "pdf", "bytes": 1}], "not_uploaded", "/1"),
        ([["1-1"]], "not_uploaded", "/0"),
        (["1-1", "1-1"], "repeated", ""),
        ("1-1", "not_files", ""),
        ({"id": "1-1"}, "not_files", ""),
        ([ONE, TWO, Attached("3-3", "c", "pdf", 1)], "too_many_files", ""),
    ]
    for raw, key, where in refused:
        applied = engine.apply(definition, stored, {"photo": raw})
        assert (applied.faults["photo"][0].key, applied.faults["photo"][0].where) == (key, where)
        assert applied.state.answers == stored
    assert engine.apply(definition, {}, {"photo": [{"id": "1-1"}]}).faults["photo"][0].key == "not_uploaded"
    empty = engine.apply(definition, {}, {}).state
    assert empty.lacking(empty.visible[0]) is not None


def test_a_form_keeps_removes_adds_and_replaces_files() -> None:
    fields = {"a.photo": ["1-1", "2-2"], "d.photo": ["2-2"]}
    several, single = asking(max_files=3), asking()
    (question,), (only,) = (d.pages[0].questions for d in (several, single))
    assert raw_answers([question], fields) == {"photo": ["1-1"]}
    assert raw_answers([question], fields, {"photo": [TWO]}) == {"photo": ["1-1", TWO]}
    assert raw_answers([only], {"a.photo": ["1-1"]}, {"photo": [TWO]}) == {"photo": [TWO]}
    assert raw_answers([only], {"a.photo": ["1-1"]}) == {"photo": ["1-1"]}


def test_conditions_and_texts_know_of_files() -> None:
    def later(show_if: str) -> Any:
        ask = {"code": "photo", "type": "file", "text": text("?"), "max_files": 2}
        return of(ask, {"code": "why", "type": "number", "text": text("?"), "show_if": show_if})

    assert [i for i in lint(later("count(photo) == 2 or empty(photo)")) if i.level == "error"] == []
    for nonsense in ("photo == 'a.png'", "photo contains 'a'", "sum(photo) > 1"):
        assert [i.pointer for i in lint(later(nonsense)) if i.level == "error"] == [
            "/pages/0/questions/1/show_if"
        ]
    state = engine.apply(later("count(photo) == 2"), {}, {"photo": [ONE, TWO]}).state
    assert "why" in state.visible_codes
    assert Pipes(asking(), state.effective, "en").into("{{ photo }}!") == "a.png, b.pdf!"


def test_the_dataset_has_the_number_names_and_ids_of_files() -> None:
    answers = engine.apply(asking(max_files=2), {}, {"photo": [ONE, TWO]}).state.answers
    table = tabulate([(1, asking(max_files=2))], [interview(answers), interview({})])
    assert column(table, "photo_count") == [2, None]
    assert column(table, "photo_names") == ["a.png; b.pdf", None]
    assert column(table, "photo_ids") == ["1-1; 2-2", None]
    assert column(table, "photo_count__missing") == [None, "skipped"]


def test_simulated_respondents_have_files() -> None:
    coverage = simulate(asking(required=True, max_files=3), 10, seed=1)
    assert coverage.outcomes == {"complete": 10}
