"""Plain text, Markdown (CommonMark with tables) and RTF as blocks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.documents.model import Block, BlockKind, Document, portions, table_block
from services.ingestion.domain.documents.writing import MAX_CHARACTERS
from services.ingestion.domain.encodings import Encoding, decode_chunks, detect_encoding
from services.ingestion.domain.limited_child import Report
from services.ingestion.domain.refusals import DAMAGED, NOT_TEXT, TOO_COMPLEX, FileRefused

if TYPE_CHECKING:
    from markdown_it.token import Token

BLOCKS_PER_PORTION = 100
_CHUNK_BYTES = 1 << 20
_MAX_MARKDOWN_CHARACTERS = 5_000_000
_MAX_RTF_BYTES = 32 << 20
_MAX_UNDECODABLE_RATIO = 0.01
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_MARKDOWN = re.compile(r"^(?:#{1,6} \S.*$|```|\|?[ \t]*:?-{3,}:?[ \t]*\|)", re.MULTILINE)


def read_text(source: Path, report: Report) -> Document:
    """Return a text file as a document: Markdown where it has its headings, tables or fences, else paragraphs."""
    encoding = detect_encoding(_chunks(source, report))
    text = "".join(decode_chunks(_chunks(source), encoding))
    _refuse_unreadable(text, encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    is_markdown = len(text) <= _MAX_MARKDOWN_CHARACTERS and _MARKDOWN.search(text) is not None
    how = {
        "encoding": {
            "name": encoding.name,
            "reason": encoding.reason,
            "alternatives": list(encoding.alternatives),
            "byte_order_mark": encoding.mark_bytes > 0,
        },
        "markup": "markdown" if is_markdown else "none",
    }
    return _in_portions(list(_markdown(text) if is_markdown else _paragraphs(text)), how)


def read_rtf(source: Path, report: Report) -> Document:
    """Return a document in Rich Text Format; raises FileRefused."""
    from striprtf.striprtf import rtf_to_text

    size = source.stat().st_size
    if size > _MAX_RTF_BYTES:
        detail = f"The RTF document has {size >> 20} MiB; at most {_MAX_RTF_BYTES >> 20} MiB can be read."
        raise FileRefused(TOO_COMPLEX, detail, "Save it as DOCX or PDF; pictures make RTF large.")
    report("reading", 0, size)
    try:
        text = rtf_to_text(source.read_bytes().decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call] # it has no types
    except (ValueError, LookupError, IndexError, RecursionError) as error:
        detail = f"The RTF document cannot be read through: {error}."
        raise FileRefused(DAMAGED, detail, "Save it again, as DOCX or PDF.") from error
    # The library ends each cell with a bar and each paragraph with one line end.
    return _in_portions([Block(BlockKind.PARAGRAPH, line) for line in _lines(text)], {"markup": "rtf"})


def _lines(text: str) -> Iterator[str]:
    return (stripped for line in text.split("\n") if (stripped := line.strip()))


def _in_portions(blocks: list[Block], how: dict[str, Any]) -> Document:
    pages = list(portions(blocks, size=BLOCKS_PER_PORTION))
    return Document(pages, how={**how, "pages_are": f"portions of {BLOCKS_PER_PORTION} blocks"})


def _chunks(source: Path, report: Report | None = None) -> Iterator[bytes]:
    total, done = source.stat().st_size, 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            done += len(chunk)
            if done > MAX_CHARACTERS * 4:
                detail = f"The text has more than {MAX_CHARACTERS * 4 >> 20} MiB."
                raise FileRefused(TOO_COMPLEX, detail, "Split it into several documents and upload each.")
            if report:
                report("reading", done, total)
            yield chunk


def _refuse_unreadable(text: str, encoding: Encoding) -> None:
    n_bad = text.count("\x00") + (0 if encoding.is_exact else text.count("\ufffd"))
    if "\x00" in text or n_bad > len(text) * _MAX_UNDECODABLE_RATIO:
        raise FileRefused(
            NOT_TEXT,
            f"{n_bad} of {len(text)} characters cannot be read as {encoding.name}.",
            "Save the text in UTF-8, or as DOCX or PDF, and upload it again.",
        )


def _paragraphs(text: str) -> Iterator[Block]:
    for part in _PARAGRAPHS.split(text.replace("\f", "\n\n")):
        if stripped := part.strip("\n").rstrip():
            yield Block(BlockKind.PARAGRAPH, stripped)


def _markdown(text: str) -> Iterator[Block]:
    from markdown_it import MarkdownIt

    depth = 0
    level: int | None = None
    tokens = iter(MarkdownIt("commonmark").enable("table").parse(text))
    for token in tokens:
        if token.type.endswith("list_open"):
            depth += 1
        elif token.type.endswith("list_close"):
            depth -= 1
        elif token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "table_open":
            yield _markdown_table(tokens)
        elif block := _markdown_block(token, level, depth):
            level = None
            yield block


def _markdown_block(token: "Token", level: int | None, depth: int) -> Block | None:
    content = token.content.rstrip("\n")
    if token.type not in {"inline", "fence", "code_block", "html_block"} or not content.strip():
        return None
    if level is not None:
        return Block(BlockKind.HEADING, content, level=level)
    if depth:
        return Block(BlockKind.LIST, content, level=depth)
    return Block(BlockKind.PARAGRAPH, content)


def _markdown_table(tokens: Iterator["Token"]) -> Block:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(token.content)
    return table_block(rows)
