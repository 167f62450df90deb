"""What a file is, judged by its bytes; the name and the declared content type are never believed.

Signatures: PKWARE APPNOTE 4.3.7 (ZIP), ISO 32000-1 §7.5.2 (PDF), MS-CFB §2.2 (old Office), RFC 1952 (gzip),
RFC 8878 (Zstandard), PNG, JPEG and GIF specifications, Apache Parquet and SPSS system file headers, SPSS portable files
(PSPP manual, "Portable file format"), Stata's `dta` versions 104 to 119, SAS Tech Support TS-140 (transport files).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

# Bytes a caller should show: enough for every signature and for the first entries of a ZIP directory.
HEAD_BYTES = 8192


class Format(StrEnum):
    """The formats that are told apart."""

    EMPTY = "empty"
    TEXT = "text"
    JSON = "json"
    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    DOCX = "docx"
    PPTX = "pptx"
    ZIP = "zip"
    OLE = "ole"
    PDF = "pdf"
    RTF = "rtf"
    SAV = "sav"
    POR = "por"
    DTA = "dta"
    SAS7BDAT = "sas7bdat"
    XPT = "xpt"
    PARQUET = "parquet"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    SEVEN_ZIP = "7z"
    RAR = "rar"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    SQLITE = "sqlite"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Signature:
    """A file's format and what people call it."""

    format: Format
    name: str

    @property
    def is_document(self) -> bool:
        """True when the file holds prose to read, not a table."""
        return self.format in {Format.PDF, Format.DOCX, Format.RTF, Format.PPTX}


NAMES: dict[Format, str] = {
    Format.EMPTY: "an empty file",
    Format.TEXT: "text",
    Format.JSON: "JSON (lines, or a list of objects)",
    Format.XLSX: "an Excel workbook (.xlsx)",
    Format.XLSB: "a binary Excel workbook (.xlsb)",
    Format.ODS: "an OpenDocument spreadsheet (.ods)",
    Format.DOCX: "a Word document (.docx)",
    Format.PPTX: "a PowerPoint presentation (.pptx)",
    Format.ZIP: "a ZIP archive",
    Format.OLE: "an old Microsoft Office file (.xls, .doc) or an encrypted Office file",
    Format.PDF: "a PDF document",
    Format.RTF: "a document in Rich Text Format (.rtf)",
    Format.SAV: "an SPSS file (.sav)",
    Format.POR: "a portable SPSS file (.por)",
    Format.DTA: "a Stata file (.dta)",
    Format.SAS7BDAT: "a SAS table (.sas7bdat)",
    Format.XPT: "a SAS transport file (.xpt)",
    Format.PARQUET: "a Parquet file",
    Format.GZIP: "a gzip archive",
    Format.BZIP2: "a bzip2 archive",
    Format.XZ: "an xz archive",
    Format.ZSTD: "a Zstandard archive",
    Format.SEVEN_ZIP: "a 7z archive",
    Format.RAR: "a RAR archive",
    Format.PNG: "a PNG picture",
    Format.JPEG: "a JPEG picture",
    Format.GIF: "a GIF picture",
    Format.SQLITE: "an SQLite database",
    Format.BINARY: "binary data",
}

