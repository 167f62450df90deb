"""Signing keys as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.db import Session
from services.identity.models import SigningKey

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('plugzero.signing-keys', 0))")


async def lock_signing_keys(session: Session) -> None:
    """Let one replica at a time decide about a new key; released with the transaction."""
    await session.execute(_LOCK)


async def find_newest_key(session: AsyncSession) -> SigningKey | None:
    """Return the key made last."""
    return await session.scalar(select(SigningKey).order_by(SigningKey.created_at.desc()).limit(1))


async def list_live_keys(session: AsyncSession) -> Sequence[SigningKey]:
    """Return the keys that verify tokens now, newest first."""
    statement = (
        select(SigningKey)
        .where(or_(SigningKey.retires_at.is_(None), SigningKey.retires_at > utc_now()))
        .order_by(SigningKey.created_at.desc())
    )
    return (await session.scalars(statement)).all()


def add_key(session: Session, *, kid: str, public_jwk: dict[str, Any], sealed: str) -> None:
    """Add a key whose private part is sealed."""
    session.add(SigningKey(kid=kid, public_jwk=public_jwk, private_key_encrypted=sealed))


async def retire_other_keys(session: Session, *, kid: str, retires_at: datetime) -> None:
    """Set the end of all keys but one that have none yet."""
    await session.flush()
    await session.execute(
        update(SigningKey)
        .where(SigningKey.kid != kid, SigningKey.retires_at.is_(None))
        .values(retires_at=retires_at)
        .execution_options(synchronize_session=False)
    )
