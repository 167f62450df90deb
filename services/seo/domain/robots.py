"""robots.txt after RFC 9309: what a site asks crawlers not to fetch. Parsing is protego's; the rest is decided here.

Worker processes only. A file of a real site never raises: what cannot be read allows everything, as §2.2.4 says.
"""

from dataclasses import dataclass
from typing import Self

from protego import Protego

from kernel.outbound import Fetched, Outcome, WebUrl

MAX_ROBOTS_BYTES = 500 * 1024
"""RFC 9309 §2.5: at least the first 500 KiB are parsed."""
MAX_REDIRECTS = 5
"""RFC 9309 §2.3.1.2: at least five consecutive redirects are followed."""
MAX_CRAWL_DELAY_S = 10.0
"""Longer delays are cut to this; a site of 500 pages would take hours otherwise."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin for one crawler."""

    reason: str
    """Where the rules come from, for people."""
    parsed: Protego | None = None
    """None where everything is allowed, or nothing."""
    allows_all: bool = True
    agent: str = ""
    failure: str = ""
    """Outcome of the fetch where the host itself gave no answer; its pages will give none either."""

    @classmethod
    def of(cls, fetched: Fetched, *, product_token: str) -> Self:
        """Return the rules that a fetch of robots.txt stands for.

        RFC 9309 §2.3.1: a 2xx is parsed; a 4xx, and a redirect chain beyond the limit, count as "unavailable" and
        allow everything; a 5xx or no answer counts as "unreachable" and forbids everything.
        """
        status = fetched.status or 0
        if fetched.outcome is Outcome.TOO_LARGE or (fetched.ok and 200 <= status < 300):  # noqa: PLR2004 - 2xx
            return cls("robots.txt", parsed=_parsed(fetched.body), agent=product_token)
        if fetched.outcome in {Outcome.TOO_MANY_REDIRECTS, Outcome.REDIRECT_LOOP, Outcome.BAD_URL}:
            return cls(f"robots.txt could not be reached ({fetched.outcome}), so everything is allowed")
        if fetched.ok and status < 500:  # noqa: PLR2004 - 4xx, and 3xx without a target
            return cls(f"there is no robots.txt (status {status}), so everything is allowed")
        if fetched.ok:
            return cls(f"robots.txt answers with status {status}, which forbids everything", allows_all=False)
        return cls(fetched.detail or fetched.outcome, allows_all=False, failure=fetched.outcome)

    def allows(self, url: WebUrl) -> bool:
        """True where the crawler may fetch an address; longest match wins, ties to Allow (RFC 9309 §2.2.2)."""
        if url.path == "/robots.txt":
            return True
        if self.parsed is None:
            return self.allows_all
        return bool(self.parsed.can_fetch(url.href, self.agent))

    @property
    def crawl_delay_s(self) -> float:
        """Seconds between requests that the site asks for, at most `MAX_CRAWL_DELAY_S`; 0 where it asks for none."""
        delay = self.parsed.crawl_delay(self.agent) if self.parsed else None
        return min(max(float(delay or 0), 0.0), MAX_CRAWL_DELAY_S)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """Addresses of sitemaps as written."""
        return tuple(self.parsed.sitemaps) if self.parsed else ()


def robots_url(url: WebUrl) -> str:
    """Return where the robots.txt of an address lies (RFC 9309 §2.3)."""
    return f"{url.origin}/robots.txt"


def _parsed(body: bytes) -> Protego:
    text = body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace")
    try:
        return Protego.parse(text)
    except Exception:  # noqa: BLE001 - no file of a stranger may end an audit; an unreadable one allows everything
        return Protego.parse("")
