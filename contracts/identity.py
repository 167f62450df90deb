"""Events that identity publishes: what happened to teams and their members."""

from typing import ClassVar

from pydantic import Field

from kernel.events import Event


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


class MemberRemoved(Event):
    """A user is no longer a member of a team: removed by others or gone of their own accord."""

    service: ClassVar[str] = "identity"
    type: ClassVar[str] = "member-removed"

    team_id: int = Field(description="The team that was left.")
    user_id: int = Field(description="The user who is no longer a member.")
