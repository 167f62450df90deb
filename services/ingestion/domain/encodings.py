"""In which encoding a file's text is written, found from all of its bytes.

Order of evidence: a byte order mark; bytes that are valid UTF-8 throughout (RFC 3629: other encodings hardly ever
are by accident); chardet's statistics; at last Windows-1252, in which most spreadsheets of Western Europe and
America without a mark are written.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.ingestion.domain.signatures import HEAD_BYTES, utf16_order

# The longest marks first: UTF-32 LE begins with the mark of UTF-16 LE.
MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LAST_RESORT = "cp1252"
# Bytes 80–9F are control characters in ISO 8859 and letters in the Windows code pages of the same languages.
_WINDOWS_OF_ISO = {
    "iso8859-1": "cp1252",
    "iso8859-2": "cp1250",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
    "iso8859-16": "cp1250",
}
_SAMPLE_BYTES = 256 * 1024
_MIN_BYTES_TO_BELIE = 8
# Below so many bytes outside ASCII the statistics of letters say nothing.
_MIN_FOREIGN_BYTES = 12
_MIN_GOOD_PER_BAD = 20
# Code points 80–9F are control characters: text that decodes to them was read in the wrong encoding.
_C1_BYTES = bytes(range(0x80, 0xA0))
_C1_CONTROLS = frozenset(map(chr, _C1_BYTES))
_NOT_ASCII = bytes(range(0x80, 0x100))
_ASCII = bytes(range(0x80))
# The Windows pages of other languages in Latin letters, and what they extend: only statistics tell these apart.
_WINDOWS_LATIN = frozenset(
    {"cp1250", "cp1254", "cp1257", "cp1258", "iso8859-2", "iso8859-9", "iso8859-13", "iso8859-16"}
)
_WORD = re.compile(rb"[A-Za-z\x80-\xff]{2,}")
_FIRST_LETTER = 0xC0
# Quotation marks, dashes and the euro stand around words there.
_SIGNS = bytes(range(0x80, _FIRST_LETTER))
_MIN_WESTERN_RATIO = 0.9
CESU_8 = "cesu-8"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by its Python name, the length of its mark in bytes, and why it was chosen."""

    name: str
    mark_bytes: int
    reason: str
    alternatives: tuple[str, ...] = ()
    # False where some bytes cannot be read in it and are replaced by U+FFFD.
    is_exact: bool = True


