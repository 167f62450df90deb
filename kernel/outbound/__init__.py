"""The guarded way out: the one HTTP client for addresses that users give (audits, imports, scraping, webhooks).

What lies here is light, so that an API process can check an address (`parse_web_url`, `reach_of`, `refusal_of`).
The client itself needs aiohttp, which only workers install: `from kernel.outbound.client import Outbound`.
Why it exists: a server that fetches what strangers name can be turned against its own network (ADR 0009).
"""

from kernel.outbound.addresses import Reach, reach_of
from kernel.outbound.policy import Fetched, Hop, OutboundPolicy, Outcome
from kernel.outbound.urls import UnusableUrl, WebUrl, parse_web_url

__all__ = [
    "Fetched",
    "Hop",
    "OutboundPolicy",
    "Outcome",
    "Reach",
    "UnusableUrl",
    "WebUrl",
    "parse_web_url",
    "reach_of",
]
