"""`Prefer: wait=N` (RFC 7240 §4.3): hold a request for long work up to N seconds, so that small work is one call."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header

LONGEST_WAIT_S = 30.0
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?", re.IGNORECASE)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.005, 0.25


async def prefer_wait(
    prefer: Annotated[
        str, Header(description="`wait=N`: hold the answer up to N seconds (at most 30).")
    ] = "",
) -> float:
    """Return the seconds the caller is ready to wait; 0 when not asked. An unreadable preference is ignored."""
    found = _WAIT.search(prefer)
    return min(float(found.group(1)), LONGEST_WAIT_S) if found else 0.0


PreferWait = Annotated[float, Depends(prefer_wait)]


async def wait_until(is_done: Callable[[], Awaitable[bool]], *, seconds: float) -> bool:
    """Ask again with growing pauses until it is done or the time is over; returns whether it is done."""
    deadline = time.monotonic() + seconds
    pause_s = _FIRST_PAUSE_S
    while not await is_done():
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return False
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
    return True
