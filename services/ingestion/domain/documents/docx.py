"""Word documents (ECMA-376 part 1, WordprocessingML) as blocks in document order.

python-docx opens the package; its paragraphs leave out content controls, tracked insertions and text boxes, so the
tree is walked here. Deleted text is left out; a text box follows the paragraph that it is anchored in; each note
stands at the end.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ingestion.domain.documents.model import (
    Block,
    BlockKind,
    Document,
    DocumentPage,
    Rows,
    portions,
    table_block,
)
from services.ingestion.domain.limited_child import Report
from services.ingestion.domain.refusals import DAMAGED, TOO_COMPLEX, FileRefused

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BOX = f"{W}txbxContent"
MAX_UNPACKED_BYTES = 512 << 20
MAX_XML_BYTES = 96 << 20
MAX_MEMBERS = 20_000
_BLOCKS_PER_PORTION = 100
_DEEPEST = 100
_TITLE_LEVEL, _LOWEST_LEVEL = 1, 9
_REPORT_EVERY = 200
# What stands for a character inside a run.
_CHARACTERS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "\u2011"}
_LEFT_OUT = frozenset({f"{W}del", f"{W}moveFrom", _FALLBACK, _BOX, f"{W}instrText", f"{W}delText"})
_NOTE_PARTS = ("footnotes", "endnotes")


def read_docx(source: Path, report: Report) -> Document:
    """Return a Word document; raises FileRefused where it cannot be opened or would unfold too far."""
    _refuse_bomb(source)
    opened = _open(source)
    styles = _styles(opened)
    body = opened.element.body
    walker = _Walker(styles, report, n_total=len(body))
    walker.walk(body)
    pages, how = _paged(walker)
    notes = [note for name in _NOTE_PARTS for note in _notes(opened, name)]
    edges = list(_edges(opened))
    if pages:
        pages[-1].blocks.extend(notes)
        pages[0].blocks[:0] = [block for block in edges if block.repeated == "header"]
        pages[-1].blocks.extend(block for block in edges if block.repeated == "footer")
    return Document(pages, how={**how, "footnotes": len(notes)})


def _refuse_bomb(source: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _damaged(error) from error
    n_bytes = sum(member.file_size for member in members)
    n_xml = sum(m.file_size for m in members if m.filename.lower().endswith((".xml", ".rels")))
    if n_bytes > MAX_UNPACKED_BYTES or n_xml > MAX_XML_BYTES or len(members) > MAX_MEMBERS:
        raise FileRefused(
            TOO_COMPLEX,
            f"The document unfolds to {n_bytes >> 20} MiB ({n_xml >> 20} MiB of text and marks, {len(members)} parts); at "
            f"most {MAX_UNPACKED_BYTES >> 20} MiB, {MAX_XML_BYTES >> 20} MiB and {MAX_MEMBERS} parts can be read.",
            "Split the document, or save it as PDF.",
        )


def _damaged(error: Exception) -> FileRefused:
    return FileRefused(
        DAMAGED,
        f"The Word document cannot be opened: {' '.join(str(error).split())[:300]}.",
        "Open it in Word, save it again as .docx, and upload the copy.",
    )


def _open(source: Path) -> Any:
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        opened = docx.Document(str(source))
        _ = opened.element.body.tag
    except (OpcError, LxmlError, KeyError, ValueError, AttributeError, OSError, zipfile.BadZipFile) as error:
        raise _damaged(error) from error
    return opened


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph style says: heading level, whether it is a list's."""

    level: int | None
    is_list: bool


def _styles(opened: Any) -> dict[str, _Style]:
    try:
        elements = {style.style_id: style.element for style in opened.styles}
    except (KeyError, AttributeError, ValueError):
        return {}
    return {style_id: _style(style_id, elements) for style_id in elements}


