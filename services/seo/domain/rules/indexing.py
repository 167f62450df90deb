"""Whether a search engine may list the page, and under which address."""

from collections.abc import Iterator

from kernel.outbound import UnusableUrl, parse_web_url
from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import PageOutcome, Visit

NOINDEX = Check(
    "noindex",
    Category.INDEXABILITY,
    Severity.WARNING,
    "Page asks not to be listed (noindex)",
    "Search engines will not show this page.",
    "Remove the directive if the page should be found; otherwise ignore this.",
)
NOFOLLOW_PAGE = Check(
    "nofollow-page",
    Category.INDEXABILITY,
    Severity.NOTICE,
    "Page asks not to follow its links",
    "Its links pass nothing on to the pages behind them.",
    "Remove the nofollow directive unless the links cannot be vouched for.",
)
NOSNIPPET = Check(
    "nosnippet",
    Category.INDEXABILITY,
    Severity.NOTICE,
    "Page allows no text in search results (nosnippet)",
    "Results without a text are opened less often.",
    "Remove the directive unless the text must not be shown.",
)
ROBOTS_BLOCKED = Check(
    "robots-blocked",
    Category.INDEXABILITY,
    Severity.NOTICE,
    "Linked page is blocked by robots.txt",
    "It is linked, but crawlers may not read it; it can still be listed without any text.",
    "Allow it in robots.txt, or use noindex where it should not be listed.",
)
CANONICAL_MISSING = Check(
    "canonical-missing",
    Category.CANONICAL,
    Severity.NOTICE,
    "No canonical address",
    "Copies of the page under other parameters may compete with it.",
    'Name the preferred address: <link rel="canonical" href="…">.',
)
CANONICAL_SEVERAL = Check(
    "canonical-several",
    Category.CANONICAL,
    Severity.ERROR,
    "Several different canonical addresses",
    "Contradictory hints are ignored altogether.",
    "Keep one canonical link.",
)
CANONICAL_RELATIVE = Check(
    "canonical-relative",
    Category.CANONICAL,
    Severity.NOTICE,
    "Canonical address is relative",
    "A relative address turns into another one wherever the page is copied or reached under another host.",
    "Write the complete address.",
)
CANONICAL_UNUSABLE = Check(
    "canonical-unusable",
    Category.CANONICAL,
    Severity.ERROR,
    "Canonical link is empty or no web address",
    "Search engines ignore it.",
    "Write a complete https address, or remove the link.",
)
CANONICAL_ELSEWHERE = Check(
    "canonical-elsewhere",
    Category.CANONICAL,
    Severity.NOTICE,
    "Page names another address as canonical",
    "Search engines are asked to list that address instead of this one.",
    "Fine for copies; otherwise let the page name itself.",
)
CHECKS = (
    NOINDEX,
    NOFOLLOW_PAGE,
    NOSNIPPET,
    ROBOTS_BLOCKED,
    CANONICAL_MISSING,
    CANONICAL_SEVERAL,
    CANONICAL_RELATIVE,
    CANONICAL_UNUSABLE,
    CANONICAL_ELSEWHERE,
)

_DIRECTIVES = (
    (NOINDEX, frozenset({"noindex", "none"})),
    (NOFOLLOW_PAGE, frozenset({"nofollow", "none"})),
    (NOSNIPPET, frozenset({"nosnippet", "max-snippet:0"})),
)


def directive_rule(visit: Visit) -> Iterator[Finding]:
    """Yield directives of page and header that keep search engines away."""
    if visit.outcome == PageOutcome.ROBOTS_BLOCKED:
        yield Finding(ROBOTS_BLOCKED, {"detail": visit.detail})
    if not visit.is_page:
        return
    for check, words in _DIRECTIVES:
        found = sorted(words & visit.directives)
        if found:
            yield Finding(check, {"directives": found, "header": visit.headers.get("x-robots-tag", "")})


def canonical_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the canonical link."""
    if not (visit.html and visit.is_page):
        return
    written = visit.html.canonicals
    if not written:
        yield Finding(CANONICAL_MISSING)
        return
    usable = visit.canonical_urls
    if len(usable) > 1:
        yield Finding(CANONICAL_SEVERAL, {"canonicals": list(usable[:5])})
    elif usable and usable[0] != visit.url.href:
        yield Finding(CANONICAL_ELSEWHERE, {"canonical": usable[0]})
    if not usable or any(not href for href in written):
        yield Finding(CANONICAL_UNUSABLE, {"canonicals": list(written[:5])})
    relative = [href for href in written if href and not _is_absolute(href)]
    if relative:
        yield Finding(CANONICAL_RELATIVE, {"canonicals": relative[:5]})


def _is_absolute(href: str) -> bool:
    try:
        parse_web_url(href)
    except UnusableUrl:
        return False
    return True


RULES = (directive_rule, canonical_rule)
