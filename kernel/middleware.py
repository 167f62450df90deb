"""What happens around every request: its id, its log line, its metrics, its trace, and the last net for errors."""

import re
import time

import structlog
from opentelemetry import propagate, trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.activity import ORIGIN, Origin
from kernel.ids import uuid7
from kernel.logs import get_logger
from kernel.problems import InternalError, TooLarge
from kernel.telemetry import HTTP_DURATION, HTTP_REQUESTS, tracer

LARGEST_BODY_BYTES = 5 * 1024 * 1024
_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")
# Answers are data of somebody: kept by no cache, run and framed by no browser. Pages and files say otherwise themselves.
_UNLESS_GIVEN = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
_QUIET = {"/healthz", "/readyz", "/metrics"}

logger = get_logger("kernel.access_log")


class RequestContext:
    """Pure ASGI middleware, outermost: an error that nothing else caught becomes a 500 problem here."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other scopes pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        carrier = {k.decode("latin-1"): v.decode("latin-1") for k, v in headers.items()}
        exchange = _Exchange(send, request_id)
        client = scope.get("client") or ("", 0)
        ORIGIN.set(Origin(str(client[0]), carrier.get("user-agent", ""), request_id))
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            tracer.start_as_current_span(
                f"{scope['method']}", context=propagate.extract(carrier), kind=trace.SpanKind.SERVER
            ),
        ):
            await self._serve(scope, _limited(receive, headers), exchange)
            self._report(scope, exchange)

    async def _serve(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except Exception as error:
            logger.exception("request failed", exc_info=error)
            if exchange.status is not None:
                raise
            problem_response = InternalError("The cause is in our log under this request id.").response(
                instance=exchange.request_id
            )
            await problem_response(scope, receive, exchange.send)

    def _report(self, scope: Scope, exchange: "_Exchange") -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method, status = scope["method"], str(exchange.status or 0)
        duration_s = time.perf_counter() - exchange.started
        HTTP_REQUESTS.labels(self._service, method, route, status).inc()
        HTTP_DURATION.labels(self._service, method, route).observe(duration_s)
        if scope["path"] not in _QUIET:
            logger.info(
                "request",
                method=method,
                path=_path_for_logs(scope, route),
                status=exchange.status,
                ms=round(duration_s * 1000, 1),
            )


class _Exchange:
    """Adds `X-Request-Id` and what browsers must not do with the answer, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None
        self.started = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [h for h in message.get("headers", ()) if h[0].lower() != b"x-request-id"]
            present = {name.lower() for name, _ in headers}
            headers += [header for header in _UNLESS_GIVEN if header[0] not in present]
            message["headers"] = [*headers, (b"x-request-id", self.request_id.encode())]
        await self._send(message)


def _path_for_logs(scope: Scope, route: str) -> str:
    """Return the path with its ids, but without tokens: whoever reads a log must not be able to continue an interview."""
    parameters: dict[str, object] = scope.get("path_params", {})
    if not any("token" in name for name in parameters):
        return str(scope["path"])
    return route


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"")
    return given.decode() if _REQUEST_ID.match(given) else str(uuid7())


def _limited(receive: Receive, headers: dict[bytes, bytes]) -> Receive:
    """Return a receive that refuses bodies over the limit; multipart bodies are streamed, and limited by their route."""
    if headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data"):
        return receive
    n_bytes = 0

    async def limited() -> Message:
        nonlocal n_bytes
        message: Message = await receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > LARGEST_BODY_BYTES:
            raise TooLarge(
                f"The body is larger than {LARGEST_BODY_BYTES} bytes. Files go to POST /api/projects/<id>/files.",
                limit_bytes=LARGEST_BODY_BYTES,
            )
        return message

    return limited
