"""Files that deceive: marks and directories that lie, cuts that leave no trace, small files that mean giant tables."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from services.ingestion.domain.refusals import FileRefused
from tests.imported_file import Imported
from tests.unit.test_ingestion_files_import import workbook
from tests.unit.test_ingestion_files_reader import read

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def refusal(content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        Imported(content)
    assert refused.value.hint
    return refused.value


def with_members(content: bytes, members: Mapping[str, bytes]) -> bytes:
    """The ZIP file with some of its members replaced, or more."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in {*old.namelist(), *members}:
            new.writestr(name, members[name] if name in members else old.read(name))
    return buffer.getvalue()


def with_sheet(inside: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><sheetData>{inside}</sheetData></worksheet>'
    return with_members(workbook([["a"], ["x"]]), {"xl/worksheets/s.xml": sheet.encode()})


def locked_xls() -> bytes:
    """An old workbook with a password: a record FilePass (MS-XLS 2.4.117) stands behind its beginning.

    One stream of 4096 bytes in a compound file (MS-CFB 2.2, 2.6): eight sectors, one of folders, one of the table.
    """
    begin = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0)
    password = struct.pack("<HHHHHH", 0x2F, 56, 1, 1, 1, 0) + bytes(48)
    stream = (begin + password + struct.pack("<HH", 0x0A, 0)).ljust(4096, b"\0")
    folders = _folder("Root Entry", 5, _END, 0, child=1) + _folder("Workbook", 2, 0, 4096)
    folders += _folder("", 0, 0, 0) * 2
    table = struct.pack("<10I", *range(1, 8), _END, _END, _FAT).ljust(512, b"\xff")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 8, 0, 4096, _END, 0, _END, 0, 9)
    return header.ljust(512, b"\xff") + stream + folders + table


def _folder(name: str, kind: int, start: int, size: int, *, child: int = _FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le") if name else b""
    head = struct.pack("<64sHBBIII", text, len(text), kind, 1, _FREE, _FREE, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def locked_ods() -> bytes:
    """A spreadsheet with a password: its manifest (OpenDocument 1.3 part 2, 4.4) says how the content is encrypted."""
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
        '<manifest:encryption-data manifest:checksum="AA=="/></manifest:file-entry></manifest:manifest>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", bytes(range(256)) * 8)
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


@pytest.mark.parametrize("make", [locked_xls, locked_ods])
def test_a_workbook_with_a_password_says_so(make: Callable[[], bytes]) -> None:
    refused = refusal(make())
    assert refused.slug == "file-protected"
    assert "password" in refused.detail
    assert "remove the password" in refused.hint


@pytest.mark.parametrize("content", [workbook([["a"], ["x"]])[:-200], with_sheet("<row><c><v>1")])
def test_a_workbook_that_was_cut_says_what_is_missing(content: bytes) -> None:
    refused = refusal(content)
    assert refused.slug == "file-damaged"
    assert not refused.detail.endswith((": .", "detect file format."))


CORNERS = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
SHARED = "<row>" + '<c t="s"><v>0</v></c>' * 10 + "</row>"


def with_shared_text(n_characters: int, n_rows: int) -> bytes:
    """A workbook of a few kilobytes whose cells all refer to one long text (ECMA-376 part 1, 18.4)."""
    space = "http://schemas.openxmlformats.org"
    relations = (
        f'<Relationships xmlns="{space}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{space}/officeDocument/2006/relationships/worksheet" Target="worksheets/s.xml"/>'
        f'<Relationship Id="r2" Type="{space}/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    text = f'<sst xmlns="{space}/spreadsheetml/2006/main"><si><t>{"x" * n_characters}</t></si></sst>'
    members = {"xl/_rels/workbook.xml.rels": relations.encode(), "xl/sharedStrings.xml": text.encode()}
    return with_members(with_sheet(SHARED * n_rows), members)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(with_sheet(CORNERS), id="corners"),
        pytest.param(with_shared_text(1 << 20, 2000), id="text"),
    ],
)
async def test_a_small_workbook_that_means_a_giant_table_is_refused(content: bytes, tmp_path: Path) -> None:
    assert len(content) < 100_000
    with pytest.raises(FileRefused) as refused:
        await read(content, tmp_path, import_memory_bytes=512 << 20)
    assert (refused.value.slug, bool(refused.value.hint)) == ("file-too-complex", True)


async def test_a_line_that_never_ends_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        await read(b"x" * 5_000_000, tmp_path)
    assert refused.value.slug == "file-too-complex"
    assert "100,000 characters" in refused.value.detail


TABLE = "name,n\n" + "abc,1\n" * 20


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xfe" + TABLE.encode(), id="UTF-16 LE before UTF-8"),
        pytest.param(b"\xfe\xff" + TABLE.encode(), id="UTF-16 BE before UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + TABLE.encode("utf-16-le"), id="UTF-8 before UTF-16 LE"),
        pytest.param(b"\xef\xbb\xbf" + TABLE.encode("utf-16-be"), id="UTF-8 before UTF-16 BE"),
    ],
)
def test_a_byte_order_mark_that_lies_is_not_believed(content: bytes) -> None:
    found = Imported(content)
    assert (found.names, found.rows) == (["name", "n"], [("abc", 1)] * 20)
    assert "byte order mark" in found.table.report["encoding"]["reason"]


