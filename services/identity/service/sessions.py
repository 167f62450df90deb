"""Commands of log-in sessions: end one, end all others."""

from uuid import UUID

from kernel.activity import log_activity
from kernel.db import Session
from kernel.principals import Principal
from kernel.problems import NotFound
from services.identity.queries import sessions as queries


async def end_session(session: Session, caller: Principal, session_id: UUID) -> None:
    """End one session of the caller's; raises NotFound when it is not theirs or over already."""
    if not await queries.end_live_session_of(session, caller.user_id, session_id):
        raise NotFound.of("session", session_id)
    await log_activity(session, "session.ended", actor=caller, target=f"session:{session_id}")


async def end_other_sessions(session: Session, caller: Principal) -> int:
    """End all sessions of the caller's but the one that asks; returns how many."""
    n_ended = await queries.end_sessions_of(session, caller.user_id, but=UUID(caller.session_id))
    if n_ended:
        await log_activity(session, "session.others_ended", actor=caller, n=n_ended)
    return n_ended
