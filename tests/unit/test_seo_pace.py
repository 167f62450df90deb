"""How politely a site is asked."""

import asyncio

import pytest

from kernel.outbound import parse_web_url
from services.seo.consumers.pace import Manners, Pace, manners_towards
from services.seo.settings import SeoSettings

SETTINGS = SeoSettings(concurrency=3, interval_s=0.5, private_concurrency=9)


@pytest.mark.parametrize(
    ("url", "crawl_delay_s", "expected"),
    [
        ("https://example.org/", 0.0, Manners(3, 0.5)),
        ("https://example.org:8443/", 0.0, Manners(3, 0.5)),
        ("https://example.org/", 4.0, Manners(1, 4.0)),
        ("https://example.org/", 0.1, Manners(1, 0.5)),
        ("http://127.0.0.1:8123/", 0.0, Manners(9, 0.0)),
        ("http://localhost:8123/", 0.0, Manners(9, 0.0)),
        ("http://127.0.0.1:8123/", 2.0, Manners(1, 2.0)),
    ],
)
def test_own_machines_are_asked_without_pause_and_others_as_they_wish(
    url: str, crawl_delay_s: float, expected: Manners
) -> None:
    assert manners_towards(parse_web_url(url), SETTINGS, crawl_delay_s=crawl_delay_s) == expected


async def test_turns_keep_their_distance_and_a_pause_moves_them_all() -> None:
    loop = asyncio.get_running_loop()
    pace, started = Pace(0.05), loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(4)))
    assert loop.time() - started >= 0.15
    pace.pause(0.1)
    paused = loop.time()
    await pace.turn()
    assert loop.time() - paused >= 0.1