def test_chinese_in_utf16_is_believed_though_its_bytes_could_be_ascii() -> None:
    found = Imported(b"\xff\xfe" + ("中,n\n" + "丮,1\n" * 20).encode("utf-16-le"))
    assert (found.names, found.rows[0]) == (["中", "n"], ("丮", 1))


def test_a_cut_within_a_quote_keeps_the_row_and_is_a_doubt() -> None:
    found = Imported(b"id,text\n" + b"1,abc\n" * 30 + b'2,"de')
    assert found.rows[-1] == (2, "de")
    assert any("cut off" in doubt for doubt in found.table.report["doubts"])


@pytest.mark.parametrize("last", ['2,"de"', '2,"d\ne"', '2,"a ""b"""', '2,5" screen', "2,x\n"])
def test_a_last_line_that_closes_its_quotes_is_no_doubt(last: str) -> None:
    found = Imported(("id,text\n" + "1,abc\n" * 30 + last).encode())
    assert not any("cut off" in doubt for doubt in found.table.report["doubts"])


def test_a_transport_file_of_sas_that_was_cut_is_refused() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.xpt"
        pyreadstat.write_xport(pd.DataFrame({"X": [float(n) for n in range(500)]}), str(path), table_name="T")
        whole = path.read_bytes()
    assert len(Imported(whole).rows) == 500
    refused = refusal(whole[: len(whole) // 2 - 7])
    assert (refused.slug, "cut off" in refused.hint) == ("file-damaged", True)


def test_lone_surrogates_cost_their_own_cell_or_line_in_no_format_more() -> None:
    lines = ['{"a": "\\ud800", "b": 1}', '{"a": "x", "b": 2}', '{"a": "y", "b": 3}']
    found = Imported("\n".join(lines).encode())
    assert (found.rows, found.table.report["rows"]["rejected"]) == ([("x", 2), ("y", 3)], 1)
    assert refusal(workbook([["a", "b"], ["&#xD800;", 1]])).slug == "file-damaged"
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": pa.array([b"\xed\xa0\x80", b"ok"], pa.binary()).view(pa.string())}), buffer)
    assert refusal(buffer.getvalue()).slug == "file-damaged"


def test_too_many_columns_are_refused_in_every_format() -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({f"c{n}": [1] for n in range(5001)}), buffer)
    objects = json.dumps({f"c{n}": n for n in range(20_000)}).encode()
    for content in (buffer.getvalue(), objects, b";" * 20_000 + b"\n" + b"1;" * 20_000 + b"\n"):
        assert refusal(content).slug == "file-too-complex"


def test_objects_nested_a_hundred_thousand_deep_are_no_row() -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    assert refusal(deep).slug == "file-damaged"
    found = Imported(b'{"a": 1}\n' + deep + b'\n{"a": 2}\n')
    assert (found.rows, found.table.report["rows"]["rejected"]) == ([(1,), (2,)], 1)
