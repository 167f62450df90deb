"""A multipart/form-data body (RFC 7578) read as it arrives: the part named `file`, never whole in memory."""

import re
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from kernel.problems import BadRequest, Invalid, TooLarge, UnsupportedMedia
from services.ingestion.service.files import IncomingFile

_NAME_BYTES = 255
# What a form may hold beside the file: other fields, part headers, boundaries.
_SLACK_BYTES = 1024 * 1024
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f]")


async def incoming_file(request: Request, *, limit_bytes: int) -> IncomingFile:
    """Return the part named `file`, its bytes still to come.

    Raises UnsupportedMedia, BadRequest, Invalid for a body that has no such part, TooLarge (also while the bytes are
    read).
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes + _SLACK_BYTES:
        raise _too_large(limit_bytes)
    body = _Body(request, _boundary(request), limit_bytes)
    headers = await body.find_part("file")
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    content_type = headers.get(b"content-type", b"").decode("latin-1")[:_NAME_BYTES]
    return IncomingFile(_file_name(options.get(b"filename", b"")), content_type, body.chunks())


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise UnsupportedMedia("Send the file as multipart/form-data, in a part named `file`.")
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise BadRequest("The Content-Type names no boundary; let your HTTP client make the header.")
    return boundary


def _file_name(raw: bytes) -> str:
    name = raw.decode("utf-8", "replace")
    # Some browsers send the whole path of the file on their machine.
    name = _NOT_IN_NAMES.sub("", re.split(r"[\\/]", name)[-1]).strip()
    return name[:_NAME_BYTES] or "upload"


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"The file is larger than the limit of {limit_bytes} bytes. Split it, or ask the operator to raise the limit.",
        limit_bytes=limit_bytes,
    )


class _Body:
    """The parser's events in the order in which they come; each read of the socket brings a few."""

    def __init__(self, request: Request, boundary: bytes, limit_bytes: int) -> None:
        self._stream = request.stream()
        self._limit_bytes = limit_bytes
        self._events: deque[tuple[str, bytes]] = deque()
        self._parser = MultipartParser(boundary, self._callbacks())
        self._n_aside = 0

    def _callbacks(self) -> Any:
        def note(name: str) -> Any:
            return lambda: self._events.append((name, b""))

        def collect(name: str) -> Any:
            return lambda data, start, end: self._events.append((name, data[start:end]))

        return {
            "on_part_begin": note("begin"),
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
            chunk = await anext(self._stream, b"")
            if not chunk:
                raise BadRequest("The upload ends in the middle of the form; send it again.")
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise BadRequest(f"The form cannot be read: {error}.") from error
        return self._events.popleft()

    async def find_part(self, name: str) -> dict[bytes, bytes]:
        """Return the headers of the part with a name, the parts before it left out; raises Invalid."""
        headers: dict[bytes, bytes] = {}
        field = value = b""
        while (event := await self._next())[0] != "end":
            kind, content = event
            if kind == "begin":
                headers = {}
            elif kind == "field":
                field += content
            elif kind == "value":
                value += content
            elif kind == "header":
                headers[field.lower()] = value
                field = value = b""
            elif kind == "headers" and _is_named(headers, name):
                return headers
            elif kind == "data":
                self._count_aside(content)
        raise Invalid.at(f"/{name}", f"the form has no part named `{name}`")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the part's bytes, then read the form to its end; raises TooLarge, BadRequest."""
        n_bytes = 0
        while (event := await self._next())[0] != "part_end":
            n_bytes += len(event[1])
            if n_bytes > self._limit_bytes:
                raise _too_large(self._limit_bytes)
            yield event[1]
        while (event := await self._next())[0] != "end":
            self._count_aside(event[1])

    def _count_aside(self, content: bytes) -> None:
        self._n_aside += len(content)
        if self._n_aside > _SLACK_BYTES:
            raise BadRequest("The form holds more than a file; send only the part `file`.")


def _is_named(headers: dict[bytes, bytes], name: str) -> bool:
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    return options.get(b"name") == name.encode()
