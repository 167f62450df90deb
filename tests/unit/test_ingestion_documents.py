"""Documents as the reader's core sees them: all text comes back, hostile files end as refusals."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingestion.domain.documents.importing import import_document
from services.ingestion.domain.documents.judging import is_document
from services.ingestion.domain.documents.mending import DIVIDED, Vocabulary, plain_letters
from services.ingestion.domain.documents.model import page_ranges
from services.ingestion.domain.documents.prose import is_prose
from services.ingestion.domain.refusals import FileRefused
from services.ingestion.domain.signatures import judge
from tests import documents

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


class Read:
    """A document read in a folder of its own."""

    def __init__(self, folder: Path, content: bytes) -> None:
        work = folder / f"work-{len(list(folder.iterdir()))}"
        work.mkdir(parents=True)
        source = work / "original"
        source.write_bytes(content)
        self.notes: list[tuple[str, int, int]] = []
        found = import_document(source, work, lambda *note: self.notes.append(note), ocr_budget_s=60)
        self.report = found.report
        by_name = {piece.name: piece for piece in found.pieces}
        self.text = by_name["text.txt"].read_bytes().decode()
        self.tables = json.loads(by_name["tables.json"].read_text())
        self.pages = [
            p for n in sorted(by_name) if n.startswith("pages-") for p in json.loads(by_name[n].read_text())
        ]

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return [block for page in self.pages for block in page["blocks"]]


LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])
PARAGRAPHS = st.lists(st.text(LETTERS, min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARAGRAPHS)
def test_all_text_written_to_a_word_document_comes_back_in_order(
    tmp_path: Path, paragraphs: list[str]
) -> None:
    read = Read(tmp_path, documents.docx(paragraphs=paragraphs))
    found = [b["text"] for b in read.blocks if b["kind"] == "paragraph"]
    assert found == [*(p.rstrip() for p in paragraphs), "The end."]
    assert all(read.text[b["start"] : b["end"]] == b["text"] for b in read.blocks)


WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyzäöüéñ", min_size=1, max_size=12), min_size=1, max_size=60)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=3))
def test_all_words_written_to_a_pdf_come_back_in_order(tmp_path: Path, pages: list[list[str]]) -> None:
    read = Read(tmp_path, documents.pdf([("Heading", " ".join(words)) for words in pages]))
    for page, words in zip(read.pages, pages, strict=True):
        inner = [b["text"] for b in page["blocks"]][1:-1]
        assert " ".join(inner).split() == ["Heading", *words]
    assert read.report["pages"] == len(pages)
    assert all(read.text[b["start"] : b["end"]] == b["text"] for b in read.blocks)


def test_divided_words_are_joined_and_hyphens_that_belong_to_a_word_stay() -> None:
    words = Vocabulary()
    words.learn(["the well-known office", "interviewed again"])
    assert words.mend(f"inter{DIVIDED}viewed") == "interviewed"
    assert words.mend(f"well{DIVIDED}known") == "well-known"
    assert words.mend(f"Anglo{DIVIDED}American 2019{DIVIDED}20") == "Anglo-American 2019-20"
    assert words.mend(f"respon{DIVIDED}dents") == "respondents"
    assert plain_letters("e\ufb03cient \ufb01rst con\u00ad\nnected") == "efficient first connected"


def test_a_pdf_mends_words_divided_at_line_ends(tmp_path: Path) -> None:
    content = documents.pdf(
        [("Heading", "They were inter-\nviewed by a well-\nknown house, as is well-known.")]
    )
    assert "They were interviewed by a well-known house, as is well-known." in Read(tmp_path, content).text


def word_part(body: str, **more: str) -> bytes:
    """A Word document whose body is given as XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(documents.docx())) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "word/document.xml":
                head = more.get("head", "")
                content = f'{head}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'.encode()
            target.writestr(member.filename, content)
    return out.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_word_keeps_what_python_docx_leaves_out(tmp_path: Path) -> None:
    body = (
        f"<w:sdt><w:sdtContent>{paragraph('In a control')}</w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>Inserted</w:t></w:r></w:ins><w:del><w:r><w:delText>Deleted</w:delText></w:r></w:del></w:p>"
        "<w:p><w:r><w:t>Anchor</w:t></w:r><w:r><w:pict><w:txbxContent>"
        f"{paragraph('In a box')}</w:txbxContent></w:pict></w:r></w:p>"
        '<w:p><w:r><w:br w:type="page"/><w:t>Second page</w:t></w:r></w:p>'
    )
    read = Read(tmp_path, word_part(body))
    assert [b["text"] for b in read.blocks] == [
        "In a control",
        "Inserted",
        "Anchor",
        "In a box",
        "Second page",
    ]
    assert [p["number"] for p in read.pages] == [1, 2]