def detect_encoding(chunks: Iterable[bytes]) -> Encoding:
    """Return the encoding of a text given in chunks; linear in its length, constant memory."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    head = bytearray()
    foreign = bytearray()
    is_utf8 = True
    for chunk in chunks:
        if not head:
            marked = _marked(chunk)
            if marked is not None:
                return marked
        if len(head) < _SAMPLE_BYTES:
            head += chunk[: _SAMPLE_BYTES - len(head)]
        if is_utf8:
            is_utf8 = _feed(decoder, chunk)
        if len(foreign) < _SAMPLE_BYTES and not chunk.isascii():
            foreign += b"\n".join(line for line in chunk.splitlines() if not line.isascii())
    return _judge(
        bytes(head), bytes(foreign[:_SAMPLE_BYTES]), is_utf8=is_utf8 and _feed(decoder, b"", final=True)
    )


def _marked(head: bytes) -> Encoding | None:
    for mark, name in MARKS:
        if head.startswith(mark):
            told = _belied(head[len(mark) :][:HEAD_BYTES], name, len(mark))
            return told or Encoding(name, len(mark), "the file begins with a byte order mark")
    return None


def _belied(rest: bytes, name: str, mark_bytes: int) -> Encoding | None:
    """The encoding of a text whose mark was put before it by a program that did not look."""
    order = utf16_order(rest) if name == "utf-8" else None
    if order is not None:
        reason = "the byte order mark is that of UTF-8, but every second byte is zero, as in UTF-16"
        return Encoding(order, mark_bytes, reason)
    # Delimiters and line ends of a table in UTF-16 have a zero byte each.
    if name.startswith("utf-16") and len(rest) >= _MIN_BYTES_TO_BELIE and rest.isascii() and 0 not in rest:
        reason = "the byte order mark is that of UTF-16, but the bytes are plain text"
        return Encoding("utf-8", mark_bytes, reason)
    return None


def _feed(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    if not final and chunk.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _judge(head: bytes, foreign: bytes, *, is_utf8: bool) -> Encoding:
    order = utf16_order(head)
    if order is not None:
        return Encoding(order, 0, "every second byte is zero, as in UTF-16 without a byte order mark")
    if is_utf8:
        reason = "all bytes are valid UTF-8" if foreign else "all bytes are ASCII"
        return Encoding("utf-8", 0, reason)
    return _surrogates(foreign) or _nearly_utf8(foreign) or _by_statistics(foreign)


def _surrogates(foreign: bytes) -> Encoding | None:
    # CESU-8 (Unicode Technical Report 26): Oracle and old MySQL write an emoji as two surrogates of three bytes each.
    try:
        text = codecs.getincrementaldecoder("utf-8")("surrogatepass").decode(foreign)
    except UnicodeDecodeError:
        return None
    if _SURROGATE.search(text) is None:
        return None
    return Encoding(CESU_8, 0, "UTF-8 but for characters written as two surrogates", is_exact=False)


def _nearly_utf8(foreign: bytes) -> Encoding | None:
    # Cut off in the middle of a character, or patched by a careless program. In any other encoding of a text nearly
    # every byte beyond ASCII is wrong as UTF-8.
    text = foreign.decode("utf-8", "replace")
    n_bad = text.count("\ufffd")
    n_good = sum(not char.isascii() for char in text) - n_bad
    if n_good < max(_MIN_FOREIGN_BYTES, n_bad * _MIN_GOOD_PER_BAD):
        return None
    return Encoding("utf-8", 0, "UTF-8 but for some broken characters", (_LAST_RESORT,), is_exact=False)


def _by_statistics(foreign: bytes) -> Encoding:
    guess = _chardet_guess(foreign)
    n_foreign = len(foreign) - len(foreign.translate(None, _NOT_ASCII))
    if guess in {None, _LAST_RESORT} or n_foreign < _MIN_FOREIGN_BYTES:
        others = (guess,) if guess and guess != _LAST_RESORT else ()
        return Encoding(
            _LAST_RESORT, 0, "not UTF-8; Windows-1252 is the commonest encoding of such files", others
        )
    return Encoding(
        guess or _LAST_RESORT, 0, "not UTF-8; the frequencies of its letters fit", (_LAST_RESORT,)
    )


def _chardet_guess(foreign: bytes) -> str | None:
    import chardet

    found = chardet.detect(foreign)["encoding"]
    if not found:
        return None
    name = codecs.lookup(found).name
    if name.startswith(("utf-16", "utf-32")):  # judged before, by the whole file's marks and zeros
        return None
    if name in _WINDOWS_OF_ISO and any(byte in _C1_BYTES for byte in foreign):
        name = _WINDOWS_OF_ISO[name]
    western = {"iso8859-1", "iso8859-15"}
    if name in western or _reads_alike(foreign, name) or _is_mistaken(foreign, name):
        name = _LAST_RESORT
    return name if name != "utf-8" and _reads_cleanly(foreign, name) else None


def _reads_alike(sample: bytes, name: str) -> bool:
    # The umlauts, for one, stand in the same places in several code pages: then the commonest is meant.
    return sample.decode(name, "replace") == sample.decode(_LAST_RESORT, "replace")


def _is_mistaken(foreign: bytes, name: str) -> bool:
    """True when bytes beyond ASCII stand as accented letters of Windows-1252 do: above BF, few among ASCII letters.

    Short lists of German names have passed for Turkish on a Macintosh. Other scripts fill whole words with such bytes,
    and the code pages of DOS and the Macintosh keep their accented letters below C0.
    """
    if name in _WINDOWS_LATIN:
        return False
    words = [word for word in (found.strip(_SIGNS) for found in _WORD.findall(foreign)) if not word.isascii()]
    return bool(words) and sum(map(_is_western_word, words)) >= len(words) * _MIN_WESTERN_RATIO


def _is_western_word(word: bytes) -> bool:
    others = word.translate(None, _ASCII)
    return min(others) >= _FIRST_LETTER and len(others) * 2 <= len(word)


def _reads_cleanly(sample: bytes, name: str) -> bool:
    # The sample may end inside a character of several bytes: an incremental decoder forgives that.
    try:
        text = codecs.getincrementaldecoder(name)("strict").decode(sample)
    except UnicodeDecodeError:
        return False
    return _C1_CONTROLS.isdisjoint(text)


def decode_chunks(chunks: Iterable[bytes], encoding: Encoding) -> Iterator[str]:
    """Yield the text without its mark; bytes that the encoding does not know become U+FFFD."""
    if encoding.name == CESU_8:
        yield from map(_with_pairs_joined, _whole_lines(chunks))
        return
    decoder = codecs.getincrementaldecoder(encoding.name)("replace")
    to_skip = encoding.mark_bytes
    for chunk in chunks:
        body = chunk[to_skip:]
        to_skip = max(0, to_skip - len(chunk))
        yield decoder.decode(body)
    yield decoder.decode(b"", final=True)


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # Neither a character nor a pair of surrogates is torn apart at the end of a line.
    rest = b""
    for chunk in chunks:
        lines, end, rest = (rest + chunk).rpartition(b"\n")
        yield lines + end
    yield rest


def _with_pairs_joined(lines: bytes) -> str:
    """Return text of CESU-8; a surrogate that stands alone becomes U+FFFD, as bytes do that are no UTF-8 at all."""
    try:
        text = lines.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return lines.decode("utf-8", "replace")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
