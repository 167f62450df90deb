"""Slows guessing down: an attempt is counted before it is judged, so parallel attempts are counted too."""

import math
from collections.abc import Sequence
from datetime import timedelta

from kernel.clock import utc_now
from kernel.db import Session
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


async def begin_attempt(session: Session, counts: Sequence[Count]) -> None:
    """Count an attempt; raises TooManyAttempts, and counts nothing, while one of the counts has to wait."""
    rules = {count.key: count.rule for count in counts}
    rows = await queries.count_attempts(session, sorted(rules))
    wait_s = max((float(row.wait_s or 0) for row in rows), default=0.0)
    if wait_s > 0:
        seconds = math.ceil(wait_s)
        raise TooManyAttempts(
            f"Too many failed attempts. Wait {seconds} s, or set a new password by mail: "
            "POST /api/accounts/forgot-password.",
            retry_after_s=seconds,
        )
    for row in rows:
        delay_s = rules[row.key].delay_s(row.n_failures)
        if delay_s:
            await queries.block(session, row.key, until=utc_now() + timedelta(seconds=delay_s))


async def settle_success(session: Session, counts: Sequence[Count]) -> None:
    """Take a right attempt back: the account from this address begins anew, the wider counts lose this one."""
    pairs = [count.key for count in counts if count.rule is PAIR]
    wider = [count.key for count in counts if count.rule is not PAIR]
    await queries.settle(session, forget=pairs, discount=wider)
