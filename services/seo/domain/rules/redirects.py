"""Redirects seen on one address; chains and loops need several and stand in `across.py`."""

import re
from collections.abc import Iterator

from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import PageOutcome, Visit

TO_HTTP = Check(
    "redirect-to-http",
    Category.REDIRECTS,
    Severity.WARNING,
    "Redirects from https to http",
    "Visitors leave the encrypted connection, and browsers warn them.",
    "Redirect to the https address instead.",
)
NOWHERE = Check(
    "redirect-to-nowhere",
    Category.REDIRECTS,
    Severity.ERROR,
    "Redirect without a usable target",
    "The answer is a redirect, but its Location header is missing or no web address.",
    "Send a Location header with a complete address.",
)
TEMPORARY = Check(
    "redirect-temporary",
    Category.REDIRECTS,
    Severity.NOTICE,
    "Temporary redirect",
    "302, 303 and 307 say that the old address will come back, so search engines keep it.",
    "Use 301 or 308 where the move is final.",
)
META_REFRESH = Check(
    "meta-refresh",
    Category.REDIRECTS,
    Severity.WARNING,
    "Page redirects by a meta refresh",
    "Search engines may ignore it, and the back button stops working for visitors.",
    "Answer with a 301 redirect instead.",
)
CHECKS = (TO_HTTP, NOWHERE, TEMPORARY, META_REFRESH)

_TEMPORARY = frozenset({302, 303, 307})
_REFRESH_WITH_TARGET = re.compile(r"^\s*\d+(\.\d+)?\s*[;,]\s*(url\s*=)?\s*\S", re.IGNORECASE)


def redirect_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with a redirect answer."""
    if visit.outcome != PageOutcome.REDIRECT:
        return
    if visit.location is None:
        yield Finding(NOWHERE, {"status": visit.status, "location": visit.headers.get("location", "")})
        return
    evidence = {"status": visit.status, "location": visit.location.href}
    if visit.url.scheme == "https" and visit.location.scheme == "http":
        yield Finding(TO_HTTP, evidence)
    if visit.status in _TEMPORARY:
        yield Finding(TEMPORARY, evidence)


def refresh_rule(visit: Visit) -> Iterator[Finding]:
    """Yield a redirect that is hidden in the page."""
    if visit.html and visit.is_page and _REFRESH_WITH_TARGET.match(visit.html.refresh):
        yield Finding(META_REFRESH, {"content": visit.html.refresh})


RULES = (redirect_rule, refresh_rule)