def _style(style_id: str, elements: dict[str, Any]) -> _Style:
    level: int | None = None
    is_list = False
    seen: set[str] = set()
    while style_id in elements and style_id not in seen and level is None:
        seen.add(style_id)
        element = elements[style_id]
        name = str(_value(element.find(f"{W}name")) or "").lower()
        level = _level_by_name(name)
        if level is None:
            level = _outline_level(element)
        is_list = is_list or name.startswith("list ") or element.find(f"{W}pPr/{W}numPr") is not None
        style_id = str(_value(element.find(f"{W}basedOn")) or "")
    return _Style(level, is_list and level is None)


def _level_by_name(name: str) -> int | None:
    if name == "title":
        return _TITLE_LEVEL
    number = name.removeprefix("heading ")
    return int(number) if name != number and number.isdecimal() and int(number) <= _LOWEST_LEVEL else None


def _outline_level(element: Any) -> int | None:
    value = _value(element.find(f"{W}pPr/{W}outlineLvl"))
    return int(value) + 1 if value and value.isdecimal() and int(value) < _LOWEST_LEVEL else None


def _value(element: Any) -> str | None:
    return None if element is None else element.get(f"{W}val")


class _Walker:
    """Goes through the tree of a part and gathers its blocks; page breaks begin another page."""

    def __init__(self, styles: dict[str, _Style], report: Report, n_total: int) -> None:
        self._styles = styles
        self._report = report
        self._n_total = n_total
        self.pages: list[list[Block]] = [[]]

    def walk(self, element: Any, depth: int = 0) -> None:
        """Add the blocks below an element."""
        if depth > _DEEPEST:
            detail = f"The document nests its parts more than {_DEEPEST} deep."
            raise FileRefused(TOO_COMPLEX, detail, "Save it as PDF and upload that.")
        for n, child in enumerate(element):
            if depth == 0 and n % _REPORT_EVERY == 0:
                self._report("reading paragraphs", n, self._n_total)
            if child.tag == f"{W}p":
                self._paragraph(child, depth)
            elif child.tag == f"{W}tbl":
                self._table(child, depth)
            elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
                self.walk(child, depth + 1)

    def _paragraph(self, element: Any, depth: int) -> None:
        text, n_breaks_before = _text_and_breaks(element)
        # Word notes where it broke a page beside the break that the author set: an empty page is no page.
        if n_breaks_before and self.pages[-1]:
            self.pages.append([])
        if text.strip():
            self.pages[-1].append(self._block(element, text.strip("\n").rstrip()))
        self._boxes(element, depth)

    def _boxes(self, element: Any, depth: int) -> None:
        for box in element.iter(_BOX):
            # What is drawn twice, for old programs too, counts once; a box in a box is met in its turn.
            if next(box.iterancestors(_FALLBACK, _BOX), element) in {element, *element.iterancestors(_BOX)}:
                self.walk(box, depth + 1)

    def _block(self, element: Any, text: str) -> Block:
        style = self._styles.get(
            str(_value(element.find(f"{W}pPr/{W}pStyle")) or ""), _Style(None, is_list=False)
        )
        level = _outline_level(element) or style.level
        if level is not None:
            return Block(BlockKind.HEADING, text, level=level)
        numbering = element.find(f"{W}pPr/{W}numPr")
        if numbering is not None or style.is_list:
            depth = None if numbering is None else _value(numbering.find(f"{W}ilvl"))
            return Block(BlockKind.LIST, text, level=int(depth) + 1 if depth and depth.isdecimal() else 1)
        return Block(BlockKind.PARAGRAPH, text)

    def _table(self, element: Any, depth: int) -> None:
        rows = _rows(element, depth)
        if any(any(row) for row in rows):
            self.pages[-1].append(table_block(rows))
        self._boxes(element, depth)


def _rows(table: Any, depth: int) -> Rows:
    """The cells of a table; a cell over several columns stands in the first of them, one over rows in the first row."""
    if depth > _DEEPEST:
        raise FileRefused(TOO_COMPLEX, f"Tables lie more than {_DEEPEST} deep.", "Save it as PDF.")
    rows: Rows = []
    for row in _near(table, f"{W}tr"):
        cells: list[str] = []
        for cell in _near(row, f"{W}tc"):
            cells.append(_cell_text(cell, depth + 1))
            span = _value(cell.find(f"{W}tcPr/{W}gridSpan"))
            width = min(int(span), 1000) if span and span.isdecimal() else 1
            cells.extend([""] * (width - 1))
        rows.append(cells)
    return [row for row in rows if row]


