"""How fast one site is asked: requests under way at the same time, and time between their starts."""

import asyncio
from dataclasses import dataclass, replace

from kernel.outbound import OutboundPolicy, WebUrl
from services.seo.settings import SeoSettings


@dataclass(frozen=True, slots=True)
class Manners:
    """Limits towards one site."""

    concurrency: int
    interval_s: float


def manners_towards(target: WebUrl, settings: SeoSettings, *, crawl_delay_s: float) -> Manners:
    """Return how to treat a site: robots.txt's delay if it asks for one; one's own machines are asked without pause."""
    if crawl_delay_s > 0:
        return Manners(1, max(crawl_delay_s, settings.interval_s))
    public_only = replace(OutboundPolicy(), ports=frozenset({target.port}))
    if public_only.refusal(target) is not None:
        return Manners(settings.private_concurrency, 0.0)
    return Manners(settings.concurrency, settings.interval_s)


class Pace:
    """Turns at one site, in order of asking."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._next_at = 0.0

    async def turn(self) -> None:
        """Wait until the next request may start."""
        now = asyncio.get_running_loop().time()
        starts_at = max(now, self._next_at)
        self._next_at = starts_at + self.interval_s
        if starts_at > now:
            await asyncio.sleep(starts_at - now)

    def pause(self, seconds: float) -> None:
        """Let no request start for a while, as the server asked."""
        self._next_at = max(self._next_at, asyncio.get_running_loop().time() + seconds)
