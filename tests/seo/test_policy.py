"""What a deployment decides: private networks, limits; and how callers may wait and repeat."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from services.seo.app import create
from tests.conftest import Clients, Person, settings_of
from tests.environment import Stack
from tests.seo.conftest import Auditor, delivered
from tests.seo.local_site import SMALL_SITE, Reply, page, serving


@pytest.fixture
async def public_only(stack: Stack, clients: Clients) -> AsyncIterator[httpx2.AsyncClient]:
    """The application of a deployment that does not allow private networks, with a low limit of pages."""
    app = create(settings_of(stack, "seo", allow_private_networks=False, max_pages=50))
    app.state.resources.verifier = clients.apps["seo"].state.resources.verifier
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://plugzero.test") as client,
    ):
        yield client


@pytest.mark.parametrize(
    "target_url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
        "http://10.1.2.3/",
        "http://[::1]/",
        "http://router.local/",
        "http://example.org:8080/",
    ],
)
async def test_a_private_target_is_refused_with_the_way_out(
    public_only: httpx2.AsyncClient, alice: Person, project: int, target_url: str
) -> None:
    answer = await public_only.post(
        f"/api/projects/{project}/audits", json={"target_url": target_url}, headers=alice.headers
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/target_url"
    assert "SEO_ALLOW_PRIVATE_NETWORKS" in error["detail"]


async def test_a_public_name_that_leads_to_a_private_address_fails_the_audit(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lookup(_host: str) -> list[str]:
        return ["127.0.0.1"]

    audit_id = await auditor.start("http://shop.example/")
    monkeypatch.setattr("kernel.outbound.client.system_lookup", lookup)
    async with delivered(stack, owner, audit_id, allow_private_networks=False) as handle:
        await handle()
    audit = await auditor.get(f"/api/audits/{audit_id}")
    assert (audit["status"], audit["error"]["type"]) == ("FAILED", "/problems/target-not-allowed")
    assert "loopback" in audit["error"]["detail"]


async def test_a_public_page_that_links_to_a_private_address_does_not_reach_it(auditor: Auditor) -> None:
    async with serving({"/": page("Inside"), "/hidden": page("Hidden")}) as inside:
        links = [f"{inside.base}/hidden", "http://169.254.169.254/latest/"]
        pages: dict[str, Reply | str] = {
            "/": page("Home that links inside", *links, "/jump"),
            "/jump": Reply(status=302, headers={"Location": f"{inside.base}/hidden"}),
        }
        async with serving(pages) as site:
            await auditor.audit(f"{site.base}/")
    assert inside.asked == {}


async def test_more_pages_than_the_deployment_allows_are_refused(
    public_only: httpx2.AsyncClient, alice: Person, project: int
) -> None:
    body = {"target_url": "https://example.org/", "max_pages": 51}
    answer = await public_only.post(f"/api/projects/{project}/audits", json=body, headers=alice.headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/max_pages")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"target_url": 7},
        {"target_url": "https://a.example/", "max_depth": 21},
        {"target_url": "x", "extra": 1},
    ],
)
async def test_a_malformed_request_is_told_field_by_field(auditor: Auditor, body: dict[str, object]) -> None:
    answer = await auditor.call("POST", f"/api/projects/{auditor.project}/audits", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_caller_who_waits_gets_the_finished_audit(auditor: Auditor) -> None:
    async with serving(SMALL_SITE) as site:
        asking = asyncio.create_task(
            auditor.call(
                "POST",
                f"/api/projects/{auditor.project}/audits",
                json={"target_url": f"{site.base}/"},
                headers={"Prefer": "wait=25"},
            )
        )
        while not asking.done():
            await auditor.drain()
            await asyncio.sleep(0.05)
    answer = asking.result()
    assert (answer.status_code, answer.json()["status"]) == (200, "SUCCESS")
    assert answer.headers["Location"] == f"/api/audits/{answer.json()['id']}"


async def test_a_repeated_request_with_the_same_key_starts_one_audit(auditor: Auditor) -> None:
    body = {"target_url": "http://127.0.0.1:9/"}
    path = f"/api/projects/{auditor.project}/audits"
    first, second = [
        await auditor.call("POST", path, json=body, headers={"Idempotency-Key": "one-audit"})
        for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second.headers["Location"] == first.headers["Location"]
    other = await auditor.call(
        "POST", path, json={"target_url": "http://127.0.0.1:10/"}, headers={"Idempotency-Key": "one-audit"}
    )
    assert other.status_code == 409
    assert len((await auditor.get(path))["items"]) == 1
