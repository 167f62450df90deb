"""Requests and responses of accounts."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
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
    use_cookie: bool = Field(
        default=False,
        description="For browsers: the refresh token comes as a cookie that scripts cannot read, not in the body.",
    )


class SecondStepRequest(BaseModel):
    """The second step of a log-in."""

    model_config = ConfigDict(extra="forbid")

    mfa_token: str = Field(max_length=2000)
    code: str = Field(max_length=64, description="One-time code of the authenticator, or a recovery code.")
    use_cookie: bool = Field(default=False, description="As at log-in.")


class SecondStepRead(BaseModel):
    """The password was right; POST the one-time code to /api/accounts/login/mfa."""

    mfa_required: Literal[True] = True
    mfa_token: str
    expires_in: int = Field(description="Seconds until the log-in has to begin again.")


class TokensRead(BaseModel):
    """What a log-in or refresh gives (RFC 6749 §5.1)."""

    access_token: str = Field(description="JWT for `Authorization: Bearer`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Seconds until the access token ends.")
    refresh_token: str | None = Field(
        description="For POST /api/accounts/refresh; good for one use. Null when it came as a cookie."
    )


class RefreshRequest(BaseModel):
    """The refresh token; nothing where the browser sends it as a cookie."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str | None = Field(None, max_length=200)


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


class PasswordRequest(BaseModel):
    """The account's password again: whoever found an open browser does not know it."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)


class ChangePasswordRequest(PasswordRequest):
    """The present and the next password."""

    new_password: str = Field(max_length=1024, description="12 to 128 characters; several words are good.")


class ChangeEmailRequest(PasswordRequest):
    """The password and the next address."""

    email: EmailStr = Field(
        max_length=254, description="A link is mailed there; nothing changes before it is used."
    )


class MailedTokenRequest(BaseModel):
    """The token of a mailed link."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=2000)


class EnrolmentRead(BaseModel):
    """A new seed, shown this once, in three forms."""

    secret: str = Field(description="Base32, for typing.")
    otpauth_uri: str = Field(description="For authenticators on the same device.")
    qr_svg: str = Field(description="The same as a QR code, an SVG element.")


class CodeRequest(BaseModel):
    """A one-time code."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=64, description="The six digits that the authenticator shows.")


class RecoveryCodesRead(BaseModel):
    """Codes that stand in for the authenticator, shown this once; each works once."""

    recovery_codes: list[str]


class ActivityRead(BaseModel):
    """What somebody did, or was refused."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: datetime
    team_id: int | None
    actor: str = Field(description="`user:<id>`, `key:<id>` or `anonymous`.")
    actor_id: int | None
    action: str = Field(description="Such as `member.removed`.")
    target: str = Field(description="Such as `user:7`.")
    outcome: Literal["SUCCESS", "FAILURE", "DENIED"]
    ip_address: str
    user_agent: str
    request_id: str
    details: dict[str, Any]
    position: int = Field(description="Place in the chain.")
    previous_hash: str
    hash: str
