"""Requests and responses of teams."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kernel.access import Role


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

    user_id: int


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
