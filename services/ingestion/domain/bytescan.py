"""One look at every byte of a text: how its lines end, which blanks it holds, what no table of text contains.

Most text is ASCII with one kind of line end, and a search for a byte costs a tenth of what counting it does; so whatever only
has to be there or not is searched for, and not at all once it was seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.ingestion.domain.refusals import NOT_TEXT, FileRefused

# Blanks that people put around cells; DuckDB's own trim knows only the space.
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\ufeff"
_NOT_LINE_ENDS = bytes(set(range(256)) - set(b"\r\n"))


@dataclass(frozen=True, slots=True)
class LineEndings:
    """Which line ends, blanks and troublesome characters a text has."""

    has_crlf: bool
    has_lf: bool
    has_cr: bool
    blanks: str
    """The kinds of blanks that occur: only these can stand around a cell."""
    has_apostrophe: bool
    has_giant_line: bool

    @property
    def uniform(self) -> bool:
        """True where DuckDB's reader gets all lines; one longer than its buffer it leaves out without a word."""
        return not self.has_cr and not (self.has_crlf and self.has_lf) and not self.has_giant_line

    @property
    def name(self) -> str:
        """The line ends in words."""
        named = (("CRLF", self.has_crlf), ("LF", self.has_lf), ("CR", self.has_cr))
        return " and ".join(name for name, is_there in named if is_there) or "none"


def line_endings(chunks: Iterable[bytes], chunk_bytes: int) -> LineEndings:
    """Return what the chunks of a text hold, all but the last `chunk_bytes` long; raises FileRefused at a NUL character."""
    ends = _LineEnds()
    blanks = _Blanks()
    has_apostrophe = has_giant_line = False
    offset = 0
    for chunk in chunks:
        if b"\x00" in chunk:
            raise FileRefused(
                NOT_TEXT,
                f"There is a NUL character at byte {offset + chunk.index(0)}; tables of text contain none.",
                "The file is damaged or is no CSV. Export it again from the program it comes from.",
            )
        offset += len(chunk)
        ends.look_at(chunk)
        blanks.look_at(chunk)
        has_apostrophe = has_apostrophe or b"'" in chunk
        has_giant_line = has_giant_line or (len(chunk) == chunk_bytes and b"\n" not in chunk)
    has_cr = ends.has_cr or ends.ends_with_cr
    return LineEndings(ends.has_crlf, ends.has_lf, has_cr, blanks.seen, has_apostrophe, has_giant_line)


class _LineEnds:
    """The kinds of line ends in the chunks seen so far."""

    def __init__(self) -> None:
        self.has_crlf = self.has_lf = self.has_cr = self.ends_with_cr = False

    def look_at(self, chunk: bytes) -> None:
        # A pair may be torn apart between two chunks: the last byte waits for the next chunk.
        if b"\r" not in chunk and not self.ends_with_cr:
            self.has_lf = self.has_lf or b"\n" in chunk
            return
        ends = chunk.translate(None, _NOT_LINE_ENDS) if chunk else b""
        # Between two ends there may have been anything: pairs are counted where they stand.
        n_pairs = chunk.count(b"\r\n")
        n_cr, n_lf = ends.count(b"\r"), ends.count(b"\n")
        if self.ends_with_cr:
            if chunk.startswith(b"\n"):
                self.has_crlf = True
                n_lf -= 1
            else:
                self.has_cr = True
        self.ends_with_cr = chunk.endswith(b"\r")
        self.has_crlf = self.has_crlf or n_pairs > 0
        self.has_lf = self.has_lf or n_lf > n_pairs
        self.has_cr = self.has_cr or n_cr - self.ends_with_cr > n_pairs


class _Blanks:
    """The kinds of blanks in the chunks seen so far."""

    def __init__(self) -> None:
        self._missing = {blank: blank.encode() for blank in BLANKS}
        self._tail = b""

    @property
    def seen(self) -> str:
        return "".join(sorted(set(BLANKS) - set(self._missing)))

    def look_at(self, chunk: bytes) -> None:
        is_ascii = chunk.isascii()
        # Most chunks of most files are ASCII, where a look for each of the other blanks would be the dearest part.
        piece = chunk if is_ascii else self._tail + chunk
        self._missing = {
            blank: code
            for blank, code in self._missing.items()
            if (is_ascii and len(code) > 1) or code not in piece
        }
        self._tail = (self._tail + chunk[-2:])[-2:]
