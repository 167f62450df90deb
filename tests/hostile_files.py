"""Files that are broken, mislabelled or made to exhaust a reader, each written from its format's specification."""

import io
import random
import struct
import zipfile
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

_SECTOR = 512
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_SPACE = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_SPACE}/spreadsheetml/2006/main"'


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file (MS-CFB version 3) with these streams, each padded to at least 4096 bytes."""
    padded = {
        name: content.ljust(max(4096, -(-len(content) // _SECTOR) * _SECTOR), b"\0")
        for name, content in streams.items()
    }
    body = b""
    chain: list[int] = []
    starts: list[int] = []
    for content in padded.values():
        starts.append(len(chain))
        n = len(content) // _SECTOR
        chain += [*range(len(chain) + 1, len(chain) + n), _END]
        body += content
    entries = [_entry("Root Entry", 5, child=1, start=_END, size=0)]
    for number, (name, content) in enumerate(padded.items(), 1):
        right = number + 1 if number < len(padded) else _NONE
        entries.append(_entry(name, 2, right=right, start=starts[number - 1], size=len(content)))
    directory = b"".join(entries)
    directory = directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0")
    at = len(chain)
    n = len(directory) // _SECTOR
    chain += [*range(at + 1, at + n), _END]
    n_fat = next(k for k in range(1, 100) if k * 128 >= len(chain) + k)
    first_fat = len(chain)
    table = [*chain, *[_FAT] * n_fat]
    table += [_FREE] * (n_fat * 128 - len(table))
    fat = struct.pack(f"<{len(table)}I", *table)
    places = [*range(first_fat, first_fat + n_fat), *[_FREE] * (109 - n_fat)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, n_fat, at, 0, 4096, _END, 0, _END, 0, places[0]
    )
    header += struct.pack("<108I", *places[1:])
    return header + body + directory + fat


def _entry(name: str, kind: int, *, right: int = _NONE, child: int = _NONE, start: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16xI16xIQ", encoded, len(encoded), kind, 1, _NONE, right, child, 0, start, size
    )


def xls(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Return an old workbook (MS-XLS, BIFF8) with one sheet of labels and numbers."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))

    end = record(0x000A, b"")
    name = b"Answers"
    globals_bytes = len(begin(5)) + 4 + 8 + len(name) + len(end)
    sheet_at = struct.pack("<IBBBB", globals_bytes, 0, 0, len(name), 0) + name
    cells = b""
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, str):
                text = cell.encode("latin-1")
                cells += record(0x0204, struct.pack("<HHHHB", r, c, 0, len(text), 0) + text)
            else:
                cells += record(0x0203, struct.pack("<HHHd", r, c, 0, cell))
    book = begin(5) + record(0x0085, sheet_at) + end + begin(16) + cells + end
    return compound({"Workbook": book})


def encrypted_workbook() -> bytes:
    """Return what Office writes for a workbook with a password (MS-OFFCRYPTO 2.3.4.4): its streams, sealed."""
    sealed = random.Random(3).randbytes(8192)
    info = struct.pack("<HHI", 4, 4, 0x40) + b'<?xml version="1.0"?><encryption/>'
    return compound({"EncryptedPackage": struct.pack("<Q", len(sealed)) + sealed, "EncryptionInfo": info})


def xlsx(sheet: str, *, doctype: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    """Return a minimal workbook (ECMA-376 part 1) around the XML of a sheet's rows."""
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_SPACE}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_SPACE}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{_SPACE}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_SPACE}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{_SPACE}/officeDocument/2006/relationships/worksheet" Target="worksheets/s.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_SPACE}/officeDocument/2006/relationships">'
        '<sheets><sheet name="Answers" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/s.xml": f"{doctype}<worksheet {_MAIN}><sheetData>{sheet}</sheetData></worksheet>",
    }
    return archive({**{name: text.encode() for name, text in members.items()}, **(more or {})})


def archive(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file, compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return buffer.getvalue()


def row(*cells: str) -> str:
    """Return a sheet's row of inline strings."""
    inside = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row>{inside}</row>"


def lying_archive(content: bytes, member: str, n_bytes: int) -> bytes:
    """Return the ZIP file with a directory that says a member unfolds to `n_bytes` (APPNOTE 4.3.12, uncompressed size)."""
    at = content.rindex(member.encode()) - 46
    return content[: at + 24] + struct.pack("<I", n_bytes) + content[at + 28 :]


def docx(document: bytes) -> bytes:
    """Return a Word document with this body."""
    return archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": document})


BILLION_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


def parquet(n_rows: int = 5000) -> bytes:
    """Return a Parquet file of numbers and texts."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": list(range(n_rows)), "s": [f"t{n % 9}" for n in range(n_rows)]}), buffer)
    return buffer.getvalue()
