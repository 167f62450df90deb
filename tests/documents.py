"""Documents as their programs write them, for tests: PDF by fpdf2 and Pillow, DOCX by python-docx."""

import io
from collections.abc import Sequence
from typing import Any

TABLE = (
    ("Region", "Cases", "Share"),
    ("North", "120", "40 %"),
    ("South", "90", "30 %"),
    ("East", "90", "30 %"),
)
SENTENCES = (
    "The efficient office asked first what respondents find difficult about offers.",
    "Most of them had been interviewed before; few had refused.",
    "Answers in Zürich and São Paulo differ by less than the margin of error.",
)


def pdf(pages: Sequence[Sequence[str]], *, table_on: int | None = None, **options: Any) -> bytes:
    """A PDF: per page a heading and paragraphs, the page's number below; on one page a ruled table."""
    from fpdf import FPDF

    class Numbered(FPDF):
        def header(self) -> None:
            self.set_font("helvetica", size=8)
            self.cell(0, 6, "Topline study 2026", new_x="LMARGIN", new_y="NEXT")

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("helvetica", size=8)
            self.cell(0, 10, f"Page {self.page_no()}")

    made = Numbered(**options.get("fpdf", {}))
    if "user_password" in options:
        made.set_encryption(owner_password="owner", user_password=options["user_password"])
    for number, (heading, *paragraphs) in enumerate(pages, 1):
        made.add_page()
        made.set_font("helvetica", size=18)
        made.cell(0, 12, heading, new_x="LMARGIN", new_y="NEXT")
        made.set_font("helvetica", size=11)
        for paragraph in paragraphs:
            made.multi_cell(0, 6, paragraph, align="L")
            made.ln(6)
        if number == table_on:
            _ruled_table(made)
    return bytes(made.output())


def _ruled_table(made: Any) -> None:
    with made.table() as table:
        for cells in TABLE:
            row = table.row()
            for cell in cells:
                row.cell(cell)


def scanned_pdf(pages: Sequence[str | None]) -> bytes:
    """A PDF of pictures of text, as from a scanner; None is a page with text of its own."""
    from fpdf import FPDF
    from PIL import Image, ImageDraw, ImageFont

    made = FPDF()
    for text in pages:
        made.add_page()
        if text is None:
            made.set_font("helvetica", size=12)
            made.cell(0, 10, "This page has text of its own.")
            continue
        picture = Image.new("L", (1654, 2339), 255)
        ImageDraw.Draw(picture).text((150, 200), text, fill=0, font=ImageFont.load_default(size=48))
        made.image(picture, 0, 0, 210, 297)
    return bytes(made.output())


def docx(*, paragraphs: Sequence[str] = SENTENCES) -> bytes:
    """A Word document with headings, a list, a table and paragraphs."""
    import docx as library

    document = library.Document()
    document.add_heading("Findings", level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.add_heading("By region", level=2)
    table = document.add_table(rows=0, cols=3)
    for cells in TABLE:
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            cell.text = text
    document.add_paragraph("Call again", style="List Bullet")
    document.add_paragraph("The end.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
