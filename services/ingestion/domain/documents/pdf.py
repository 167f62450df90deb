"""PDF documents (ISO 32000) through PDFium: the text of each page with the place of its lines; which pages are pictures.

PDFium gives text in the order in which the page draws it, which for what people print is the reading order. Where a word
is divided at the end of a line it puts U+FFFE for the hyphen and the line end; `mending` decides what stood there.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.refusals import DAMAGED, PROTECTED, TOO_COMPLEX, FileRefused

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

MAX_PAGES = 20_000
MAX_PAGE_CHARACTERS = 500_000
_OCR_DPI, _POINTS_PER_INCH = 300, 72
_MAX_PIXELS = 16_000_000
_SMALLEST_SIDE = 1.0
# FPDF_GetLastError (fpdfview.h) as pypdfium2 words it.
_PASSWORD_WORDS = ("password", "security")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its place in points from the lower left corner, and the size of its first letter."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float


@dataclass(slots=True)
class RawPage:
    """A page as PDFium gives it, its height in points; `is_picture` where it shows something and has no text."""

    number: int
    lines: list[Line] = field(default_factory=list)
    height: float = 0.0
    is_picture: bool = False
    is_cut: bool = False


def open_pdf(source: Path) -> "PdfDocument":
    """Return an opened PDF; raises FileRefused where it needs a password, is broken, or has too many pages."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(source)
        n_pages = len(document)
    except (pypdfium2.PdfiumError, OSError) as error:
        raise _refused(str(error)) from error
    if n_pages == 0:
        raise FileRefused(DAMAGED, "The PDF has no page.", "Save it again from the program it comes from.")
    if n_pages > MAX_PAGES:
        detail = f"The PDF has {n_pages} pages; at most {MAX_PAGES} can be read."
        raise FileRefused(TOO_COMPLEX, detail, "Split it into several documents and upload each.")
    return document


def _refused(words: str) -> FileRefused:
    if any(word in words.lower() for word in _PASSWORD_WORDS):
        return FileRefused(
            PROTECTED,
            "The PDF opens only with a password.",
            "Open it with the password, save or print it as a PDF without one, and upload that.",
        )
    return FileRefused(
        DAMAGED,
        f"The PDF cannot be opened ({words.strip().rstrip('.')}): it is cut off or broken inside.",
        "Download or export it again; a PDF that a reader can open can be printed as a new PDF.",
    )


def read_pages(document: "PdfDocument") -> Iterator[RawPage]:
    """Yield all pages in order; one that is broken inside is empty."""
    import pypdfium2

    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            yield RawPage(index + 1)
            continue
        with closing(page):
            yield _read_page(page, index + 1)


def _read_page(page: "PdfPage", number: int) -> RawPage:
    import pypdfium2

    try:
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        return RawPage(number)
    with closing(text):
        n_characters = text.count_chars()
        # A page of so many letters is none that anybody reads; its beginning is kept.
        lines = list(_lines(text, min(n_characters, MAX_PAGE_CHARACTERS)))
    is_picture = not lines and next(page.get_objects(max_depth=2), None) is not None
    return RawPage(number, lines, page.get_height(), is_picture, n_characters > MAX_PAGE_CHARACTERS)


def _lines(text: Any, n_characters: int) -> Iterator[Line]:
    """The lines of a page; one that goes on in the next by a divided word is whole already."""
    if n_characters <= 0:
        return
    import pypdfium2.raw as pdfium

    at = 0
    for piece in _decoded(text, n_characters):
        letters = [i for i, letter in enumerate(piece) if not letter.isspace()]
        if letters:
            boxes = [text.get_charbox(at + letters[k]) for k in (0, -1)]
            size = pdfium.FPDFText_GetFontSize(text, at + letters[0])
            left, bottom, _, top = boxes[0]
            yield Line(
                piece.strip(), left, min(bottom, boxes[1][1]), boxes[1][2], max(top, boxes[1][3]), size
            )
        at += len(piece)


def _decoded(text: Any, n_characters: int) -> Iterator[str]:
    """The page's lines with their ends, one element per character as PDFium counts, so that places can be asked for."""
    whole = text.get_text_range(0, n_characters)
    if len(whole) != n_characters:
        import pypdfium2.raw as pdfium

        whole = "".join(chr(pdfium.FPDFText_GetUnicode(text, i)) for i in range(n_characters))
    # Only at line feeds: other marks that `splitlines` knows may be letters of a broken font.
    return (f"{line}\n" for line in whole.replace("\x00", " ").split("\n"))


def render(document: "PdfDocument", number: int) -> "Image":
    """Return a page as a grey picture of 300 dots per inch, of fewer where the page is huge."""
    with closing(document[number - 1]) as page:
        width, height = (max(side, _SMALLEST_SIDE) for side in page.get_size())
        scale = min(_OCR_DPI / _POINTS_PER_INCH, sqrt(_MAX_PIXELS / (width * height)))
        with closing(page.render(scale=scale, grayscale=True)) as bitmap:
            picture: Image = bitmap.to_pil().copy()
            return picture
