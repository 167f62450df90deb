"""The crawl loop: lease, visit, record, until the frontier is empty.

One transaction per round records what came since the last and leases what fits, so that a crash loses at most the
visits under way; their leases run out, and the next delivery visits them again.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from kernel.clock import utc_now
from kernel.logs import get_logger
from kernel.outbound.client import Outbound
from kernel.subscriptions import Delivery
from services.seo.consumers.pace import Manners, Pace, manners_towards
from services.seo.consumers.visitor import Visitor
from services.seo.queries.frontier import LeasedPage
from services.seo.service import crawl
from services.seo.service.crawl import CrawlPlan, Deferred, Visited
from services.seo.service.verdict import COMPLETE
from services.seo.settings import SeoSettings

LOOK_EVERY_S = 1.0
"""How soon a cancelled audit is noticed while nothing comes back."""

log = get_logger(__name__)


class Crawler:
    """One worker's part of one audit's crawl."""

    def __init__(self, plan: CrawlPlan, delivery: Delivery, client: Outbound, settings: SeoSettings) -> None:
        self._plan = plan
        self._delivery = delivery
        self._settings = settings
        self._pace = Pace(0.0)
        self._visitor = Visitor(plan.site, client, self._pace, settings)
        self._under_way: set[asyncio.Task[Visited | Deferred]] = set()
        self._held: dict[int, LeasedPage] = {}
        """By id: leased and not yet recorded."""

    async def run(self) -> str | None:
        """Crawl to the end; returns the coverage reached, or None where the audit was cancelled or deleted."""
        robots = await self._visitor.robots_of(self._plan.target)
        manners = manners_towards(self._plan.target, self._settings, crawl_delay_s=robots.crawl_delay_s)
        self._pace.interval_s = manners.interval_s
        if self._plan.wants_sitemaps:
            listed = await self._visitor.sitemap_urls(self._plan.target)
            async with self._delivery.transaction() as session:
                await crawl.add_listed(session, self._plan, listed)
        try:
            return await self._rounds(manners)
        finally:
            await self._leave()

    async def _rounds(self, manners: Manners) -> str | None:
        results: list[Visited | Deferred] = []
        while True:
            is_over_time = self._is_over_time()
            n_free = 0 if is_over_time else manners.concurrency - len(self._under_way)
            async with self._delivery.transaction() as session:
                step = await crawl.advance(
                    session, self._plan, results, n_free=n_free, lease_s=self._lease_s(manners)
                )
            if step.is_stopped:
                return None
            if step.site is not None:
                self._plan = replace(self._plan, site=step.site)
                self._visitor.site = step.site
            for result in results:
                self._held.pop(result.page.id, None)
            for page in step.pages:
                self._held[page.id] = page
                self._under_way.add(asyncio.create_task(self._visitor.visit(page)))
            if self._under_way:
                results = await self._next_results()
            elif step.next_free_at is None or is_over_time:
                return self._coverage(is_over_time=is_over_time)
            else:
                results = []
                await asyncio.sleep(_wait_s(step.next_free_at))

    async def _next_results(self) -> list[Visited | Deferred]:
        done, self._under_way = await asyncio.wait(
            self._under_way, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED
        )
        return [task.result() for task in done]

    async def _leave(self) -> None:
        """End what is under way and give its pages back, so that the next delivery need not wait for the leases."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()
        if self._held:
            with suppress(Exception):  # the leases run out by themselves
                await asyncio.shield(self._give_back(list(self._held.values())))

    async def _give_back(self, pages: list[LeasedPage]) -> None:
        async with self._delivery.transaction() as session:
            await crawl.give_back(session, pages)

    def _lease_s(self, manners: Manners) -> float:
        """Longer than a visit can take, its turns included."""
        turns_s = manners.interval_s * manners.concurrency
        return self._settings.page_timeout_s + turns_s + self._settings.lease_margin_s

    def _is_over_time(self) -> bool:
        return (utc_now() - self._plan.started_at).total_seconds() > self._settings.max_audit_s

    def _coverage(self, *, is_over_time: bool) -> str:
        return f"partial: stopped after {self._settings.max_audit_s:.0f} s" if is_over_time else COMPLETE


def _wait_s(until: datetime) -> float:
    return min(max((until - utc_now()).total_seconds(), 0.05), LOOK_EVERY_S)
