"""Requests and responses of teams."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field, StringConstraints, field_validator

from contracts.identity import SCOPES
from kernel.access import Role
from kernel.ids import RowId
from kernel.limits import Limit


class TeamWrite(BaseModel):
    """A team's name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=255)


class TeamRead(BaseModel):
    """A team."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    owner_id: int
    created_at: datetime


class MemberWrite(BaseModel):
    """A member's role; ownership is handed over, not given."""

    model_config = ConfigDict(extra="forbid")

    role: Literal[Role.ADMIN, Role.MEMBER, Role.VIEWER]


class TransferRequest(BaseModel):
    """Who shall own the team: one of its members."""

    model_config = ConfigDict(extra="forbid")

    user_id: RowId


class MemberRead(BaseModel):
    """A member of a team."""

    user_id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    member_since: datetime


class MembersRead(BaseModel):
    """All members of a team, oldest first."""

    items: list[MemberRead]


class DeletedTeamRead(BaseModel):
    """A deleted team of the caller's that can still come back."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    created_at: datetime
    deleted_at: datetime
    purged_at: datetime = Field(description="When it is removed for good.")


class DeletedTeamsRead(BaseModel):
    """Deleted teams, the last deleted first."""

    items: list[DeletedTeamRead]


class InvitationWrite(BaseModel):
    """Whom to invite, as what."""

    model_config = ConfigDict(extra="forbid")

    email: EmailStr = Field(max_length=254)
    role: Literal[Role.ADMIN, Role.MEMBER, Role.VIEWER]


class InvitationRead(BaseModel):
    """An invitation that was neither accepted nor taken back."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    role: Role
    invited_by_id: int | None
    created_at: datetime
    sent_at: datetime
    expires_at: datetime


class AcceptRequest(BaseModel):
    """The mailed token; without an account, also its password. With an access token in the header, the token alone."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=200)
    password: str | None = Field(
        None, max_length=1024, description="For a new account; 12 to 128 characters, several words are good."
    )
    first_name: Annotated[str, StringConstraints(strip_whitespace=True)] = Field("", max_length=150)
    last_name: Annotated[str, StringConstraints(strip_whitespace=True)] = Field("", max_length=150)


class AcceptedRead(BaseModel):
    """The team that was joined."""

    team_id: int


class ApiKeyWrite(BaseModel):
    """What a key is for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=100, description="Where it is used.")
    scopes: list[str] = Field(
        min_length=1, max_length=len(SCOPES), description=f"Any of: {', '.join(sorted(SCOPES))}."
    )
    expires_at: AwareDatetime | None = Field(None, description="When it stops by itself; null: never.")

    @field_validator("scopes")
    @classmethod
    def _known(cls, scopes: list[str]) -> list[str]:
        unknown = sorted(set(scopes) - SCOPES)
        if unknown:
            raise ValueError(
                f"there is no scope {', '.join(map(repr, unknown))}; there are {', '.join(sorted(SCOPES))}"
            )
        return sorted(set(scopes))


class ApiKeyRead(BaseModel):
    """A key, without the key itself."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    user_id: int
    name: str
    prefix: str = Field(description="Its first characters.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")


class NewApiKeyRead(ApiKeyRead):
    """A key just made."""

    key: str = Field(description="Shown this once; for `Authorization: Bearer`.")


class ChainRead(BaseModel):
    """What a walk along a team's activity log found."""

    intact: bool = Field(description="Whether every row hashes to what it says and names the row before.")
    n_rows: int
    first_position: int | None = Field(description="Oldest row that is kept; 1 until retention removes some.")
    last_position: int
    head_hash: str = Field(
        description="Hash of the last row: kept elsewhere, it shows later if history was rewritten."
    )
    broken_at: int | None = Field(
        description="Position of the first row that does not fit; null when intact."
    )


class LimitRead(BaseModel):
    """One limit of the plan and how much of it is used."""

    limit: Limit
    used: int
    maximum: int | None = Field(description="Null: no limit.")


class UsageRead(BaseModel):
    """What a team has, under the plan of its owner."""

    segment: str = Field(description="Tier of the team's owner.")
    limits: list[LimitRead]
