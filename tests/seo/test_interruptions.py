"""Crawls that are killed, shared, cancelled or slow."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kernel.subscriptions import AlreadyHandled
from tests.environment import Stack
from tests.seo.conftest import Auditor, delivered, events_about, requested_event
from tests.seo.local_site import Reply, page, serving

N_PAGES = 30
QUICK_LEASES = {"page_timeout_s": 1.0, "lease_margin_s": 0.5, "private_concurrency": 4}
ROOT = Path(__file__).parents[2]
# A worker process's part for one delivery; it is killed in the middle.
HANDLE_ONE = """
import asyncio, json, sys
from contracts.seo import AuditRequested
from kernel.events import Envelope
from kernel.resources import Resources
from kernel.subscriptions import Delivery
from services.seo.consumers import crawl_site
from services.seo.settings import SeoSettings
given = json.loads(sys.stdin.read())
envelope = Envelope.model_validate(given["envelope"])
delivery = Delivery("seo-crawl-site", envelope, 1, Resources.of(SeoSettings(**given["settings"])))
asyncio.run(crawl_site(AuditRequested.model_validate(envelope.data), delivery))
"""


def wide_site() -> dict[str, Reply | str]:
    """A start page with many pages behind it, the last of which never answers."""
    paths = [f"/p{n}" for n in range(N_PAGES)]
    pages: dict[str, Reply | str] = {path: page(f"Page {path} of a wide site", "/") for path in paths}
    return {"/": page("Start of a wide site", *paths), **pages, f"/p{N_PAGES - 1}": Reply("late", wait_s=600)}


@asynccontextmanager
async def worker_process(
    stack: Stack, owner: asyncpg.Connection, audit_id: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own that handles the audit's event; killed at the end at the latest."""
    envelope = (await requested_event(owner, audit_id)).model_dump(mode="json")
    settings = {
        **stack.settings("seo"),
        "allow_private_networks": True,
        **QUICK_LEASES,
        "page_timeout_s": 60.0,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANDLE_ONE, cwd=ROOT, stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"envelope": envelope, "settings": settings}).encode())
    process.stdin.close()
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def done_urls(owner: asyncpg.Connection, audit_id: int) -> set[str]:
    rows = await owner.fetch(
        "SELECT url FROM intelligence_auditpage WHERE site_audit_id = $1 AND state = 'DONE'", audit_id
    )
    return {row["url"] for row in rows}


async def test_a_killed_worker_loses_no_page_and_repeats_none_that_was_done(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection
) -> None:
    async with serving(wide_site()) as site:
        audit_id = await auditor.start(f"{site.base}/")
        async with worker_process(stack, owner, audit_id) as process:
            await asyncio.wait_for(site.until_asked(f"/p{N_PAGES - 1}"), 30)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        done = await done_urls(owner, audit_id)
        assert 0 < len(done) <= N_PAGES
        assert (await auditor.get(f"/api/audits/{audit_id}"))["status"] == "RUNNING"
        site.pages[f"/p{N_PAGES - 1}"] = Reply(page("Awake again"))
        # What the killed worker held is free only when its leases end; the test ends them instead of waiting a minute.
        await owner.execute(
            "UPDATE intelligence_auditpage SET leased_until = now() + interval '1 second'"
            " WHERE site_audit_id = $1 AND state = 'LEASED'",
            audit_id,
        )
        async with delivered(stack, owner, audit_id, **QUICK_LEASES) as handle:
            await handle()
        await auditor.drain()
    audit = await auditor.get(f"/api/audits/{audit_id}")
    assert (audit["status"], audit["status_codes"]) == ("SUCCESS", {"200": N_PAGES + 1})
    assert audit["progress"] == {"done": N_PAGES + 1, "total": N_PAGES + 1, "phase": "finished"}
    assert {url for url in done if site.asked[url.removeprefix(site.base)] != 1} == set()
    assert max(site.visited.values()) <= 2
    assert [kind for kind, _ in await events_about(owner, audit_id)] == ["audit-requested", "audit-complete"]


async def test_a_page_under_lease_is_left_to_its_worker(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection
) -> None:
    pages: dict[str, Reply | str] = {
        "/": page("Start of the shared site", "/slow", "/quick"),
        "/slow": Reply("slow", wait_s=0.6),
    }
    async with serving(pages) as site:
        audit_id = await auditor.start(f"{site.base}/")
        async with delivered(stack, owner, audit_id) as first, delivered(stack, owner, audit_id) as second:
            results = await asyncio.gather(first(), second(), return_exceptions=True)
        await auditor.drain()
    assert site.visited == {"/": 1, "/slow": 1, "/quick": 1}
    assert [type(result) for result in results if result is not None] in ([], [AlreadyHandled])
    assert [kind for kind, _ in await events_about(owner, audit_id)] == ["audit-requested", "audit-complete"]


