"""`/api/teams`: teams and their members."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Response
from fastapi import status as http

from kernel.access import Permission, require_team
from kernel.activity import Outcome
from kernel.db import ReadOnly, Transaction
from kernel.etags import IfMatch, etag
from kernel.http import ACCESS_PROBLEMS
from kernel.limits import usage_of
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import NotFound, PreconditionFailed, problems_of
from kernel.routing import Router
from services.identity.dependencies import IdentityTools
from services.identity.errors import OwnerStays
from services.identity.queries import activity
from services.identity.queries import teams as queries
from services.identity.schemas.accounts import ActivityRead
from services.identity.schemas.teams import (
    ChainRead,
    DeletedTeamRead,
    DeletedTeamsRead,
    LimitRead,
    MemberRead,
    MembersRead,
    MemberWrite,
    TeamRead,
    TeamWrite,
    TransferRequest,
    UsageRead,
)
from services.identity.service import members
from services.identity.service import teams as service

router = Router(prefix="/api/teams", tags=["teams"], responses=ACCESS_PROBLEMS)


@router.post("", status_code=http.HTTP_201_CREATED)
async def create_team(body: TeamWrite, caller: Caller, session: Transaction, response: Response) -> TeamRead:
    """Make a team; the caller becomes its owner."""
    team = await service.create_team(session, caller, name=body.name)
    response.headers["Location"] = f"/api/teams/{team.id}"
    return _shaped(team, response)


@router.get("/deleted")
async def list_deleted_teams(session: ReadOnly, tools: IdentityTools) -> DeletedTeamsRead:
    """List the teams that the caller owned and deleted, while they can still come back."""
    grace = timedelta(days=tools.settings.purge_after_days)
    items = [
        DeletedTeamRead(
            id=t.id,
            name=t.name,
            created_at=t.created_at,
            deleted_at=t.deleted_at,
            purged_at=t.deleted_at + grace,
        )
        for t in await queries.list_deleted_teams(session)
    ]
    return DeletedTeamsRead(items=items)


@router.get("")
async def list_teams(session: ReadOnly, page: PageQuery) -> Page[TeamRead]:
    """List the caller's teams, oldest first."""
    rows, next_cursor = await paginate(session, queries.teams(), page, order_by=queries.TEAM_ORDER)
    return Page(items=[TeamRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/{team_id}")
async def read_team(team_id: int, session: ReadOnly, response: Response) -> TeamRead:
    """Return one team; `ETag` is for `If-Match` on edits."""
    await require_team(session, team_id, Permission.READ)
    team = await queries.find_team(session, team_id)
    if team is None:
        raise NotFound.of("team", team_id)
    return _shaped(team, response)


@router.patch("/{team_id}", responses=problems_of(PreconditionFailed))
async def rename_team(  # noqa: PLR0917 - FastAPI's parameters
    team_id: int,
    body: TeamWrite,
    caller: Caller,
    session: Transaction,
    if_match: IfMatch,
    response: Response,
) -> TeamRead:
    """Rename a team (owner or admin)."""
    team = await service.rename_team(session, caller, team_id, name=body.name, if_match=if_match)
    return _shaped(team, response)


@router.delete("/{team_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_team(team_id: int, caller: Caller, session: Transaction) -> None:
    """Delete a team logically (owner); its owner can restore it until it is purged."""
    await service.delete_team(session, caller, team_id)


@router.post("/{team_id}/restore")
async def restore_team(team_id: int, caller: Caller, session: Transaction, response: Response) -> TeamRead:
    """Bring a deleted team back with everything in it (its owner), until it is purged."""
    return _shaped(await service.restore_team(session, caller, team_id), response)


@router.get("/{team_id}/members")
async def list_members(team_id: int, session: ReadOnly) -> MembersRead:
    """List a team's members with their roles."""
    await require_team(session, team_id, Permission.READ)
    rows = await queries.list_members(session, team_id)
    return MembersRead(
        items=[
            MemberRead(
                user_id=r.id,
                email=r.email,
                first_name=r.first_name,
                last_name=r.last_name,
                role=r.role,
                member_since=r.created_at,
            )
            for r in rows
        ]
    )


@router.patch(
    "/{team_id}/members/{user_id}",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(OwnerStays),
)
async def change_role(
    team_id: int, user_id: int, body: MemberWrite, caller: Caller, session: Transaction
) -> None:
    """Give a member another role (owner or admin)."""
    await members.change_role(session, caller, team_id, user_id, role=body.role)


@router.delete(
    "/{team_id}/members/{user_id}",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(OwnerStays),
)
async def remove_member(team_id: int, user_id: int, caller: Caller, session: Transaction) -> None:
    """Remove a member (owner or admin), or leave. Access ends at once, in every service."""
    await members.remove_member(session, caller, team_id, user_id)


@router.post("/{team_id}/transfer", status_code=http.HTTP_204_NO_CONTENT)
async def transfer_team(team_id: int, body: TransferRequest, caller: Caller, session: Transaction) -> None:
    """Hand the team over to another member (owner); the old owner stays as admin."""
    await members.transfer_team(session, caller, team_id, user_id=body.user_id)


@router.get("/{team_id}/usage")
async def read_usage(team_id: int, session: ReadOnly, tools: IdentityTools) -> UsageRead:
    """Return what the team has of what the plan of its owner limits."""
    await require_team(session, team_id, Permission.READ)
    usage = await usage_of(session, team_id)
    if usage is None:
        raise NotFound.of("team", team_id)
    plan = tools.settings.plan_limits.get(usage.segment, {})
    return UsageRead(
        segment=usage.segment,
        limits=[
            LimitRead(limit=limit, used=used, maximum=plan.get(limit)) for limit, used in usage.used.items()
        ],
    )


@router.get("/{team_id}/activity")
async def list_activity(  # noqa: PLR0917 - one parameter per filter
    team_id: int,
    session: ReadOnly,
    page: PageQuery,
    action: Annotated[
        str | None, Query(max_length=60, description="Such as `member.removed`; `member.` for all of them.")
    ] = None,
    outcome: Annotated[Outcome | None, Query(description="How it ended.")] = None,
    actor_id: Annotated[int | None, Query(description="Who did it.")] = None,
    since: Annotated[datetime | None, Query(description="From this moment on.")] = None,
    until: Annotated[datetime | None, Query(description="Before this moment.")] = None,
) -> Page[ActivityRead]:
    """List what was done and refused in a team, the latest first (owner or admin)."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    statement = activity.filtered(
        activity.activity_of_team(team_id),
        action=action,
        outcome=outcome,
        actor_id=actor_id,
        since=since,
        until=until,
    )
    rows, next_cursor = await paginate(session, statement, page, order_by=activity.ACTIVITY_ORDER)
    return Page(items=[ActivityRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/{team_id}/activity/verify")
async def verify_activity(team_id: int, session: ReadOnly) -> ChainRead:
    """Walk along a team's activity log and say whether any row was changed, removed or slipped in (owner or admin)."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    found = await activity.verify_chain(session, team_id)
    return ChainRead(
        intact=found.broken_at is None,
        n_rows=found.n_rows,
        first_position=found.first_position,
        last_position=found.last_position,
        head_hash=found.head_hash,
        broken_at=found.broken_at,
    )


def _shaped(team: Any, response: Response) -> TeamRead:
    response.headers["ETag"] = etag(team.revision)
    return TeamRead.model_validate(team)
