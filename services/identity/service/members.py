"""Commands of memberships: change a role, remove a member, leave, hand a team over."""

from contracts.identity import MemberRemoved, MemberRoleChanged
from kernel.access import Permission, Role, require_team
from kernel.activity import log_activity
from kernel.db import Session
from kernel.events import record
from kernel.principals import Principal
from kernel.problems import NotFound
from services.identity.errors import OwnerStays
from services.identity.models import TeamMembership
from services.identity.queries import teams as queries

HAND_OVER_FIRST = "Hand the team over first: POST /api/teams/<id>/transfer with the new owner's user_id."


async def change_role(session: Session, caller: Principal, team_id: int, user_id: int, *, role: Role) -> None:
    """Give a member another role; raises NotFound, Forbidden, and OwnerStays for the owner, whose role is handed over."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    membership = await _get_membership(session, team_id, user_id)
    if membership.role == Role.OWNER:
        raise OwnerStays(HAND_OVER_FIRST)
    before, membership.role = membership.role, role
    await record(session, MemberRoleChanged(team_id=team_id, user_id=user_id, role=role), team_id=team_id)
    await session.flush()  # the log's lock comes last
    await log_activity(
        session,
        "member.role_changed",
        actor=caller,
        team_id=team_id,
        target=f"user:{user_id}",
        before=before,
        after=role.value,
    )


async def remove_member(session: Session, caller: Principal, team_id: int, user_id: int) -> None:
    """Remove a member, or leave: everybody but the owner may remove themselves.

    Access ends with the commit: the database looks memberships up in every statement. Raises NotFound, Forbidden and
    OwnerStays.
    """
    is_leaving = caller.user_id == user_id
    await require_team(session, team_id, Permission.READ if is_leaving else Permission.MANAGE_MEMBERS)
    if not await queries.delete_membership_unless_owner(session, team_id, user_id):
        if await queries.is_member(session, team_id, user_id):
            raise OwnerStays(HAND_OVER_FIRST)
        raise NotFound.of("member", user_id)
    await record(session, MemberRemoved(team_id=team_id, user_id=user_id), team_id=team_id)
    action = "member.left" if is_leaving else "member.removed"
    await log_activity(session, action, actor=caller, team_id=team_id, target=f"user:{user_id}")


async def transfer_team(session: Session, caller: Principal, team_id: int, *, user_id: int) -> None:
    """Hand a team over to another member; the owner becomes an admin. Raises NotFound and Forbidden.

    The owner's row is locked first, so of two transfers at once the second finds that it is not the owner's any more.
    """
    await require_team(session, team_id, Permission.TRANSFER_TEAM)
    old = await _get_membership(session, team_id, caller.user_id)
    if old.role != Role.OWNER:
        raise NotFound.of("team", team_id)
    new = await _get_membership(session, team_id, user_id)
    team = await queries.lock_team(session, team_id)
    if team is None:
        raise NotFound.of("team", team_id)
    if new is old:
        return
    old.role = Role.ADMIN
    await session.flush()  # a unique index allows one owner at any moment
    new.role = Role.OWNER
    team.owner_id = user_id
    team.revision += 1
    await record(
        session, MemberRoleChanged(team_id=team_id, user_id=user_id, role=Role.OWNER), team_id=team_id
    )
    await session.flush()  # the log's lock comes last
    await log_activity(session, "team.transferred", actor=caller, team_id=team_id, target=f"user:{user_id}")


async def _get_membership(session: Session, team_id: int, user_id: int) -> TeamMembership:
    membership = await queries.find_membership(session, team_id, user_id)
    if membership is None:
        raise NotFound.of("member", user_id)
    return membership