async def test_a_worker_that_is_stopped_gives_its_pages_back_at_once(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection
) -> None:
    async with serving(wide_site()) as site:
        audit_id = await auditor.start(f"{site.base}/")
        async with delivered(stack, owner, audit_id) as handle:
            crawling = asyncio.create_task(_coroutine(handle))
            await asyncio.wait_for(site.until_asked(f"/p{N_PAGES - 1}"), 30)
            crawling.cancel()
            await asyncio.gather(crawling, return_exceptions=True)
        leased = await owner.fetchval(
            "SELECT count(*) FROM intelligence_auditpage WHERE site_audit_id = $1 AND state = 'LEASED'",
            audit_id,
        )
        assert leased == 0
        site.pages[f"/p{N_PAGES - 1}"] = Reply(page("Awake again"))
        await auditor.drain()
    assert (await auditor.get(f"/api/audits/{audit_id}"))["status_codes"] == {"200": N_PAGES + 1}


@pytest.mark.parametrize("end", ["cancel", "delete"])
async def test_an_audit_that_is_ended_in_mid_crawl_stops_being_crawled(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection, end: str
) -> None:
    async with serving(wide_site()) as site:
        audit_id = await auditor.start(f"{site.base}/")
        async with delivered(stack, owner, audit_id) as handle:
            crawling = asyncio.create_task(_coroutine(handle))
            await asyncio.wait_for(site.until_asked(f"/p{N_PAGES - 1}"), 30)
            during = await auditor.get(f"/api/audits/{audit_id}")
            assert (during["status"], during["progress"]["phase"]) == ("RUNNING", "crawling")
            assert during["progress"]["total"] == N_PAGES + 1
            if end == "cancel":
                assert (await auditor.call("POST", f"/api/audits/{audit_id}/cancel")).status_code == 200
            else:
                assert (await auditor.call("DELETE", f"/api/audits/{audit_id}")).status_code == 204
            await asyncio.wait_for(crawling, 10)
        await auditor.drain()
    assert [kind for kind, _ in await events_about(owner, audit_id)] == ["audit-requested"]
    if end == "cancel":
        audit = await auditor.get(f"/api/audits/{audit_id}")
        assert (audit["status"], audit["score"]) == ("CANCELLED", None)
        assert await auditor.findings(audit_id)


async def test_a_page_that_never_answers_is_a_finding_and_not_the_end(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection
) -> None:
    pages: dict[str, Reply | str] = {
        "/": page("Start of the slow site", "/slow"),
        "/slow": Reply("late", wait_s=600),
    }
    async with serving(pages) as site:
        audit_id = await auditor.start(f"{site.base}/")
        async with delivered(stack, owner, audit_id, page_timeout_s=0.5) as handle:
            await handle()
    audit = await auditor.get(f"/api/audits/{audit_id}")
    assert (audit["status"], audit["status_codes"]) == ("SUCCESS", {"200": 1})
    (finding,) = await auditor.findings(audit_id, "&code=timed-out")
    assert finding["url"] == f"{site.base}/slow"
    assert "broken-internal-link" not in await auditor.codes(audit_id)


async def test_an_audit_that_takes_too_long_ends_with_the_pages_it_has(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection
) -> None:
    async with serving(wide_site()) as site:
        audit_id = await auditor.start(f"{site.base}/")
        async with delivered(stack, owner, audit_id, max_audit_s=0.4, page_timeout_s=0.6) as handle:
            await handle()
    audit = await auditor.get(f"/api/audits/{audit_id}")
    assert audit["status"] in {"SUCCESS", "FAILED"}
    assert "stopped after" in (await auditor.get(f"/api/audits/{audit_id}/summary"))["coverage"]


async def test_the_ends_of_audits_are_told_with_their_figures(
    auditor: Auditor, owner: asyncpg.Connection, unused_tcp_port: int
) -> None:
    async with serving({"/": page("A site with a single page")}) as site:
        good = await auditor.audit(f"{site.base}/")
    bad = await auditor.audit(f"http://127.0.0.1:{unused_tcp_port}/")
    _, (kind, payload) = await events_about(owner, good["id"])
    assert kind == "audit-complete"
    assert (payload["score"], payload["status_codes"]) == (good["score"], {"200": 1})
    _, (kind, payload) = await events_about(owner, bad["id"])
    assert (kind, payload["slug"]) == ("audit-failed", "target-unreachable")


async def test_an_audit_that_keeps_being_interrupted_is_given_up(
    auditor: Auditor, stack: Stack, owner: asyncpg.Connection
) -> None:
    from contracts.seo import AuditRequested
    from kernel.resources import Resources
    from kernel.subscriptions import Delivery
    from services.seo.consumers import MAX_DELIVER, crawl_site
    from tests.conftest import settings_of

    audit_id = await auditor.start("http://127.0.0.1:9/")
    envelope = await requested_event(owner, audit_id)
    resources = Resources.of(settings_of(stack, "seo"))
    delivery = Delivery("seo-crawl-site", envelope, MAX_DELIVER, resources)
    await crawl_site(AuditRequested.model_validate(envelope.data), delivery)
    await resources.close()
    audit = await auditor.get(f"/api/audits/{audit_id}")
    assert (audit["status"], audit["error"]["type"]) == ("FAILED", "/problems/audit-interrupted")


async def _coroutine(handle: Any) -> None:
    await handle()
