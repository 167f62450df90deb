"""Slows guessing down: an attempt is counted before it is judged, so parallel attempts are counted too."""

import math
from collections.abc import Sequence

from kernel.db import Executor
from services.identity.domain import throttling
from services.identity.domain.throttling import PAIR, Count
from services.identity.errors import TooManyAttempts
from services.identity.queries import throttles as queries
from services.identity.service.tools import Tools


def counts_of(
    tools: Tools, purpose: str, account: str, ip_address: str, *, is_known_address: bool
) -> list[Count]:
    """Return what an attempt is counted under, by the rules of `domain.throttling` and this installation's settings."""
    return throttling.counts_of(
        purpose,
        account,
        ip_address,
        is_known_address=is_known_address,
        n_free_per_address=tools.settings.login_failures_per_address,
    )


async def begin_attempt(session: Executor, counts: Sequence[Count]) -> None:
    """Count an attempt; raises TooManyAttempts, and counts nothing, while one of the counts has to wait."""
    waits = await queries.count_attempts(session, counts)
    longest_s = max(waits.values(), default=0.0)
    if longest_s > 0:
        counted = [key for key, wait_s in waits.items() if not wait_s]
        await queries.settle(session, forget=[], discount=counted)
        seconds = math.ceil(longest_s)
        raise TooManyAttempts(
            f"Too many failed attempts. Wait {seconds} s, or set a new password by mail: "
            "POST /api/accounts/forgot-password.",
            retry_after_s=seconds,
        )


async def settle_success(session: Executor, counts: Sequence[Count]) -> None:
    """Take a right attempt back: the account from this address begins anew, the wider counts lose this one."""
    await queries.settle(session, **of_success(counts))


def of_success(counts: Sequence[Count]) -> dict[str, list[str]]:
    """Return which counts a right attempt forgets, and which it discounts."""
    return {
        "forget": [count.key for count in counts if count.rule is PAIR],
        "discount": [count.key for count in counts if count.rule is not PAIR],
    }
