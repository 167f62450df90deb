"""What every answer forbids browsers and caches, unless it says otherwise itself; and which methods are never answered."""

import httpx2
import pytest

from tests.conftest import SERVICES, Clients, Person

STRICT = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


@pytest.mark.asvs("3.2.1", "3.4.3", "3.4.4", "3.4.6", "14.3.2")
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("path", ["/api/teams", "/api/projects", "/nothing", "/healthz"])
async def test_an_answer_is_kept_by_no_cache_and_run_or_framed_by_no_browser(
    clients: Clients, alice: Person, service: str, path: str
) -> None:
    client: httpx2.AsyncClient = getattr(clients, service)
    answer = await client.get(path, headers=alice.headers)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == STRICT
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_page_says_for_itself_what_it_needs(clients: Clients) -> None:
    answer = await clients.identity.get("/docs")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    asset = await clients.identity.get("/docs/static/front.css")
    assert asset.headers["cache-control"] == "public, max-age=86400"


@pytest.mark.asvs("3.4.2", "13.4.4")
@pytest.mark.parametrize("service", SERVICES)
async def test_trace_is_not_answered_and_no_other_origin_is_let_in(clients: Clients, service: str) -> None:
    client: httpx2.AsyncClient = getattr(clients, service)
    assert (await client.request("TRACE", "/healthz")).status_code == 405
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = await client.request("OPTIONS", "/api/teams", headers=headers)
    assert "access-control-allow-origin" not in preflight.headers
    answer = await client.get("/healthz", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
