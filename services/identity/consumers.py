"""What identity's worker does: no event concerns it yet; its jobs tidy up and renew keys."""

from datetime import timedelta
from typing import cast

from sqlalchemy import text

from kernel.clock import utc_now
from kernel.db import Tenancy
from kernel.idempotency import purge_expired
from kernel.resources import Resources
from kernel.scheduler import Jobs
from kernel.subscriptions import Consumers
from services.identity.queries import sessions, throttles
from services.identity.service.keys import SigningKeys
from services.identity.service.second_factor import reseal_seeds
from services.identity.service.tools import seed_keyring
from services.identity.settings import IdentitySettings

HOUR_S, DAY_S = 3600, 86_400
KEEP_SESSIONS, KEEP_THROTTLES = timedelta(days=30), timedelta(days=2)
consumers = Consumers("identity")
jobs = Jobs("identity")


def _settings(resources: Resources) -> IdentitySettings:
    """The settings of this worker, which is identity's."""
    return cast("IdentitySettings", resources.settings)


@jobs.every(HOUR_S, name="purge-idempotency-keys")
async def purge_idempotency_keys(resources: Resources) -> None:
    """Remove keys, of all services, whose day is over."""
    async with resources.database.transaction(Tenancy.none()) as session:
        await purge_expired(session)


@jobs.every(DAY_S, name="purge-deleted")
async def purge_deleted(resources: Resources) -> None:
    """Remove teams and accounts that were deleted logically and whose grace time is over, with all that was theirs."""
    grace = {"days": _settings(resources).purge_after_days}
    async with resources.database.transaction(Tenancy.none()) as session:
        await session.execute(
            text("SELECT * FROM maintenance.purge_deleted(make_interval(days => :days))"), grace
        )


@jobs.every(DAY_S, name="purge-traces-of-log-ins")
async def purge_traces_of_logins(resources: Resources) -> None:
    """Remove sessions that were over a month ago, and counts of attempts that nobody continued."""
    async with resources.database.transaction(Tenancy.none()) as session:
        await sessions.purge_sessions(session, before=utc_now() - KEEP_SESSIONS)
        await throttles.purge_throttles(session, before=utc_now() - KEEP_THROTTLES)


@jobs.every(DAY_S, name="purge-activity")
async def purge_activity(resources: Resources) -> None:
    """Remove the oldest rows of the activity log once they are past their retention."""
    keep = {"days": _settings(resources).activity_days}
    async with resources.database.transaction(Tenancy.none()) as session:
        await session.execute(text("SELECT maintenance.purge_activity(make_interval(days => :days))"), keep)


@jobs.every(HOUR_S, name="renew-signing-keys")
async def renew_signing_keys(resources: Resources) -> None:
    """Make the next signing key when the present one is old enough; the old one stays published for its tokens."""
    await SigningKeys(resources.database, _settings(resources)).ensure()


@jobs.every(HOUR_S, name="seal-seeds-anew")
async def seal_seeds_anew(resources: Resources) -> None:
    """Seal seeds of one-time codes under the present key of PLUGZERO_ENCRYPTION_KEYS."""
    await reseal_seeds(resources.database, seed_keyring(_settings(resources)))
