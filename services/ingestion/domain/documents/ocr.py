"""Text of pages that are pictures, read by the program Tesseract where it is installed; a process per page, with limits."""

import csv
import ctypes
import io
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from services.ingestion.domain.documents.model import Block, BlockKind, DocumentPage

if TYPE_CHECKING:
    from PIL.Image import Image

PROGRAM = "tesseract"
_PAGE_S = 120
_LIST_S = 30
_MOST_LANGUAGES = 4
# `osd` finds how a page is turned, `equ` formulas: neither reads a language.
_NO_LANGUAGES = frozenset({"osd", "equ", "snum"})
_PR_SET_PDEATHSIG = 1
_WORD_LEVEL = "5"


@dataclass(slots=True)
class OcrReader:
    """Tesseract with its languages and the time that it may still take."""

    program: str
    languages: str
    ends_at: float

    def read(self, picture: "Image", number: int, work: Path) -> DocumentPage | None:
        """Return a page read from a picture; None where that fails or no time is left."""
        left_s = self.ends_at - time.monotonic()
        if left_s <= 1:
            return None
        path = work / "page.png"
        picture.save(path)
        words = _run([self.program, str(path), "stdout", "-l", self.languages, "tsv"], min(_PAGE_S, left_s))
        return None if words is None else _page(words, number)


def find_reader(budget_s: float) -> OcrReader | None:
    """Return the reader of pictures, None where Tesseract or its languages are not installed."""
    program = shutil.which(PROGRAM)
    listed = _run([program, "--list-langs"], _LIST_S) if program else None
    if program is None or listed is None:
        return None
    # The first line is a title.
    names = [name for name in listed.split()[-100:] if name.isidentifier() and name not in _NO_LANGUAGES]
    installed = [name for name in listed.splitlines()[1:] if name in names]
    chosen = sorted(installed, key=lambda name: name != "eng")[:_MOST_LANGUAGES]
    return OcrReader(program, "+".join(chosen), time.monotonic() + budget_s) if chosen else None


def _run(command: list[str], timeout_s: float) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - the program that `which` found, without a shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=True,
            env={"PATH": "", "OMP_THREAD_LIMIT": "1"},
            preexec_fn=_die_with_parent,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout.decode("utf-8", "replace")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _page(table: str, number: int) -> DocumentPage:
    """A page of Tesseract's table of words, grouped by its blocks and paragraphs."""
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == _WORD_LEVEL and (row["text"] or "").strip()]
    confidences = [float(word["conf"]) for word in words]
    return DocumentPage(
        number,
        list(_blocks(words)),
        is_ocr=True,
        confidence=round(sum(confidences) / len(confidences), 1) if confidences else None,
    )


def _blocks(words: list[dict[str, str]]) -> Iterator[Block]:
    for _, paragraph in groupby(words, key=lambda word: (word["block_num"], word["par_num"])):
        lines = [
            " ".join(word["text"].strip() for word in line)
            for _, line in groupby(paragraph, key=lambda word: word["line_num"])
        ]
        yield Block(BlockKind.PARAGRAPH, " ".join(lines))
