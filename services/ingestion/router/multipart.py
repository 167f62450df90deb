"""A multipart/form-data body (RFC 7578) read as it arrives: the part named `file`, never whole in memory.

Beside it a form may carry `sha256` and `file_type`, before or after the file. Anything else is refused: a misspelt field that is left
out without a word would be a check that never happens.
"""

import re
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from kernel.problems import BadRequest, Invalid, TooLarge, UnsupportedMedia
from services.ingestion.domain.names import NAMELESS, clean_file_name
from services.ingestion.schemas.uploads import SHA256_PATTERN
from services.ingestion.service.files import IncomingFile

_TYPE_CHARACTERS = 255
# What a form may hold beside the file: fields, part headers, boundaries.
_SLACK_BYTES = 1024 * 1024
_LONGEST_FIELD = 1024
_FILE = "file"
# What the form may hold beside the file: how each is written, and in words.
_FIELDS = {
    "sha256": (SHA256_PATTERN, "as 64 hexadecimal digits"),
    "file_type": ("(?i:tabular|unstructured|auto)", "as TABULAR, UNSTRUCTURED or auto"),
}
_NAMES = " and ".join(f"`{name}`" for name in _FIELDS)
# How browsers write what may not stand in a quoted name (WHATWG HTML, "multipart/form-data encoding algorithm").
_ESCAPES = {"%22": '"', "%0D": "", "%0A": ""}


async def incoming_file(request: Request, *, limit_bytes: int) -> IncomingFile:
    """Return the part named `file`, its bytes still to come.

    Raises UnsupportedMedia, BadRequest, Invalid for a body that has no such part, or (also while the bytes are read)
    more than that, and TooLarge.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes + _SLACK_BYTES:
        raise too_large(limit_bytes)
    form = _Form(request, limit_bytes)
    headers = await form.find_file()
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    content_type = headers.get(b"content-type", b"").decode("latin-1")[:_TYPE_CHARACTERS]
    return IncomingFile(_file_name(options.get(b"filename", b"")), content_type, form.chunks(), form.fields)


def too_large(limit_bytes: int) -> TooLarge:
    """Return the problem for a file over the limit."""
    return TooLarge(
        f"The file is larger than the limit of {limit_bytes} bytes. Split it, or ask the operator to raise the limit.",
        limit_bytes=limit_bytes,
    )


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise UnsupportedMedia("Send the file as multipart/form-data, in a part named `file`.")
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise BadRequest("The Content-Type names no boundary; let your HTTP client make the header.")
    return boundary


def file_name(headers: Mapping[bytes, bytes]) -> str | None:
    """Return what a part's file is called, '' where none was chosen; None for a part that is a field."""
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    if b"filename" not in options:
        return None
    raw = options[b"filename"]
    return _file_name(raw) if raw else ""


def _file_name(raw: bytes) -> str:
    name = raw.decode("utf-8", "replace")
    for escape, character in _ESCAPES.items():
        name = name.replace(escape, character)
    return clean_file_name(name) if name else NAMELESS


class Parts:
    """The parts of a form in the order in which they come; each read of the socket brings a few of the parser's events."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._events: deque[tuple[str, bytes]] = deque()
        self._parser = MultipartParser(_boundary(request), self._callbacks())
        self._n_aside = 0

    def _callbacks(self) -> Any:
        def note(name: str) -> Any:
            return lambda: self._events.append((name, b""))

        def collect(name: str) -> Any:
            return lambda data, start, end: self._events.append((name, data[start:end]))

        return {
            "on_header_field": collect("field"),
            "on_header_value": collect("value"),
            "on_header_end": note("header"),
            "on_headers_finished": note("headers"),
            "on_part_data": collect("data"),
            "on_part_end": note("part_end"),
            "on_end": note("end"),
        }

    async def _next(self) -> tuple[str, bytes]:
        while not self._events:
            try:
                chunk = await anext(self._stream, b"")
            except ClientDisconnect:
                chunk = b""
            if not chunk:
                raise BadRequest("The upload ends in the middle of the form; send it again.")
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise BadRequest(f"The form cannot be read: {error}.") from error
        return self._events.popleft()

    async def next_part(self) -> dict[bytes, bytes] | None:
        """Return the headers of the next part, None at the end of the form; raises BadRequest."""
        headers: dict[bytes, bytes] = {}
        field = value = b""
        while (event := await self._next())[0] != "end":
            kind, content = event
            self._count_aside(content)
            if kind == "headers":
                return headers
            if kind == "field":
                field += content
            elif kind == "value":
                value += content
            elif kind == "header":
                headers[field.lower()] = value
                field = value = b""
        return None

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the part whose headers were read last; raises BadRequest."""
        while (event := await self._next())[0] != "part_end":
            yield event[1]

    async def aside(self) -> AsyncIterator[bytes]:
        """Yield the bytes of a part that is no file; all of them together are limited. Raises BadRequest."""
        async for piece in self.content():
            self._count_aside(piece)
            yield piece

    def _count_aside(self, content: bytes) -> None:
        self._n_aside += len(content)
        if self._n_aside > _SLACK_BYTES:
            raise BadRequest(f"Beside its files the form holds more than {_SLACK_BYTES} bytes.")


class _Form(Parts):
    """A form of one file, with fields before or after it."""

    def __init__(self, request: Request, limit_bytes: int) -> None:
        super().__init__(request)
        self.fields: dict[str, str] = {}
        """The fields beside the file; complete once its bytes are read."""
        self._limit_bytes = limit_bytes

    async def find_file(self) -> dict[bytes, bytes]:
        """Return the headers of the file's part, having read the fields before it; raises Invalid."""
        while (headers := await self.next_part()) is not None:
            if name_of(headers) == _FILE:
                return headers
            await self._take_field(headers)
        raise Invalid.at(f"/{_FILE}", f"the form has no part named `{_FILE}`")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes, then read the form to its end; raises TooLarge, BadRequest, Invalid."""
        n_bytes = 0
        async for piece in self.content():
            n_bytes += len(piece)
            if n_bytes > self._limit_bytes:
                raise too_large(self._limit_bytes)
            yield piece
        while (headers := await self.next_part()) is not None:
            if name_of(headers) == _FILE:
                raise Invalid.at(
                    f"/{_FILE}", "the form has more than one file; send each in a request of its own"
                )
            await self._take_field(headers)

    async def _take_field(self, headers: dict[bytes, bytes]) -> None:
        name, value = name_of(headers), b""
        if name not in _FIELDS:
            raise _unknown(name, headers)
        async for piece in self.aside():
            value += piece
            if len(value) > _LONGEST_FIELD:
                break
        text = value.decode("utf-8", "replace").strip()
        pattern, words = _FIELDS[name]
        if name in self.fields or not re.fullmatch(pattern, text):
            raise Invalid.at(f"/{name}", f"give it once, {words}")
        self.fields[name] = text.lower() if name == "sha256" else text.upper()


def name_of(headers: Mapping[bytes, bytes]) -> str:
    """Return the name of a part."""
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    return options.get(b"name", b"").decode("utf-8", "replace")


def _unknown(name: str, headers: dict[bytes, bytes]) -> Invalid:
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    if b"filename" in options:
        return Invalid.at(f"/{_FILE}", f"the file's part is named `{name}`; name it `{_FILE}`")
    return Invalid.at(f"/{name}", f"the form has no such field; it may have `{_FILE}`, {_NAMES}")
