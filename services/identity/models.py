"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of identity."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, FetchedValue, ForeignKey, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Registry of the classes below; INSERT and UPDATE read back what the database filled in."""

    __mapper_args__ = {"eager_defaults": True}


class User(Base):
    """A person with a login; closed accounts are marked, then purged by a job."""

    __tablename__ = "accounts_user"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    password: Mapped[str] = mapped_column(String(255))
    """Argon2id hash of the password."""
    last_login: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Last completed login."""
    is_superuser: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """Kept for AbstractUser; grants nothing."""
    username: Mapped[str] = mapped_column(String(150), server_default=FetchedValue())
    """Kept for AbstractUser: a random name, never shown; people log in by email."""
    first_name: Mapped[str] = mapped_column(String(150), server_default=FetchedValue())
    """Given name."""
    last_name: Mapped[str] = mapped_column(String(150), server_default=FetchedValue())
    """Family name."""
    is_staff: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """Kept for AbstractUser; grants nothing."""
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """False keeps the person from logging in."""
    date_joined: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the account was registered."""
    email: Mapped[str] = mapped_column(String(255))
    """The login identifier, unique in any spelling of case."""
    segment: Mapped[str] = mapped_column(String(20), server_default=FetchedValue())
    """User tier: STUDENT, SMB, ENTERPRISE."""
    institution: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """University or company name."""
    is_2fa_enabled: Mapped[bool] = mapped_column(Boolean, server_default=FetchedValue())
    """Whether a login asks for a one-time code."""
    totp_secret: Mapped[str] = mapped_column(String(255), server_default=FetchedValue())
    """Seed of the one-time codes, encrypted; empty without one."""
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    """Last accepted time step (RFC 6238): a code counts once, so only a later one is accepted."""
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the address was confirmed; null before."""
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the account was closed; null while it is open."""


class Team(Base):
    """A workspace: the root of data ownership; deleted ones are marked, then purged by a job."""

    __tablename__ = "accounts_team"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    name: Mapped[str] = mapped_column(String(255))
    """Display name of the team workspace."""
    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """The user who owns the team."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the team was created."""
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the team was deleted; null while it exists."""


class TeamMembership(Base):
    """A user's role in a team."""

    __tablename__ = "accounts_teammembership"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """The member."""
    team_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_team.id"))
    """The team."""
    role: Mapped[str] = mapped_column(String(20))
    """OWNER, ADMIN, MEMBER or VIEWER."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the user joined."""


class Session(Base):
    """One login on one device, and the family of its refresh tokens."""

    __tablename__ = "accounts_session"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=FetchedValue())
    """Claim `sid` of its access tokens."""
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who is logged in."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the login was completed."""
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """End of the session, however often it is refreshed."""
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """Last refresh."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was ended or revoked; null while it is open."""
    user_agent: Mapped[str] = mapped_column(String(512), server_default=FetchedValue())
    """The device, as it named itself."""
    ip_address: Mapped[str] = mapped_column(String(45), server_default=FetchedValue())
    """Address of the last use."""


class RefreshToken(Base):
    """A refresh token: rotated at each use; reuse ends its session."""

    __tablename__ = "accounts_refreshtoken"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    session_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("accounts_session.id"))
    """The login it belongs to."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the token, in hexadecimal digits."""
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the token was issued."""
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was exchanged for its successor; null before."""
    successor: Mapped[str | None] = mapped_column(Text)
    """The successor, encrypted: tabs that refresh at the same time get the same one."""


class SigningKey(Base):
    """A key pair that signs access tokens."""

    __tablename__ = "accounts_signingkey"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Key id in the header of its tokens."""
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The public half as a JSON Web Key (RFC 7517)."""
    private_key_encrypted: Mapped[str] = mapped_column(Text)
    """The private half, encrypted."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the key was made."""
    retires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it leaves the published key set; null while it signs."""
