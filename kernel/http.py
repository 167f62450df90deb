"""One FastAPI application per service, alike in everything that is not its routes.

Middleware (request id, log line, metrics, body limit), problem handlers, health, metrics, OpenAPI. A service's
`app.py` only calls `create_app`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as RoutingError  # noqa: TID251 - Starlette's router raises it; we translate

from kernel.db import problem_of_database
from kernel.logs import configure_logging, get_logger
from kernel.middleware import RequestContext
from kernel.problems import (
    PROBLEM_SCHEMA,
    BadRequest,
    ConstraintProblems,
    Forbidden,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    problem_of_constraint,
    problems_of,
)
from kernel.resources import Resources
from kernel.settings import Settings
from kernel.telemetry import METRICS_CONTENT_TYPE, configure_tracing, rendered_metrics

logger = get_logger(__name__)

Lifespan = Callable[[Resources], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings,
    *,
    routers: Sequence[APIRouter],
    title: str,
    description: str,
    constraints: ConstraintProblems | None = None,
    resources: Resources | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Return a service's application.

    `constraints` maps names of database constraints to problems; `resources` replaces what the settings describe
    (tests); `lifespan` is opened around serving, with the resources at hand.
    """

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(settings, process=f"{settings.service}-api")
        configure_tracing(settings, process="api")
        try:
            if lifespan is None:
                yield
            else:
                async with lifespan(app.state.resources):
                    yield
        finally:
            await app.state.resources.close()

    app = FastAPI(
        title=title,
        description=description,
        version="1.0",
        lifespan=opened,
        openapi_url=f"/api/{settings.service}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=problems_of(Invalid),
    )
    app.state.resources = resources or Resources.of(settings)
    app.add_middleware(RequestContext, service=settings.service)
    _add_problem_handlers(app, constraints or {})
    app.include_router(_operations(settings))
    for router in routers:
        app.include_router(router)
    _describe(app)
    return app


def _add_problem_handlers(app: FastAPI, constraints: ConstraintProblems) -> None:
    def answer(request: Request, problem: Problem) -> JSONResponse:
        return problem.response(instance=request.scope["state"]["request_id"])

    async def on_problem(request: Request, error: Exception) -> Response:
        if not isinstance(error, Problem):  # pragma: no cover - registered for Problem only
            raise error
        return answer(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):  # pragma: no cover - registered for it only
            raise error
        return answer(request, problem_of_validation(error))

    async def on_routing(request: Request, error: Exception) -> Response:
        if not isinstance(error, RoutingError):  # pragma: no cover - registered for it only
            raise error
        return answer(request, _problem_of_routing(error, request))

    async def on_database(request: Request, error: Exception) -> Response:
        problem = _problem_of_database_error(error, constraints)
        if problem is None:
            logger.error("unmapped database error", exc_info=error)
            problem = InternalError(
                "The database refused this in a way we did not foresee; nothing was written."
            )
        return answer(request, problem)

    async def on_pool_timeout(request: Request, _: Exception) -> Response:
        return answer(request, Unavailable("All database connections are busy. Nothing was written."))

    async def on_bad_response(request: Request, error: Exception) -> Response:
        logger.error("response does not fit its model", exc_info=error)
        return answer(
            request, InternalError("The answer did not fit its own description; nothing was written.")
        )

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(RoutingError, on_routing)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(PoolTimeout, on_pool_timeout)
    app.add_exception_handler(ResponseValidationError, on_bad_response)


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
    if error.status_code == 404:  # noqa: PLR2004 - HTTP's own number
        return NotFound(f"There is nothing at {request.url.path}; /docs lists all addresses.")
    if error.status_code == 405:  # noqa: PLR2004 - HTTP's own number
        return MethodNotAllowed(
            f"{request.url.path} does not answer {request.method}.", headers=error.headers
        )
    if error.status_code == 415:  # noqa: PLR2004 - HTTP's own number
        return UnsupportedMedia(str(error.detail))
    return BadRequest(str(error.detail))


def _problem_of_database_error(error: Exception, constraints: ConstraintProblems) -> Problem | None:
    if isinstance(error, IntegrityError):
        return problem_of_constraint(error, constraints)
    return problem_of_database(error) if isinstance(error, DBAPIError) else None


def _operations(settings: Settings) -> APIRouter:
    """Health and metrics, the same for every service."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"service": settings.service, "status": "alive"}

    @router.get("/readyz")
    async def ready(request: Request) -> dict[str, Any]:
        checks = await readiness(request.app.state.resources)
        failed = sorted(name for name, check in checks.items() if not check["ok"])
        if failed:
            raise Unavailable(f"Not ready: {', '.join(failed)}.", checks=checks)
        return {"service": settings.service, "status": "ready", "checks": checks}

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(rendered_metrics(), media_type=METRICS_CONTENT_TYPE)

    return router


async def readiness(resources: Resources) -> dict[str, dict[str, Any]]:
    """Return per dependency whether it answers, and why not."""
    checks: dict[str, dict[str, Any]] = {}
    for name, ping in (("database", resources.database.ping), ("objects", resources.objects.ping)):
        try:
            await ping()
            checks[name] = {"ok": True}
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the part is not ready
            checks[name] = {"ok": False, "reason": type(error).__name__}
    return checks


def _describe(app: FastAPI) -> None:
    """Add to the OpenAPI document what FastAPI does not know: the problem schema and how callers authenticate."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            components = document.setdefault("components", {})
            components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the document


ACCESS_PROBLEMS = problems_of(Unauthenticated, Forbidden, NotFound)
