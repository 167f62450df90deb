"""The guarded client itself, on aiohttp. Worker processes only: an API process does not install aiohttp.

Each fetch: the address is parsed once, judged by the policy, its name resolved and every answer classified, the
connection pinned to a checked address, headers and body bounded; each redirect starts over at the beginning.
No cookies, no proxies or credentials from the environment. Failures come back as `Outcome`, never as a library's error.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from kernel.outbound.decoding import BodyDecoder
from kernel.outbound.failures import FETCH_ERRORS, outcome_of
from kernel.outbound.policy import Fetched, Hop, OutboundPolicy, Outcome, RequestHeaders
from kernel.outbound.resolver import CheckedResolver, Lookup, checked_socket_factory, system_lookup
from kernel.outbound.urls import UnusableUrl, WebUrl, parse_web_url

Write = Callable[[bytes], Awaitable[None]]
"""Takes the next piece of a body; it may wait, and the download waits with it."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES = 64 * 1024


@dataclass(slots=True)
class _Progress:
    """What is known so far of one fetch; whatever ends it, this becomes the `Fetched`."""

    url: WebUrl
    started_at: float
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    redirects: list[Hop] = field(default_factory=list)
    first_byte_ms: int | None = None
    decoder: BodyDecoder | None = None


class _WriteFailed(Exception):  # noqa: N818 - carries the caller's own error past the mapping of the server's
    """The caller's `write` raised; its error is the cause."""


