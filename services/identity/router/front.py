"""What the gateway shows of the whole: API documentation, pages of problems, readiness, the token keys.

These live in identity because every deployment has it and every other service needs it already (its keys).
"""

import asyncio
from typing import Any

import httpx2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from kernel.http import readiness
from kernel.problems import (
    BadGateway,
    GatewayTimeout,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
    problems_of,
)
from kernel.routing import Router
from services.identity.dependencies import IdentityTools
from services.identity.router import account_html, pages

router = Router(tags=["front"])

PEER_TIMEOUT_S = 3.0
GATEWAY_PROBLEMS: dict[int, type[Problem]] = {
    problem.status: problem
    for problem in (NotFound, TooLarge, TooManyRequests, BadGateway, Unavailable, GatewayTimeout)
}


@router.get("/.well-known/jwks.json")
async def read_jwks(tools: IdentityTools, response: Response) -> dict[str, Any]:
    """Return the public keys that verify access tokens (RFC 7517)."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return await tools.keys.jwks()


@router.get("/readyz/all", responses=problems_of(Unavailable))
async def read_readiness(request: Request) -> dict[str, Any]:
    """Return whether every service of the deployment is ready, each part named."""
    resources = request.app.state.resources
    own: dict[str, dict[str, Any]] = {"identity": {"status": "ready", "checks": await readiness(resources)}}
    peers = {name: url for name, url in resources.settings.peers.items() if name != "identity"}
    async with httpx2.AsyncClient(timeout=PEER_TIMEOUT_S, trust_env=False) as client:
        answers = await asyncio.gather(*(_ask_peer(client, url) for url in peers.values()))
    parts = own | dict(zip(peers, answers, strict=True))
    failed = sorted(
        name
        for name, part in parts.items()
        if part["status"] != "ready" or not all(check["ok"] for check in part["checks"].values())
    )
    if failed:
        raise Unavailable(f"Not ready: {', '.join(failed)}.", services=parts)
    return {"status": "ready", "services": parts}


async def _ask_peer(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = (await client.get(f"{url}/readyz")).json()
    except (httpx2.HTTPError, ValueError) as error:
        return {"status": "silent", "checks": {}, "reason": type(error).__name__}
    return {"status": answer.get("status", "unknown"), "checks": answer.get("checks", {})}


@router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
async def show_api_docs(service: str = "identity") -> HTMLResponse:
    """Show one page with the API of all services."""
    return HTMLResponse(pages.api_docs(service), headers={"Content-Security-Policy": pages.DOCS_POLICY})


@router.get("/docs/static/{name}", include_in_schema=False)
async def read_docs_asset(name: str) -> Response:
    """Return a script or style of the documentation page."""
    asset = pages.docs_asset(name)
    if asset is None:
        raise NotFound.of("asset", name)
    content, media_type = asset
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=86400"})


@router.get("/problems", response_class=HTMLResponse, include_in_schema=False)
async def show_problems() -> HTMLResponse:
    """Show all kinds of problems that the API can answer."""
    return HTMLResponse(pages.problem_list(), headers={"Content-Security-Policy": pages.STRICT_POLICY})


@router.get("/problems/{slug}", response_class=HTMLResponse, include_in_schema=False)
async def show_problem(slug: str) -> HTMLResponse:
    """Show what one kind of problem means and what to do."""
    page = pages.problem_page(slug)
    if page is None:
        raise NotFound.of("kind of problem", slug)
    return HTMLResponse(page, headers={"Content-Security-Policy": pages.STRICT_POLICY})


@router.api_route(
    "/problems/gateway/{status}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
)
async def answer_for_gateway(status: int, request: Request) -> Response:
    """Answer in the gateway's stead when it refuses a request or a service does not answer: a page in a browser."""
    kind = GATEWAY_PROBLEMS.get(status, BadGateway)
    if "text/html" in request.headers.get("accept", ""):
        return account_html.refusal_page(kind("Please wait a moment, then go back and try again."))
    raise kind("The gateway answered this: see the title, then repeat the request.")
