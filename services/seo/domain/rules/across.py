"""Checks that need several pages at once. The database finds the facts as sets (`queries`); here they become findings.

Each finding stands on the page where it is repaired: a broken link on the page that links, not on the one that is gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.seo.domain.checks import Category, Check, Severity

BROKEN_LINK = Check(
    "broken-internal-link",
    Category.LINKS,
    Severity.ERROR,
    "Link to a page of the site that does not work",
    "Visitors who click it see an error; crawlers waste a visit.",
    "Correct or remove the link, or restore the page behind it.",
)
LINK_TO_REDIRECT = Check(
    "link-to-redirect",
    Category.LINKS,
    Severity.NOTICE,
    "Link to a redirecting address",
    "Each click takes an extra round trip.",
    "Link to the final address.",
)
ORPHAN = Check(
    "orphan-page",
    Category.LINKS,
    Severity.WARNING,
    "No other page links here",
    "Visitors and crawlers hardly find a page that no page links to.",
    "Link to it from a page that deals with the same subject.",
)
TITLE_DUPLICATE = Check(
    "title-duplicate",
    Category.TITLE,
    Severity.WARNING,
    "Several pages have this title",
    "Search results cannot be told apart.",
    "Say in each title what distinguishes the page.",
)
DESCRIPTION_DUPLICATE = Check(
    "description-duplicate",
    Category.DESCRIPTION,
    Severity.NOTICE,
    "Several pages have this meta description",
    "Search results cannot be told apart.",
    "Write a description for each page, or leave it out where the page has nothing of its own to say.",
)
CONTENT_DUPLICATE = Check(
    "content-duplicate",
    Category.CONTENT,
    Severity.WARNING,
    "Several pages have the same text",
    "Search engines list only one of them, and choose which.",
    "Keep one page and redirect the others, or name one canonical address.",
)
CANONICAL_BROKEN = Check(
    "canonical-broken",
    Category.CANONICAL,
    Severity.ERROR,
    "Canonical address does not work",
    "The page asks to be listed under an address that answers with an error or a redirect.",
    "Name an address that answers with 200.",
)
REDIRECT_CHAIN = Check(
    "redirect-chain",
    Category.REDIRECTS,
    Severity.WARNING,
    "Chain of redirects",
    "More than one redirect before the page comes: slow, and crawlers give up after some.",
    "Redirect directly to the final address.",
)
REDIRECT_LOOP = Check(
    "redirect-loop",
    Category.REDIRECTS,
    Severity.ERROR,
    "Redirects go round in circles",
    "No page ever comes; browsers show an error.",
    "Let one of the addresses answer with the page.",
)
MOSTLY_NOINDEX = Check(
    "site-mostly-noindex",
    Category.INDEXABILITY,
    Severity.ERROR,
    "Most of the site asks not to be listed",
    "More than half of the delivered pages carry noindex; often a setting left over from before the launch.",
    "Remove noindex from the template or the server's configuration.",
)
CHECKS = (
    BROKEN_LINK,
    LINK_TO_REDIRECT,
    ORPHAN,
    TITLE_DUPLICATE,
    DESCRIPTION_DUPLICATE,
    CONTENT_DUPLICATE,
    CANONICAL_BROKEN,
    REDIRECT_CHAIN,
    REDIRECT_LOOP,
    MOSTLY_NOINDEX,
)

MAX_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class SiteFinding:
    """A finding on one page, or on the whole site where `page_id` is None."""

    check: Check
    page_id: int | None
    url: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirecting address and where it leads."""

    page_id: int
    url: str
    target: str


def redirect_findings(redirects: Mapping[str, Redirect]) -> Iterator[SiteFinding]:
    """Yield chains and loops among redirects by address. Linear: each address is walked until it is known."""
    ends: dict[str, tuple[list[str], bool]] = {}
    for redirect in redirects.values():
        hops, is_loop = _walk(redirect.url, redirects, ends)
        if is_loop:
            yield SiteFinding(REDIRECT_LOOP, redirect.page_id, redirect.url, {"hops": hops[:MAX_EXAMPLES]})
        elif len(hops) > 2:  # noqa: PLR2004 - start, one redirect, page: that is no chain
            evidence = {"hops": hops[:MAX_EXAMPLES], "n_redirects": len(hops) - 1}
            yield SiteFinding(REDIRECT_CHAIN, redirect.page_id, redirect.url, evidence)


def _walk(
    start: str, redirects: Mapping[str, Redirect], ends: dict[str, tuple[list[str], bool]]
) -> tuple[list[str], bool]:
    """The addresses from `start` on, and whether they never come to a page; remembered in `ends`."""
    path: dict[str, None] = {}  # in order, and asked for membership at every step
    at = start
    while at in redirects and at not in ends and at not in path:
        path[at] = None
        at = redirects[at].target
    if at in path:
        rest, is_loop = [at], True
    else:
        rest, is_loop = ends.get(at, ([at], False))
    for url in reversed(path):
        rest = [url, *rest][: MAX_EXAMPLES + 1]
        ends[url] = (rest, is_loop)
    return ends[start]


def mostly_noindex(*, n_pages: int, n_noindex: int, url: str) -> Iterator[SiteFinding]:
    """Yield the finding for the whole site where more than half of its delivered HTML pages carry noindex."""
    if n_pages and n_noindex * 2 > n_pages:
        yield SiteFinding(MOSTLY_NOINDEX, None, url, {"n_pages": n_pages, "n_noindex": n_noindex})
