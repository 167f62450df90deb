"""One FastAPI application per service, alike in everything that is not its routes.

Middleware (request id, log line, metrics, body limit), problem handlers, health, metrics, OpenAPI. A service's
`app.py` only calls `create_app`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from kernel.live import note_stop
from kernel.logs import configure_logging
from kernel.middleware import RequestContext
from kernel.problem_handlers import add_problem_handlers
from kernel.problems import (
    PROBLEM_SCHEMA,
    ConstraintProblems,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
    problems_of,
)
from kernel.resources import Resources
from kernel.settings import Settings
from kernel.telemetry import METRICS_CONTENT_TYPE, configure_tracing, rendered_metrics

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
        note_stop(app)
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
        # kernel.middleware measures and traces requests, around everything else.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.resources, app.state.constraints = resources or Resources.of(settings), constraints or {}
    app.add_middleware(RequestContext, service=settings.service)
    add_problem_handlers(app)
    for router in (_operations(settings), *routers):
        app.include_router(router)
    _describe(app)
    return app


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
