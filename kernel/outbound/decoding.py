"""Bodies, decompressed piece by piece under a limit, so that a bomb costs no more memory than a page."""

import zlib
from typing import Protocol

_GZIP_WBITS = 16 + zlib.MAX_WBITS
_RATIO_FROM_BYTES = 1024 * 1024
_STEP_BYTES = 256 * 1024


class BodyTooLarge(Exception):  # noqa: N818 - reads as the condition it names
    """The body went over a limit; the message says which."""


class BadEncoding(Exception):  # noqa: N818 - reads as the condition it names
    """The Content-Encoding is unknown or what arrived does not follow it."""


class _Inflater(Protocol):
    """The part of `zlib.decompressobj()` that is used here."""

    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    def decompress(self, piece: bytes, /, max_length: int = 0) -> bytes: ...


class BodyDecoder:
    """Turns received pieces into decompressed ones and counts both; stops at `max_bytes` or `max_ratio`."""

    def __init__(self, content_encoding: str, *, max_bytes: int, max_ratio: int) -> None:
        self._coding = _coding(content_encoding)
        self._inflater: _Inflater | None = None
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self.wire_bytes = 0
        self.body_bytes = 0
        self.problem: BodyTooLarge | None = None

    def decode(self, piece: bytes) -> list[bytes]:
        """Return the decompressed pieces of a received one. After `problem` is set nothing more may be fed.

        Raises BadEncoding.
        """
        self.wire_bytes += len(piece)
        if self._coding == "identity":
            return [self._counted(piece)]
        pieces = []
        pending = bool(piece)
        while pending and self.problem is None:
            plain, piece = self._inflate(piece)
            pieces.append(self._counted(plain))
            # A full step may have left output inside zlib although all input is consumed.
            pending = bool(piece) or (len(plain) == _STEP_BYTES and not self._at_end)
        return pieces

    @property
    def _at_end(self) -> bool:
        return self._inflater is None or self._inflater.eof

    def finish(self) -> None:
        """Check that the compressed body came to its end. Raises BadEncoding."""
        if self._inflater is not None and not self._inflater.eof:
            raise BadEncoding(f"the {self._coding} body ends in the middle")

    def _inflate(self, piece: bytes) -> tuple[bytes, bytes]:
        """One bounded step: (plain bytes, compressed bytes still to do)."""
        room = min(_STEP_BYTES, self._max_bytes - self.body_bytes + 1)
        try:
            if (
                self._inflater is None or self._inflater.eof
            ):  # a gzip body may have several members (RFC 1952 §2.2)
                self._inflater = self._new_inflater(piece)
            plain = self._inflater.decompress(piece, room)
        except zlib.error as error:
            raise BadEncoding(f"the {self._coding} body is broken: {error}") from None
        return plain, self._inflater.unconsumed_tail or self._inflater.unused_data

    def _new_inflater(self, piece: bytes) -> _Inflater:
        if self._coding == "gzip":
            return zlib.decompressobj(_GZIP_WBITS)
        # "deflate" means the zlib format (RFC 9110 §8.4.1.2), but some servers send it raw.
        return zlib.decompressobj(zlib.MAX_WBITS if piece[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)

    def _counted(self, plain: bytes) -> bytes:
        room = self._max_bytes - self.body_bytes
        self.body_bytes += min(len(plain), room)
        if len(plain) > room:
            self.problem = BodyTooLarge(f"the body is larger than {self._max_bytes} bytes")
            return plain[:room]
        if self.body_bytes > max(_RATIO_FROM_BYTES, self.wire_bytes * self._max_ratio):
            self.problem = BodyTooLarge(f"the body grows more than {self._max_ratio} times when decompressed")
        return plain


def _coding(content_encoding: str) -> str:
    codings = [
        c for c in (part.strip().lower() for part in content_encoding.split(",")) if c not in {"", "identity"}
    ]
    if not codings:
        return "identity"
    if codings in (["gzip"], ["x-gzip"]):
        return "gzip"
    if codings == ["deflate"]:
        return "deflate"
    raise BadEncoding(f"the Content-Encoding {content_encoding[:60]!r} was not asked for")
