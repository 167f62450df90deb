"""Requests and responses of accounts."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field


class Segment(StrEnum):
    """Tier of a user; decides limits."""

    STUDENT = "STUDENT"
    SMB = "SMB"
    ENTERPRISE = "ENTERPRISE"


class RegisterRequest(BaseModel):
    """A new account."""

    model_config = ConfigDict(extra="forbid")

    email: EmailStr = Field(max_length=254, description="Log-in name; the mail for verification goes there.")
    password: str = Field(max_length=1024, description="12 to 128 characters; several words make a good one.")
    segment: Segment = Field(Segment.SMB, description="Tier.")
    institution: str = Field("", max_length=255, description="University or company.")


class RegisterRead(BaseModel):
    """Always the same answer, so that nobody learns who has an account."""

    detail: str = "If this address can be registered, it now has an account or a mail with the next step."


class VerifyEmailRequest(BaseModel):
    """The token of a mailed link."""

    token: str = Field(max_length=2000)


class ForgotPasswordRequest(BaseModel):
    """Whose password was forgotten."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)


class ForgotPasswordRead(BaseModel):
    """Always the same answer, so that nobody learns who has an account."""

    detail: str = "If this address has an account, a mail with the next step is on its way."


class ResetPasswordRequest(BaseModel):
    """A mailed token and the new password."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=2000)
    password: str = Field(max_length=1024, description="12 to 128 characters; several words make a good one.")


class SessionRead(BaseModel):
    """A log-in on one device."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    ip_address: str
    is_current: bool = Field(description="Whether it is the session of this request.")


class LoginRequest(BaseModel):
    """Credentials."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)


class TokensRead(BaseModel):
    """What a log-in or refresh gives (RFC 6749 §5.1)."""

    access_token: str = Field(description="JWT for `Authorization: Bearer`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Seconds until the access token ends.")
    refresh_token: str = Field(description="For POST /api/accounts/refresh; good for one use.")


class RefreshRequest(BaseModel):
    """The refresh token."""

    refresh_token: str = Field(max_length=200)


class TeamRoleRead(BaseModel):
    """A team of the caller and the role in it."""

    id: int
    name: str
    role: str


class MeRead(BaseModel):
    """The caller's own account."""

    id: int
    email: str
    segment: Segment
    institution: str
    first_name: str
    last_name: str
    is_2fa_enabled: bool
    teams: list[TeamRoleRead]


class MeWrite(BaseModel):
    """What a person may change of the account; fields that are not sent stay (RFC 7396)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    first_name: str = Field("", max_length=150)
    last_name: str = Field("", max_length=150)
    institution: str = Field("", max_length=255, description="University or company.")


class CloseAccountRequest(BaseModel):
    """The account's password again."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)
