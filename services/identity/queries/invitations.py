"""Invitations as rows."""

from datetime import datetime

from sqlalchemy import Row, Select, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Session
from services.identity.models import Invitation

INVITATION_ORDER = (Invitation.created_at.desc(), Invitation.id.desc())
# Written out, since the ORM would add RETURNING, and the policy for reading sees no membership before its statement is over.
_ADD_MEMBER = text(
    "INSERT INTO accounts_teammembership (team_id, user_id, role) VALUES (:team_id, :user_id, :role)"
)
_IS_OPEN = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


def open_invitations_of(team_id: int) -> Select[Invitation]:
    """Select a team's invitations that were neither accepted nor taken back, expired ones included."""
    return select(Invitation).where(Invitation.team_id == team_id, *_IS_OPEN)


async def count_open(session: AsyncSession, team_id: int) -> int:
    """Return how many invitations of a team can still be accepted."""
    statement = select(func.count()).where(
        Invitation.team_id == team_id, *_IS_OPEN, Invitation.expires_at > utc_now()
    )
    return await session.scalar(statement) or 0


async def revoke_expired(session: Session, team_id: int, email: str) -> None:
    """Close an address's invitation that is too old, so that it can be invited anew."""
    await session.execute(
        update(Invitation)
        .where(
            Invitation.team_id == team_id,
            Invitation.email == email,
            *_IS_OPEN,
            Invitation.expires_at <= utc_now(),
        )
        .values(revoked_at=utc_now())
        .execution_options(synchronize_session=False)
    )


async def find_open(session: Session, team_id: int, invitation_id: int) -> Invitation | None:
    """Return an open invitation of a team, locked until the transaction ends."""
    statement = open_invitations_of(team_id).where(Invitation.id == invitation_id).with_for_update()
    return await session.scalar(statement)


async def find_by_token(session: AsyncSession) -> Row[int, int, str, str, str] | None:
    """Return (id, team_id, email, role, team_name) of the invitation whose token this transaction carries, if it is open."""
    return (await session.execute(text("SELECT * FROM access.open_invitation()"))).one_or_none()


async def lock_by_token(session: Session, token_hash: str) -> None:
    """Let one acceptance at a time look at an invitation; released with the transaction."""
    await session.execute(select(Invitation.id).where(Invitation.token_hash == token_hash).with_for_update())


async def accept(session: Session, invitation_id: int, *, now: datetime) -> bool:
    """Return whether this call accepted the invitation: of two at once, one does."""
    statement = (
        update(Invitation)
        .where(Invitation.id == invitation_id, *_IS_OPEN, Invitation.expires_at > now)
        .values(accepted_at=now)
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def add_member(session: Session, team_id: int, user_id: int, *, role: str) -> None:
    """Add a member; the database checks that the transaction carries an invitation to this role."""
    row = {"team_id": team_id, "user_id": user_id, "role": role}
    await session.execute(_ADD_MEMBER, row)
