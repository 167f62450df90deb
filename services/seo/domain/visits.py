"""What is known of a page after its visit, as facts that rules judge and the database keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from kernel.outbound import Fetched, Outcome, UnusableUrl, WebUrl, parse_web_url

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
KEPT_HEADERS = frozenset(
    {
        "cache-control",
        "content-encoding",
        "content-language",
        "content-security-policy",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "server",
        "strict-transport-security",
        "vary",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-robots-tag",
    }
)
"""Response headers that rules read; the rest is not stored."""

_DENIED = frozenset({401, 403, 407, 429, 451})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class PageOutcome(StrEnum):
    """How a visit ended, beside the outcomes of the outbound client (`timeout`, `dns_error`, …)."""

    OK = "ok"
    REDIRECT = "redirect"
    HTTP_ERROR = "http_error"
    DENIED = "denied"
    """The server wants a login, or does not want us: a class of its own, never "broken"."""
    ROBOTS_BLOCKED = "robots_blocked"
    """robots.txt asks not to fetch it, so nobody did."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another page; the first of several to the same address stands for all."""

    url: str
    text: str = ""
    internal: bool = True
    nofollow: bool = False
    is_trap: bool = False
    """It looks machine-made without end, so the crawl does not follow it."""


@dataclass(frozen=True, slots=True)
class HtmlFacts:
    """What an HTML page says about itself. Texts are trimmed and shortened, lists cut at 20 unless said; `n_` is exact."""

    titles: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    headings: tuple[tuple[int, str], ...] = ()
    """Level 1–6 and text, in order, at most 200."""
    canonicals: tuple[str, ...] = ()
    """As written."""
    robots: tuple[str, ...] = ()
    """Directives of the robots meta elements, lower-case."""
    lang: str | None = None
    """As written; None without the attribute."""
    viewports: tuple[str, ...] = ()
    hreflangs: tuple[tuple[str, str], ...] = ()
    """Language and address as written."""
    social: dict[str, str] = field(default_factory=dict)
    """`og:` and `twitter:` properties."""
    refresh: str = ""
    """Content of a refresh meta element."""
    links: tuple[Link, ...] = ()
    """Each address once, at most 2,000."""
    n_links: int = 0
    n_unusable_links: int = 0
    unusable_links: tuple[str, ...] = ()
    n_images: int = 0
    n_images_without_alt: int = 0
    images_without_alt: tuple[str, ...] = ()
    n_images_without_size: int = 0
    insecure_resources: tuple[str, ...] = ()
    """Addresses of http: resources, whatever the page's own scheme; at most 20."""
    insecure_forms: tuple[str, ...] = ()
    n_words: int = 0
    text_hash: str = ""
    """SHA-256 of the visible text; empty where there is too little to compare."""
    n_elements: int = 0


_HTML_FIELDS = tuple(part.name for part in fields(HtmlFacts))
_LINK_FIELDS = tuple(part.name for part in fields(Link))


@dataclass(frozen=True, slots=True)
class Visit:
    """One visited address. Times in milliseconds; headers by lower-case name."""

    url: WebUrl
    outcome: str
    detail: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    location: WebUrl | None = None
    """Where a redirect leads; None where it leads nowhere usable."""
    size_bytes: int | None = None
    wire_bytes: int | None = None
    first_byte_ms: int | None = None
    elapsed_ms: int | None = None
    html: HtmlFacts | None = None

    @property
    def content_type(self) -> str:
        """The media type as sent, without parameters, lower-case."""
        return media_type(self.headers.get("content-type", ""))

    @property
    def is_page(self) -> bool:
        """True for an HTML page that was delivered: what content rules are about."""
        return self.html is not None and self.status == 200  # noqa: PLR2004 - HTTP OK

    @property
    def is_indexable(self) -> bool | None:
        """Whether a search engine may list it; None where nobody knows, since there was no answer."""
        if self.status is None:
            return None
        return self.is_page and not self.directives & {"noindex", "none"} and not self.is_canonicalised

    @property
    def directives(self) -> frozenset[str]:
        """Robots directives of the page and of its X-Robots-Tag header for every crawler, lower-case."""
        header = [part.strip().lower() for part in self.headers.get("x-robots-tag", "").split(",")]
        return frozenset([*header, *(self.html.robots if self.html else ())]) - {""}

    @property
    def is_canonicalised(self) -> bool:
        """True where the page names another address as its canonical one."""
        return any(url != self.url.href for url in self.canonical_urls)

    @property
    def canonical_urls(self) -> tuple[str, ...]:
        """The canonical addresses that the page names, absolute; unusable ones are left out."""
        found = []
        for href in self.html.canonicals if self.html else ():
            try:
                found.append(parse_web_url(href, self.url).href)
            except UnusableUrl:
                continue
        return tuple(dict.fromkeys(found))

    def stored(self) -> dict[str, Any]:
        """Return the facts as JSON for `AuditPage.facts`."""
        kept: dict[str, Any] = {
            "detail": self.detail,
            "headers": dict(self.headers),
            "wire_bytes": self.wire_bytes,
            "first_byte_ms": self.first_byte_ms,
        }
        if self.html is not None:
            kept["html"] = _as_json(self.html)
            kept["canonicals"] = list(self.canonical_urls)
        return kept


def _as_json(html: HtmlFacts) -> dict[str, Any]:
    """The facts by name. `dataclasses.asdict` copies deeply, which for a page of many links takes longer than parsing it."""
    facts: dict[str, Any] = {name: getattr(html, name) for name in _HTML_FIELDS}
    facts["links"] = [{name: getattr(link, name) for name in _LINK_FIELDS} for link in html.links]
    return facts


def visit_of(url: WebUrl, fetched: Fetched, *, location: WebUrl | None, html: HtmlFacts | None) -> Visit:
    """Return what a fetch without redirects says about a page."""
    return Visit(
        url=url,
        outcome=_outcome_of(fetched),
        detail=fetched.detail,
        status=fetched.status if fetched.outcome in {Outcome.OK, Outcome.TOO_LARGE} else None,
        headers={name: fetched.header(name)[:2000] for name in KEPT_HEADERS if fetched.header(name)},
        location=location,
        size_bytes=fetched.body_bytes,
        wire_bytes=fetched.wire_bytes,
        first_byte_ms=fetched.first_byte_ms,
        elapsed_ms=fetched.elapsed_ms,
        html=html,
    )


def _outcome_of(fetched: Fetched) -> str:
    status = fetched.status or 0
    if not fetched.ok:
        return fetched.outcome
    if status in _REDIRECTS:
        return PageOutcome.REDIRECT
    if status in _DENIED:
        return PageOutcome.DENIED
    return PageOutcome.HTTP_ERROR if status >= 400 else PageOutcome.OK  # noqa: PLR2004 - 4xx and 5xx


def media_type(content_type: str) -> str:
    """Return `text/html` from `Text/HTML; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()
