"""GENERATED from schema/*/models.py by `make models`; do not edit. Tables of identity."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, FetchedValue, ForeignKey, Integer, String, Text, Uuid, func
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
    revision: Mapped[int] = mapped_column(Integer, server_default=FetchedValue())
    """Counts edits; the entity tag."""


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
    methods: Mapped[list[Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """How it was authenticated (RFC 8176): pwd, otp, kba for a recovery code."""


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


class RecoveryCode(Base):
    """One-time codes for a log-in without the second factor's device."""

    __tablename__ = "accounts_recoverycode"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Whose it is."""
    code_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the code, in hexadecimal digits."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the codes were made."""
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was used up; null before."""


class Invitation(Base):
    """Roles in teams that were offered by mail."""

    __tablename__ = "accounts_invitation"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    team_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_team.id"))
    """The team."""
    email: Mapped[str] = mapped_column(String(255))
    """The invited address, in lower case."""
    role: Mapped[str] = mapped_column(String(20))
    """ADMIN, MEMBER or VIEWER."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the mailed token, hexadecimal."""
    invited_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """Who invited; null once purged."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When it was made."""
    sent_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When the letter last left."""
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When the token stops working."""
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was accepted; null before."""
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was taken back; null otherwise."""


class ApiKey(Base):
    """Keys with which programs call the API in a member's name."""

    __tablename__ = "accounts_apikey"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_user.id"))
    """In whose name it acts."""
    team_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts_team.id"))
    """The team."""
    name: Mapped[str] = mapped_column(String(100))
    """What it is for, as its maker says."""
    prefix: Mapped[str] = mapped_column(String(20))
    """Its first characters, which identify it to people."""
    key_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the key, in hexadecimal digits."""
    scopes: Mapped[list[Any]] = mapped_column(JSONB)
    """What it may do: a list such as ['surveys:read']."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When it was made."""
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it stops; null: never by itself."""
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Last use, to the minute; null before."""
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was revoked; null while it works."""


class LoginThrottle(Base):
    """Counts of failed log-ins, shared by all replicas."""

    __tablename__ = "accounts_loginthrottle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of what is counted: an account, an address, both."""
    n_failures: Mapped[int] = mapped_column(Integer)
    """Attempts that have not been followed by a success."""
    blocked_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """Attempts before this moment are refused."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue(), onupdate=func.now())
    """Last attempt."""


class ActivityLog(Base):
    """Who did what, hash-chained; rows are only added."""

    __tablename__ = "accounts_activitylog"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Internal unique identifier."""
    chain: Mapped[str] = mapped_column(String(40))
    """The chain it belongs to: team:<id>, user:<id> or anonymous:<0..63>."""
    position: Mapped[int] = mapped_column(BigInteger)
    """Its place in the chain, from 1 without gaps."""
    team_id: Mapped[int | None] = mapped_column(BigInteger)
    """The team it concerns; null for accounts."""
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    """The acting user; null when nobody is known."""
    actor: Mapped[str] = mapped_column(String(100))
    """Who acted: user:<id>, key:<id>, anonymous."""
    action: Mapped[str] = mapped_column(String(60))
    """What was done, such as member.removed."""
    target: Mapped[str] = mapped_column(String(100), server_default=FetchedValue())
    """On what, such as user:7."""
    outcome: Mapped[str] = mapped_column(String(10))
    """SUCCESS, FAILURE or DENIED."""
    ip_address: Mapped[str] = mapped_column(String(45), server_default=FetchedValue())
    """From which address."""
    user_agent: Mapped[str] = mapped_column(String(512), server_default=FetchedValue())
    """With which device or program."""
    request_id: Mapped[str] = mapped_column(String(64), server_default=FetchedValue())
    """X-Request-Id of the request."""
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=FetchedValue())
    """What else is worth knowing, such as the factor."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
    """When it happened."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    """Hash of the row before; zeros for the first."""
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the row and previous_hash, in hexadecimal digits."""


class ActivityHead(Base):
    """The present end of each chain of the activity log."""

    __tablename__ = "accounts_activityhead"

    chain: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The chain."""
    position: Mapped[int] = mapped_column(BigInteger)
    """Position of its last row; 0 before the first."""
    hash: Mapped[str] = mapped_column(String(64))
    """Hash of its last row; zeros before the first."""