def _near(element: Any, tag: str) -> Iterator[Any]:
    """The children with a tag, also those that content controls or tracked changes wrap."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"}:
            yield from _near(child, tag)


def _cell_text(cell: Any, depth: int) -> str:
    parts = [
        _text_and_breaks(child)[0].strip()
        for child in cell.iter(f"{W}p")
        if next(child.iterancestors(f"{W}tc", _BOX), None) is cell
    ]
    for nested in _near(cell, f"{W}tbl"):
        parts.extend("\t".join(row) for row in _rows(nested, depth + 1))
    return "\n".join(part for part in parts if part)


def _text_and_breaks(paragraph: Any) -> tuple[str, int]:
    """The paragraph's text, and how many pages begin in or before it: explicit breaks, and those that Word noted."""
    pieces: list[str] = []
    n_breaks = 0
    for element in _inside(paragraph):
        if element.tag == f"{W}t":
            pieces.append(element.text or "")
        elif element.tag == f"{W}lastRenderedPageBreak" or (
            element.tag == f"{W}br" and element.get(f"{W}type") == "page"
        ):
            n_breaks += 1
        elif element.tag == f"{W}sym":
            pieces.append(_symbol(element))
        else:
            pieces.append(_CHARACTERS.get(element.tag, ""))
    return "".join(pieces), n_breaks


def _inside(element: Any) -> Iterator[Any]:
    # With a stack of its own: depth is what a hostile document has most of.
    stack = list(reversed(element))
    while stack:
        found = stack.pop()
        if found.tag in _LEFT_OUT or not isinstance(found.tag, str):
            continue
        # Tab stops of the paragraph's format are no characters.
        if found.tag == f"{W}pPr":
            continue
        yield found
        stack.extend(reversed(found))


def _symbol(element: Any) -> str:
    code = element.get(f"{W}char") or ""
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def _paged(walker: _Walker) -> tuple[list[DocumentPage], dict[str, Any]]:
    filled = [blocks for blocks in walker.pages if blocks]
    if len(walker.pages) > 1:
        pages = [DocumentPage(number, blocks) for number, blocks in enumerate(walker.pages, 1)]
        return pages, {"pages_are": "as the document's page breaks say"}
    blocks = filled[0] if filled else []
    pages = list(portions(blocks, size=_BLOCKS_PER_PORTION))
    return pages, {"pages_are": f"portions of {_BLOCKS_PER_PORTION} blocks; the document has no page breaks"}


def _notes(opened: Any, name: str) -> Iterator[Block]:
    from docx.oxml import parse_xml
    from lxml.etree import LxmlError

    for relation in opened.part.rels.values():
        if relation.is_external or not relation.reltype.endswith(f"/{name}"):
            continue
        try:
            notes = parse_xml(relation.target_part.blob)
        except LxmlError:
            continue
        for note in notes:
            if note.get(f"{W}type") in {None, "normal"}:
                lines = (_text_and_breaks(paragraph)[0].strip() for paragraph in note.iter(f"{W}p"))
                if text := "\n".join(line for line in lines if line):
                    yield Block(BlockKind.FOOTNOTE, text)


def _edges(opened: Any) -> Iterator[Block]:
    """Headers and footers of all sections, each once."""
    seen: set[tuple[str, str]] = set()
    for relation in opened.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if relation.is_external or kind not in {"header", "footer"}:
            continue
        inner = _Walker({}, lambda *_: None, 0)
        inner.walk(relation.target_part.element)
        for block in (block for page in inner.pages for block in page):
            if (kind, block.text) not in seen:
                seen.add((kind, block.text))
                block.repeated = kind
                yield block