def test_merged_and_nested_cells_stand_once(tmp_path: Path) -> None:
    def cell(inner: str, span: int = 1) -> str:
        return f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr>{inner}</w:tc>'

    nested = f"<w:tbl><w:tr>{cell(paragraph('x'))}{cell(paragraph('y'))}</w:tr></w:tbl><w:p/>"
    body = (
        f"<w:tbl><w:tr>{cell(paragraph('Wide'), 2)}</w:tr>"
        f"<w:tr>{cell(paragraph('a'))}{cell(nested)}</w:tr></w:tbl>"
    )
    assert Read(tmp_path, word_part(body)).tables[0]["rows"] == [["Wide", ""], ["a", "x\ty"]]


ENTITIES = (
    '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "content",
    [
        lambda: word_part(
            "<w:sdt><w:sdtContent>" * 150 + paragraph("deep") + "</w:sdtContent></w:sdt>" * 150
        ),
        lambda: word_part("<w:sdt>" * 90_000),
        lambda: documents.docx()[:2000],
        lambda: b"PK\x03\x04" + bytes(200) + b"word/document.xml",
        lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        lambda: documents.pdf([("A", "b")], user_password="secret"),
        lambda: b"",
        lambda: b"a\x00b" * 50,
        lambda: b"\xef\xbb\xbf  \n \n",
    ],
)
def test_hostile_and_broken_documents_are_refused_with_a_hint(
    tmp_path: Path, content: Callable[[], bytes]
) -> None:
    with pytest.raises(FileRefused) as refused:
        Read(tmp_path, content())
    assert refused.value.hint
    assert refused.value.detail


def test_entities_are_not_unfolded(tmp_path: Path) -> None:
    try:
        read = Read(tmp_path, word_part(paragraph("&j; kept"), head=ENTITIES))
    except FileRefused:
        return
    assert len(read.text) < 100


def test_a_huge_page_box_is_rendered_within_bounds(tmp_path: Path) -> None:
    from services.ingestion.domain.documents.pdf import open_pdf, render

    content = documents.scanned_pdf(["Big"]).replace(
        b"/MediaBox [0 0 595.28 841.89]", b"/MediaBox [0 0 9e6 1234567]"
    )
    path = tmp_path / "big.pdf"
    path.write_bytes(content)
    document = open_pdf(path)
    picture = render(document, 1)
    document.close()
    assert picture.width * picture.height <= 17_000_000


def test_ten_thousand_pages_are_read_with_progress(tmp_path: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    for _ in range(10_000):
        document.new_page(200, 200).close()
    out = io.BytesIO()
    document.save(out)
    document.close()
    with pytest.raises(FileRefused) as refused:
        Read(tmp_path, out.getvalue())
    assert refused.value.slug == "file-without-text"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\n".join(documents.SENTENCES), True),
        ("The first line of this long paragraph goes on\nin the second line, and then the third line\nends it. Done.\n", True),
        ("# Title\n\nSome words below the title stand here.\n", True),
        ("One sentence. Another sentence.", True),
        ("answer\nIt was fine.\nToo expensive for me and us.\nI would buy it again next year.\n" * 3, False),
        ("red\ngreen\nblue\n", False),
        ("#a\n#b\n#c\n", False),
        ("12\n13\n14\n", False),
        ("Berlin\n\nParis\n\nRome\n", False),
    ],
)  # fmt: skip
def test_prose_is_told_from_lists(text: str, expected: bool) -> None:
    assert is_prose(text) is expected


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n3,4\n", "name, remark\nAnn, It was fine.\nBob, It was fine too. Really.\n"]
)
def test_tables_are_no_documents(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert not is_document(path, text.encode(), judge(text.encode()))


def test_page_numbers_are_written_as_people_do() -> None:
    assert page_ranges([7, 1, 2, 3, 9]) == "pages 1–3, 7, 9"
    assert page_ranges([4]) == "page 4"
