"""Errors as RFC 9457 problems: one base class, the general subclasses, and how they are rendered.

A service adds its own subclasses in `errors.py`. `type` is `/problems/<slug>`, a page that people can open.
Nothing else may answer an error: `fastapi.HTTPException` is banned by lint.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from fastapi.responses import JSONResponse

PROBLEM_JSON = "application/problem+json"


class ProblemResponse(JSONResponse):
    """A problem as JSON. A detail may quote what the caller sent, so half a surrogate pair is escaped, as JSON does it."""

    media_type = PROBLEM_JSON

    def render(self, content: Any) -> bytes:
        """Return the body."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(errors="backslashreplace")


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem, and so do we
    """An answer that refuses or fails, and says why and what to do.

    Subclasses set `slug` (last part of `type`, stable for ever), `title`, `status` and their docstring,
    whose text is the problem's page.
    """

    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = dict(headers or {})
        self.members = members

    def body(self, *, instance: str) -> dict[str, Any]:
        """Return the RFC 9457 object; `instance` is the request id, as a URN-like reference."""
        return {
            **self.members,
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }

    def response(self, *, instance: str) -> "ProblemResponse":
        """Return the HTTP response that carries this problem."""
        return ProblemResponse(
            self.body(instance=instance),
            status_code=self.status,
            headers=self.headers,
        )


class InternalError(Problem):
    """We failed, and the request may or may not have had its effect.

    The log holds the cause under the request id in `instance`. A repeat with the same `Idempotency-Key` is safe.
    """


class BadRequest(Problem):
    """The request could not be read: malformed JSON, a wrong header, or a broken multipart body."""

    slug = "bad-request"
    title = "The request could not be read"
    status = 400


class Unauthenticated(Problem):
    """There is no valid access token or API key. Log in again or refresh the token, then repeat the request."""

    slug = "unauthenticated"
    title = "You are not logged in"
    status = 401

    def __init__(self, detail: str = "", **members: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="plugzero"'}, **members)


class Forbidden(Problem):
    """You are known, but your role, scope or plan does not allow this. An owner or admin of the team can change it."""

    slug = "forbidden"
    title = "You may not do this"
    status = 403

    def __init__(self, detail: str = "", *, team_id: int | None = None, **members: Any) -> None:
        """`team_id` is for the activity log, not for the answer."""
        super().__init__(detail, **members)
        self.team_id = team_id


class NotFound(Problem):
    """There is nothing at this address for you: it never existed, was deleted, or belongs to another team."""

    slug = "not-found"
    title = "There is nothing here"
    status = 404

    @classmethod
    def of(cls, noun: str, identifier: object) -> Self:
        """Return the problem for one missing thing, named in the API's words."""
        return cls(f"There is no {noun} {identifier} that you can see.")


class MethodNotAllowed(Problem):
    """The address exists, but not for this method. `Allow` lists those it answers."""

    slug = "method-not-allowed"
    title = "This address does not answer that method"
    status = 405


class Conflict(Problem):
    """The request does not fit the present state. Read the resource again, then decide."""

    slug = "conflict"
    title = "This does not fit the present state"
    status = 409


class PreconditionFailed(Problem):
    """`If-Match` named another revision: somebody edited the resource since you read it. Read it, merge, repeat."""

    slug = "precondition-failed"
    title = "Somebody else has edited this"
    status = 412


class TooLarge(Problem):
    """The body is larger than the limit, which `limit_bytes` states."""

    slug = "too-large"
    title = "This is too large"
    status = 413


class UnsupportedMedia(Problem):
    """The content is of a kind that cannot be read here; `detail` says what was found and what would do."""

    slug = "unsupported-media-type"
    title = "This kind of content is not supported"
    status = 415


class Invalid(Problem):
    """Fields are missing or wrong. `errors` lists each as a JSON Pointer (RFC 6901) and a sentence."""

    slug = "invalid"
    title = "Some fields are not valid"
    status = 422

    def __init__(self, errors: Iterable[tuple[str, str]], detail: str = "") -> None:
        listed = [{"pointer": pointer, "detail": text} for pointer, text in errors]
        super().__init__(
            detail or "; ".join(f"{e['pointer'] or '/'}: {e['detail']}" for e in listed), errors=listed
        )

    @classmethod
    def at(cls, pointer: str, detail: str) -> Self:
        """Return the problem for one field."""
        return cls([(pointer, detail)])


class TooManyRequests(Problem):
    """You ask faster than allowed. Wait for the seconds in `Retry-After`, then go on."""

    slug = "too-many-requests"
    title = "Too many requests"
    status = 429

    def __init__(self, detail: str = "", *, retry_after_s: int = 1, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)}, **members)


class BadGateway(Problem):
    """A part behind the gateway did not answer properly. Repeat the request in a moment."""

    slug = "bad-gateway"
    title = "A part of the service did not answer"
    status = 502


class Unavailable(Problem):
    """A part that this needs is not reachable or too slow at the moment. Nothing was written. Repeat in a moment."""

    slug = "unavailable"
    title = "Not available at the moment"
    status = 503

    def __init__(self, detail: str = "", *, retry_after_s: int = 2, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)}, **members)


class GatewayTimeout(Problem):
    """A part behind the gateway took too long. Repeat the request; with an `Idempotency-Key` that is safe."""

    slug = "gateway-timeout"
    title = "A part of the service took too long"
    status = 504


ConstraintProblems = Mapping[str, type[Problem] | Problem]


def constraint_name(error: BaseException) -> str | None:
    """Return the violated constraint's name from an integrity error (asyncpg keeps it on `orig.__cause__`)."""
    cause = getattr(getattr(error, "orig", None), "__cause__", None)
    name = getattr(cause, "constraint_name", None)
    return str(name) if name else None


def problem_of_constraint(error: BaseException, constraints: ConstraintProblems) -> Problem | None:
    """Return the problem that a service mapped to the violated constraint, or None: unmapped is never guessed."""
    mapped = constraints.get(constraint_name(error) or "")
    return mapped() if isinstance(mapped, type) else mapped


def problems_of(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` entries of a route for the problems it can answer."""
    by_status: dict[int | str, list[type[Problem]]] = {}
    for problem in classes:
        by_status.setdefault(problem.status, []).append(problem)
    return {status: _openapi_response(found) for status, found in by_status.items()}


def _openapi_response(classes: list[type[Problem]]) -> dict[str, Any]:
    examples = {
        c.slug: {"value": {"type": f"/problems/{c.slug}", "title": c.title, "status": c.status}}
        for c in classes
    }
    return {
        "description": "; ".join(c.title for c in classes),
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "`/problems/<slug>`: a page that explains the problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened here, and the way out."},
        "instance": {"type": "string", "description": "The request id, as in `X-Request-Id` and the logs."},
        "errors": {
            "type": "array",
            "description": "Of 422: one entry per field.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