class Outbound:
    """A client under one policy; keeps connections open, so use one per worker and close it (`async with`)."""

    def __init__(
        self,
        policy: OutboundPolicy | None = None,
        *,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy or OutboundPolicy()
        self._lookup = lookup or system_lookup
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self,
        url: str | WebUrl,
        *,
        headers: RequestHeaders | None = None,
        policy: OutboundPolicy | None = None,
    ) -> Fetched:
        """Return what GET brings, with its body in memory (at most `max_bytes`); never raises for what others do.

        `headers` go to the first address's origin only. `policy` narrows limits for this fetch; which addresses are
        allowed stays the client's own.
        """
        body = bytearray()

        async def keep(piece: bytes) -> None:
            body.extend(piece)

        fetched = await self.download(url, keep, headers=headers, policy=policy)
        return replace(fetched, body=bytes(body))

    async def download(
        self,
        url: str | WebUrl,
        write: Write,
        *,
        headers: RequestHeaders | None = None,
        policy: OutboundPolicy | None = None,
    ) -> Fetched:
        """Return what GET brings, its body handed to `write` piece by piece as it arrives.

        Only the final answer's body is written. After an outcome other than OK the pieces are a part of it.
        What `write` raises goes on to the caller.
        """
        limits = replace(
            policy or self.policy, allow_private=self.policy.allow_private, ports=self.policy.ports
        )
        try:
            parsed = parse_web_url(url) if isinstance(url, str) else url
        except UnusableUrl as error:
            return Fetched(url=str(url), outcome=Outcome.BAD_URL, detail=str(error))
        loop = asyncio.get_running_loop()
        progress = _Progress(url=parsed, started_at=loop.time())
        outcome, detail = await self._bounded(progress, _Request(limits, headers or {}, write))
        return _fetched(
            parsed, progress, outcome, detail, elapsed_ms=round((loop.time() - progress.started_at) * 1000)
        )

    async def _bounded(self, progress: _Progress, request: "_Request") -> tuple[Outcome, str]:
        try:
            async with asyncio.timeout(request.limits.timeout_s):
                return await self._follow(progress, request)
        except FETCH_ERRORS as error:
            return outcome_of(error)
        except _WriteFailed as failed:
            raise (failed.__cause__ or failed) from None

    async def _follow(self, progress: _Progress, request: "_Request") -> tuple[Outcome, str]:
        """Walk the redirect chain to its end; judge every address in it anew."""
        first = progress.url
        seen: set[str] = set()
        while True:
            if refusal := request.limits.refusal(progress.url):
                return Outcome.BLOCKED_ADDRESS, refusal
            seen.add(progress.url.href)
            own = request.headers if progress.url.origin == first.origin else {}
            location = await self._exchange(progress, request, own)
            if location is None:
                return Outcome.OK, ""
            progress.redirects.append(Hop(progress.url.href, progress.status or 0, location))
            if len(progress.redirects) > request.limits.max_redirects:
                return Outcome.TOO_MANY_REDIRECTS, f"more than {request.limits.max_redirects} redirects"
            try:
                progress.url = parse_web_url(location, progress.url)
            except UnusableUrl as error:
                return Outcome.BAD_URL, f"it redirects to {location[:200]!r}: {error}"
            if progress.url.href in seen:
                return Outcome.REDIRECT_LOOP, f"it redirects back to {progress.url.href}"

    async def _exchange(
        self, progress: _Progress, request: "_Request", headers: RequestHeaders
    ) -> str | None:
        """One request; returns the redirect to follow, or None after the body was written."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async with self._open_session().get(
            _yarl(progress.url),
            headers={"User-Agent": request.limits.user_agent, **headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=request.limits.connect_timeout_s),
            max_line_size=request.limits.max_header_bytes,
            max_field_size=request.limits.max_header_bytes,
            max_headers=request.limits.max_headers,
        ) as response:
            progress.first_byte_ms = round((loop.time() - asked_at) * 1000)
            progress.status = response.status
            progress.headers = tuple((_text(k).lower(), _text(v)) for k, v in response.headers.items())
            location = _text(response.headers.get("Location", ""))
            if response.status in _REDIRECTS and location and request.limits.max_redirects > 0:
                response.close()  # the body of a redirect is nobody's concern
                return location
            if request.limits.wants_body(response.headers.get("Content-Type", "")):
                await _read(response, progress, request)
            else:
                response.close()
            return None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self.policy.max_connections,
                    resolver=CheckedResolver(self.policy, self._lookup),
                    use_dns_cache=False,  # the look-up that is checked is the one that is used
                    socket_factory=checked_socket_factory(self.policy),
                    ssl=self._tls or True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # bounded in BodyDecoder instead
                trust_env=False,
                headers={"Accept-Encoding": "gzip, deflate", "Accept": "*/*"},
            )
        return self._session


@dataclass(frozen=True, slots=True)
class _Request:
    limits: OutboundPolicy
    headers: RequestHeaders
    write: Write


async def _read(response: aiohttp.ClientResponse, progress: _Progress, request: _Request) -> None:
    """Write the body piece by piece. Raises BodyTooLarge and BadEncoding; the connection is dropped then."""
    decoder = BodyDecoder(
        response.headers.get("Content-Encoding", ""),
        max_bytes=request.limits.max_bytes,
        max_ratio=request.limits.max_compression_ratio,
    )
    progress.decoder = decoder
    async for received in response.content.iter_chunked(_CHUNK_BYTES):
        for piece in decoder.decode(received):
            await _hand_over(piece, request.write)
        if decoder.problem is not None:
            response.close()
            raise decoder.problem
    decoder.finish()


async def _hand_over(piece: bytes, write: Write) -> None:
    try:
        await write(piece)
    except Exception as error:
        raise _WriteFailed from error


def _yarl(url: WebUrl) -> URL:
    """Aiohttp's form of an address, put together from the parts and not parsed a second time."""
    return URL.build(
        scheme=url.scheme,
        host=url.host,
        port=url.port,
        path=url.path,
        query_string=url.query.removeprefix("?"),
        encoded=True,
    )


def _text(value: str) -> str:
    """Header text without lone surrogates, which aiohttp keeps for bytes that are not UTF-8."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _fetched(
    asked: WebUrl, progress: _Progress, outcome: Outcome, detail: str, *, elapsed_ms: int
) -> Fetched:
    decoder = progress.decoder
    return Fetched(
        url=asked.href,
        outcome=outcome,
        detail=detail,
        final_url=progress.url.href,
        status=progress.status,
        headers=progress.headers,
        redirects=tuple(progress.redirects),
        wire_bytes=decoder.wire_bytes if decoder else 0,
        body_bytes=decoder.body_bytes if decoder else 0,
        first_byte_ms=progress.first_byte_ms,
        elapsed_ms=elapsed_ms,
    )
