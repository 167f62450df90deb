"""Every exception that reaches the edge of a service becomes an RFC 9457 problem here.

What is not foreseen is a 500 whose cause stands in the log under the request id; it is never guessed.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as RoutingError  # noqa: TID251 - Starlette's router raises it; we translate

from kernel.activity import Outcome, log_activity
from kernel.db import Tenancy, problem_of_database, unstorable_text
from kernel.idempotency import ReplayedError
from kernel.ids import LARGEST_BIGINT
from kernel.logs import get_logger
from kernel.problems import (
    BadRequest,
    Forbidden,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
    UnsupportedMedia,
    problem_of_constraint,
)

logger = get_logger(__name__)


def add_problem_handlers(app: FastAPI) -> None:
    """Register the translation of every kind of exception; constraints are read from `app.state.constraints`."""
    for kind in (
        Problem,
        RequestValidationError,
        RoutingError,
        DBAPIError,
        PoolTimeout,
        ResponseValidationError,
        UnicodeEncodeError,
    ):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(ReplayedError, _answer_again)


async def _log_refusal(request: Request, problem: Forbidden) -> None:
    """Note that a known caller was refused (OWASP ASVS 5.0, 16.3.2); the request's own transaction is over."""
    caller = getattr(request.state, "principal", None)
    if caller is None:
        return
    route = getattr(request.scope.get("route"), "path", "")
    resources = request.app.state.resources
    try:
        async with resources.database.transaction(Tenancy.none()) as session:
            await log_activity(
                session,
                "access.denied",
                actor=caller,
                team_id=problem.team_id,
                target=f"{request.method} {route}"[:100],
                outcome=Outcome.DENIED,
                problem=problem.slug,
            )
    except (DBAPIError, PoolTimeout):
        logger.exception("refusal not logged", slug=problem.slug)


async def _answer_again(_: Request, error: Exception) -> Response:
    if not isinstance(error, ReplayedError):  # registered for it only
        raise error
    return error.response


async def _answer(request: Request, error: Exception) -> Response:
    problem = _translated(request, error)
    if isinstance(problem, Forbidden):
        await _log_refusal(request, problem)
    if problem.status >= 500:  # noqa: PLR2004 - HTTP's class of server errors
        logger.error("problem", slug=problem.slug, exc_info=error)
    return problem.response(instance=request.scope["state"]["request_id"])


def _translated(request: Request, error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return problem_of_validation(error)
    if isinstance(error, RoutingError):
        return _problem_of_routing(error, request)
    if isinstance(error, DBAPIError):
        return _problem_of_database(error, request)
    if isinstance(error, PoolTimeout):
        return Unavailable("All database connections are busy. Nothing was written.")
    return _problem_of_the_rest(error)


def _problem_of_the_rest(error: Exception) -> Problem:
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return unstorable_text()
    return InternalError("The answer did not fit its own description; nothing was written.")


def _problem_of_database(error: DBAPIError, request: Request) -> Problem:
    mapped: Problem | None
    if isinstance(error, IntegrityError):
        mapped = problem_of_constraint(error, request.app.state.constraints)
    elif any(_is_beyond_bigint(value) for value in request.path_params.values()):
        mapped = NotFound(f"There is nothing at {request.url.path}: no id is that large.")
    else:
        mapped = problem_of_database(error)
    return mapped or InternalError(
        "The database refused this in a way we did not foresee; nothing was written."
    )


def _is_beyond_bigint(value: object) -> bool:
    digits = str(value).lstrip("-")
    return digits.isdecimal() and int(digits) > LARGEST_BIGINT


def problem_of_validation(error: RequestValidationError) -> Problem:
    """Return 400 for unreadable JSON, else 422 with a JSON Pointer per field.

    Pointers of the body start at its root; other places are named first: `/query/limit`, `/path/project_id`.
    """
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        where = next(e for e in found if e["type"] == "json_invalid")
        reason = where.get("ctx", {}).get("error", "")
        return BadRequest(f"The body is not valid JSON at character {where['loc'][-1]}: {reason}.")
    return Invalid([(_pointer(e["loc"]), _sentence(e)) for e in found])


def _pointer(location: Sequence[Any]) -> str:
    steps = list(location[1:] if location and location[0] == "body" else location)
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _sentence(error: dict[str, Any]) -> str:
    given = error.get("input")
    shown = "" if isinstance(given, dict | list) or given is None else f"; got {str(given)[:80]!r}"
    return f"{str(error['msg']).removeprefix('Value error, ')}{shown}"


def _problem_of_routing(error: RoutingError, request: Request) -> Problem:
    if isinstance(error.__cause__, Problem):  # FastAPI wraps whatever reading the body raised
        return error.__cause__
    if error.status_code == 404:  # noqa: PLR2004 - HTTP's own number
        return NotFound(f"There is nothing at {request.url.path}; /docs lists all addresses.")
    if error.status_code == 405:  # noqa: PLR2004 - HTTP's own number
        return MethodNotAllowed(
            f"{request.url.path} does not answer {request.method}.", headers=error.headers
        )
    if error.status_code == 415:  # noqa: PLR2004 - HTTP's own number
        return UnsupportedMedia(str(error.detail))
    return BadRequest(str(error.detail))