# An object at the beginning, or a list that begins with one.
_JSON_TABLE = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\})')
_SAS_MAGIC = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"%PDF-", Format.PDF),
    (b"{\\rtf", Format.RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLE),
    (b"$FL2", Format.SAV),
    (b"$FL3", Format.SAV),
    (b"<stata_dta>", Format.DTA),
    (_SAS_MAGIC, Format.SAS7BDAT),
    (b"HEADER RECORD*******LIB", Format.XPT),
    (b"PAR1", Format.PARQUET),
    (b"\x1f\x8b", Format.GZIP),
    (b"BZh", Format.BZIP2),
    (b"\xfd7zXZ\x00", Format.XZ),
    (b"\x28\xb5\x2f\xfd", Format.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Format.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Format.RAR),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"SQLite format 3\x00", Format.SQLITE),
)
# Names of archive members that tell which Office format a ZIP file is.
_ZIP_MEMBERS: tuple[tuple[bytes, Format], ...] = (
    (b"opendocument.spreadsheet", Format.ODS),
    (b"xl/workbook.bin", Format.XLSB),
    (b"xl/", Format.XLSX),
    (b"word/", Format.DOCX),
    (b"ppt/", Format.PPTX),
)
_WORDS_NO_TABLE_BEGINS_WITH = frozenset({b"%PDF-", b"{\\rtf", b"<stata_dta>", b"HEADER RECORD*******LIB"})
_PORTABLE, _PORTABLE_WITHIN = b"SPSS PORT FILE", 464
_UNICODE_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Control characters that no table of text contains: all of C0 but tab, line feed, vertical tab, form feed,
# carriage return, Ctrl-Z (DOS end of file) and escape.
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27})
# A text may carry a few stray control characters; above this share of the bytes it is no text.
_MAX_CONTROL_RATIO = 0.005
_MAX_STRAY_CONTROLS = 4
_MIN_BYTES_TO_TELL_UTF16 = 8


def judge(head: bytes) -> Signature:
    """Return what a file is by its first bytes (`HEAD_BYTES` of them suffice)."""
    found = _format_of(head)
    return Signature(found, NAMES[found])


def _format_of(head: bytes) -> Format:
    if not head:
        return Format.EMPTY
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(head)
    for magic, found in _MAGIC:
        # A text may begin with "BZh…" or "PAR1": short printable signatures count only beside non-text bytes.
        if head.startswith(magic) and (
            not magic.isascii() or magic in _WORDS_NO_TABLE_BEGINS_WITH or not _looks_like_text(head)
        ):
            return found
    return _by_shape(head)


def _by_shape(head: bytes) -> Format:
    """What has no signature at its very beginning: old portable files, text, JSON, or bytes that mean nothing to us."""
    if _PORTABLE in head[:_PORTABLE_WITHIN]:
        return Format.POR
    if _is_old_stata(head):
        return Format.DTA
    if not _looks_like_text(head):
        return Format.BINARY
    return Format.JSON if _JSON_TABLE.match(head) else Format.TEXT


def _is_old_stata(head: bytes) -> bool:
    """Versions 104 to 115: release, byte order, file type 1, and a byte that is always zero."""
    return len(head) > 4 and 104 <= head[0] <= 115 and head[1] in {1, 2} and head[2:4] == b"\x01\x00"  # noqa: PLR2004 - the header's own numbers


def _zip_format(head: bytes) -> Format:
    for member, found in _ZIP_MEMBERS:
        if member in head:
            return found
    # Office writes [Content_Types].xml first and may be compressed past our view: a workbook is the likeliest.
    return Format.XLSX if b"[Content_Types].xml" in head else Format.ZIP


def _looks_like_text(head: bytes) -> bool:
    if head.startswith(_UNICODE_MARKS) or utf16_order(head):
        return True
    if b"\x00" in head:
        return False
    n_controls = len(head) - len(head.translate(None, _CONTROLS))
    return n_controls <= max(_MAX_STRAY_CONTROLS, len(head) * _MAX_CONTROL_RATIO)


def utf16_order(head: bytes) -> str | None:
    """Return `utf-16-le` or `utf-16-be` when the bytes look like UTF-16 without a byte order mark, else None.

    In text of any European language nearly every second byte is zero; elsewhere zeros are rare.
    """
    sample = head[: len(head) // 2 * 2]
    if len(sample) < _MIN_BYTES_TO_TELL_UTF16:
        return None
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    printable_low, printable_high = (len(s.translate(None, _CONTROLS)) for s in (sample[0::2], sample[1::2]))
    if odd > half * 0.7 and even < half * 0.05 and printable_low > half * 0.95:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.05 and printable_high > half * 0.95:
        return "utf-16-be"
    return None
