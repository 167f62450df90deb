"""Commands of log-in sessions: end one, end all others."""

from uuid import UUID

from kernel.db import Session
from kernel.principals import Principal
from kernel.problems import NotFound
from services.identity.queries import accounts as queries


async def end_session(session: Session, caller: Principal, session_id: UUID) -> None:
    """End one session of the caller's; raises NotFound when it is not theirs or over already."""
    if not await queries.end_live_session_of(session, caller.user_id, session_id):
        raise NotFound.of("session", session_id)


async def end_other_sessions(session: Session, caller: Principal) -> None:
    """End all sessions of the caller's but the one that asks."""
    await queries.end_sessions_of(session, caller.user_id, but=UUID(caller.session_id))
