"""The relay's recurring job: rows of messaging that have served their time are deleted, in small steps.

Published events stay for `OUTBOX_DAYS`, so long can `kernel.reconcile` publish them again. Inbox rows outlive
them, or an event published again late would have a second effect.
"""

from sqlalchemy import CursorResult, text

from kernel.db import Tenancy
from kernel.logs import get_logger
from kernel.resources import Resources
from kernel.scheduler import Jobs

OUTBOX_DAYS = 30
INBOX_DAYS = 45
REDRIVEN_DAYS = 90
STEP_ROWS = 5000
EVERY_S = 3600

_OLD_EVENTS = """
    DELETE FROM messaging_outbox WHERE id IN (
        SELECT id FROM messaging_outbox
        WHERE created_at < now() - make_interval(days => :days) AND published_at IS NOT NULL
        ORDER BY created_at LIMIT :rows)
"""
_OLD_ENTRIES = """
    DELETE FROM messaging_inbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM messaging_inbox
        WHERE processed_at < now() - make_interval(days => :days)
        ORDER BY processed_at LIMIT :rows))
"""
_OLD_LETTERS = """
    DELETE FROM messaging_deadletter WHERE id IN (
        SELECT id FROM messaging_deadletter
        WHERE redriven_at < now() - make_interval(days => :days)
        ORDER BY id LIMIT :rows)
"""
_STATEMENTS = {
    "outbox": (_OLD_EVENTS, OUTBOX_DAYS),
    "inbox": (_OLD_ENTRIES, INBOX_DAYS),
    "dead letters": (_OLD_LETTERS, REDRIVEN_DAYS),
}

jobs = Jobs("relay")
log = get_logger(__name__)


@jobs.every(EVERY_S, name="purge-messaging")
async def purge_messaging(resources: Resources) -> None:
    """Delete what is older than its time, each step in a transaction of its own."""
    for what, (statement, days) in _STATEMENTS.items():
        n_deleted = 0
        while step := await _delete_step(resources, statement, days):
            n_deleted += step
            if step < STEP_ROWS:
                break
        if n_deleted:
            log.info("purged", what=what, n_rows=n_deleted)


async def _delete_step(resources: Resources, statement: str, days: int) -> int:
    async with resources.database.transaction(Tenancy.none()) as session:
        result = await session.execute(text(statement), {"days": days, "rows": STEP_ROWS})
        return result.rowcount if isinstance(result, CursorResult) else 0
