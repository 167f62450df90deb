"""Events that identity publishes: what happened to teams and their members."""

from typing import ClassVar

from pydantic import Field

from kernel.events import Event

SCOPES = frozenset(
    f"{noun}:{act}"
    for noun in (
        "projects",
        "files",
        "datasets",
        "surveys",
        "analyses",
        "insights",
        "reports",
        "comments",
        "audits",
    )
    for act in ("read", "write")
) | {"teams:read", "search:read"}
"""What an API key may be allowed: the first tag of a route, and whether it only reads. Accounts, members and keys
themselves are out of any key's reach."""


class TeamCreated(Event):
    """A team exists; its creator is its owner."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "team-created"

    team_id: int = Field(description="The new team.")
    name: str = Field(description="Its name at that moment.")
    owner_id: int = Field(description="The user who owns it.")


class TeamDeleted(Event):
    """A team was deleted logically: nobody reaches its projects any more, and a purge follows after its grace time."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "team-deleted"

    team_id: int = Field(description="The deleted team.")


class TeamRestored(Event):
    """A deleted team is back, with everything that was in it."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "team-restored"

    team_id: int = Field(description="The team.")


class MemberInvited(Event):
    """A role in a team was offered to an address."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "member-invited"

    team_id: int = Field(description="The team.")
    invitation_id: int = Field(description="The invitation.")
    role: str = Field(description="ADMIN, MEMBER or VIEWER.")


class MemberJoined(Event):
    """A user accepted an invitation and is a member now."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "member-joined"

    team_id: int = Field(description="The team.")
    user_id: int = Field(description="The new member.")
    role: str = Field(description="ADMIN, MEMBER or VIEWER.")


class MemberRoleChanged(Event):
    """A member has another role, or the team another owner."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "member-role-changed"

    team_id: int = Field(description="The team.")
    user_id: int = Field(description="The member.")
    role: str = Field(description="OWNER, ADMIN, MEMBER or VIEWER.")


class MemberRemoved(Event):
    """A user is no longer a member of a team: removed by others or gone of their own accord."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "member-removed"

    team_id: int = Field(description="The team that was left.")
    user_id: int = Field(description="The user who is no longer a member.")
