"""Seeds, accepted time steps and recovery codes as rows."""

from collections.abc import Sequence

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Session
from services.identity.models import RecoveryCode, User


async def accept_step(session: Session, user_id: int, step: int) -> bool:
    """Return whether this time step is later than every one accepted before; it is the last accepted one then."""
    statement = (
        update(User)
        .where(User.id == user_id, func.coalesce(User.totp_last_step, -1) < step)
        .values(totp_last_step=step)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def use_recovery_code(session: Session, user_id: int, code_hash: str) -> bool:
    """Return whether this was an unused recovery code of the user's; it is used up then."""
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=utc_now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def replace_recovery_codes(session: Session, user_id: int, code_hashes: Sequence[str]) -> None:
    """Void a user's codes and add others; none void them only."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all([RecoveryCode(user_id=user_id, code_hash=code_hash) for code_hash in code_hashes])


async def count_unused_codes(session: AsyncSession, user_id: int) -> int:
    """Return how many recovery codes a user has left."""
    statement = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(statement) or 0


async def set_seed(session: Session, user_id: int, sealed: str) -> bool:
    """Store a seed that is not in force yet; returns False where two-factor log-in is on already."""
    statement = (
        update(User)
        .where(User.id == user_id, User.is_2fa_enabled.is_(False))
        .values(totp_secret=sealed, totp_last_step=None)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def switch_on(session: Session, user_id: int) -> bool:
    """Put the stored seed in force; returns False where it is already, so that of two at once one makes the codes."""
    statement = (
        update(User)
        .where(User.id == user_id, User.is_2fa_enabled.is_(False), User.totp_secret != "")
        .values(is_2fa_enabled=True)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def switch_off(session: Session, user_id: int) -> bool:
    """Remove the seed; returns False where there was no second factor."""
    statement = (
        update(User)
        .where(User.id == user_id, User.is_2fa_enabled)
        .values(is_2fa_enabled=False, totp_secret="", totp_last_step=None)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def list_seeds_not_under(session: AsyncSession, key_id: str, *, limit: int) -> Sequence[Row[int, str]]:
    """Return (user id, sealed seed) of seeds that are sealed under another key."""
    statement = (
        select(User.id, User.totp_secret)
        .where(User.totp_secret != "", User.totp_secret.not_like(f"{key_id}:%"))
        .order_by(User.id)
        .limit(limit)
    )
    return (await session.execute(statement)).all()


async def replace_seed(session: Session, user_id: int, *, old: str, new: str) -> bool:
    """Replace a sealed seed unless its user has changed it meanwhile."""
    statement = (
        update(User)
        .where(User.id == user_id, User.totp_secret == old)
        .values(totp_secret=new)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None
