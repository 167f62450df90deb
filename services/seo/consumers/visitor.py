"""One visit: ask robots.txt, wait for one's turn, fetch, extract, judge."""

import asyncio
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from kernel.clock import utc_now
from kernel.logs import get_logger
from kernel.outbound import Fetched, Outcome, UnusableUrl, WebUrl, parse_web_url
from kernel.outbound.client import Outbound
from services.seo.consumers.pace import Pace
from services.seo.domain.catalogue import page_findings
from services.seo.domain.extraction import html_facts
from services.seo.domain.robots import MAX_REDIRECTS, MAX_ROBOTS_BYTES, Robots, robots_url
from services.seo.domain.sitemaps import MAX_ENTRIES, MAX_SITEMAP_BYTES, Sitemap, read_sitemap
from services.seo.domain.sites import Site, page_url
from services.seo.domain.visits import HTML_TYPES, HtmlFacts, PageOutcome, Visit, media_type, visit_of
from services.seo.queries.frontier import LeasedPage
from services.seo.service.crawl import Deferred, Visited
from services.seo.settings import SeoSettings

MAX_ATTEMPTS = 3
"""Visits of a page whose server says 429 or 503, before that counts as its answer."""
MAX_PAUSE_S = 30.0
MAX_SITEMAPS = 50
"""Sitemap files that are read for one audit."""
_FIRST_PAUSE_S = 1.0
_BUSY = frozenset({429, 503})

log = get_logger(__name__)


class Visitor:
    """Visits pages of one site; keeps its robots.txt for the time of the crawl."""

    def __init__(self, site: Site, client: Outbound, pace: Pace, settings: SeoSettings) -> None:
        self.site = site
        self._client = client
        self._pace = pace
        self._settings = settings
        self._robots: dict[str, asyncio.Task[Robots]] = {}

    async def robots_of(self, url: WebUrl) -> Robots:
        """Return the rules of an address's origin; fetched once."""
        if url.origin not in self._robots:
            self._robots[url.origin] = asyncio.create_task(self._fetch_robots(url))
        return await asyncio.shield(self._robots[url.origin])

    async def visit(self, page: LeasedPage) -> Visited | Deferred:
        """Return what a page brings, judged; or that its server wants it later."""
        url = parse_web_url(page.url)
        robots = await self.robots_of(url)
        if robots.failure:
            return _judged(page, Visit(url, robots.failure, f"robots.txt: {robots.reason}"))
        if not robots.allows(url):
            return _judged(page, Visit(url, PageOutcome.ROBOTS_BLOCKED, robots.reason))
        await self._pace.turn()
        fetched = await self._client.get(url)
        if fetched.ok and fetched.status in _BUSY and page.attempts + 1 < MAX_ATTEMPTS:
            wait_s = _pause_s(fetched, attempt=page.attempts)
            self._pace.pause(wait_s)
            return Deferred(page, wait_s)
        html = await asyncio.to_thread(self._extracted, url, fetched)
        return _judged(page, visit_of(url, fetched, location=_location(url, fetched), html=html))

    async def _fetch_robots(self, url: WebUrl) -> Robots:
        limits = replace(
            self._client.policy,
            max_bytes=MAX_ROBOTS_BYTES,
            max_redirects=MAX_REDIRECTS,
            body_types=frozenset(),
        )
        fetched = await self._client.get(robots_url(url), policy=limits)
        return Robots.of(fetched, product_token=self._settings.robots_token)

    async def sitemap_urls(self, target: WebUrl) -> list[str]:
        """Return the pages of the site that its sitemaps list: those that robots.txt names, else `/sitemap.xml`."""
        robots = await self.robots_of(target)
        if not robots.allows(target):
            return []
        waiting = list(robots.sitemaps) or [f"{target.origin}/sitemap.xml"]
        read: set[str] = set()
        pages: dict[str, None] = {}
        while waiting and len(read) < MAX_SITEMAPS and len(pages) < MAX_ENTRIES:
            url = _usable(waiting.pop(0), target)
            if url is None or url.href in read or not self.site.holds(url):
                continue
            read.add(url.href)
            sitemap = await self._read_sitemap(url)
            if sitemap is None:
                break
            waiting += sitemap.sitemaps
            found = (_usable(listed, url) for listed in sitemap.pages)
            pages.update((page_url(page).href, None) for page in found if page and self.site.holds(page))
        return list(pages)[:MAX_ENTRIES]

    async def _read_sitemap(self, url: WebUrl) -> Sitemap | None:
        """What a sitemap lists; None where the server gave no answer, and should not be asked for more."""
        limits = replace(
            self._client.policy,
            max_bytes=MAX_SITEMAP_BYTES,
            max_redirects=MAX_REDIRECTS,
            body_types=frozenset(),
        )
        await self._pace.turn()
        fetched = await self._client.get(url, policy=limits)
        if not fetched.ok:
            return None
        if fetched.status != HTTPStatus.OK:
            return Sitemap()
        return await asyncio.to_thread(read_sitemap, fetched.body)

    def _extracted(self, url: WebUrl, fetched: Fetched) -> HtmlFacts | None:
        """What the HTML says; runs in a thread. A defect of ours costs one page its facts, not the site its audit."""
        content_type = fetched.header("content-type")
        is_html = media_type(content_type) in HTML_TYPES or _looks_like_html(content_type, fetched.body)
        if fetched.outcome not in {Outcome.OK, Outcome.TOO_LARGE} or not is_html or not fetched.body:
            return None
        try:
            return html_facts(fetched.body, url=url, content_type=content_type, site=self.site)
        except Exception:
            log.exception("page_not_extracted", url=url.href)
            return None


def _judged(page: LeasedPage, visit: Visit) -> Visited:
    return Visited(page, visit, tuple(page_findings(visit)))


def _location(url: WebUrl, fetched: Fetched) -> WebUrl | None:
    """Where a redirect leads, or None."""
    written = fetched.header("location")
    return _usable(written, url) if written else None


def _usable(written: str, base: WebUrl) -> WebUrl | None:
    try:
        return parse_web_url(written, base)
    except UnusableUrl:
        return None


def _looks_like_html(content_type: str, body: bytes) -> bool:
    """For answers without a Content-Type (MIME Sniffing Standard §7, shortened)."""
    return not content_type and body[:1000].lstrip().lower().startswith(
        (b"<!doctype html", b"<html", b"<head", b"<body")
    )


def _pause_s(fetched: Fetched, *, attempt: int) -> float:
    """Seconds to wait: Retry-After as seconds or as a date (RFC 9110 §10.2.3), else growing; at most `MAX_PAUSE_S`."""
    asked = fetched.header("retry-after").strip()
    wait_s = _FIRST_PAUSE_S * 2.0**attempt
    if asked.isdecimal():
        wait_s = float(asked[:6])
    elif asked:
        wait_s = _seconds_until(asked) or wait_s
    return min(max(wait_s, 0.0), MAX_PAUSE_S)


def _seconds_until(date: str) -> float | None:
    try:
        return (parsedate_to_datetime(date) - utc_now()).total_seconds()
    except (ValueError, TypeError):
        return None
