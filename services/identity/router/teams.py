"""`/api/teams`: teams and their members."""

from fastapi import Response
from fastapi import status as http

from kernel.access import Permission, require_team
from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import NotFound, problems_of
from kernel.routing import Router
from services.identity.errors import OwnerStays
from services.identity.queries import teams as queries
from services.identity.schemas.teams import (
    MemberRead,
    MembersRead,
    MemberWrite,
    TeamRead,
    TeamWrite,
    TransferRequest,
)
from services.identity.service import members
from services.identity.service import teams as service

router = Router(prefix="/api/teams", tags=["teams"], responses=ACCESS_PROBLEMS)


@router.post("", status_code=http.HTTP_201_CREATED)
async def create_team(body: TeamWrite, caller: Caller, session: Transaction, response: Response) -> TeamRead:
    """Make a team; the caller becomes its owner."""
    team = await service.create_team(session, name=body.name, owner_id=caller.user_id)
    response.headers["Location"] = f"/api/teams/{team.id}"
    return TeamRead.model_validate(team)


@router.get("")
async def list_teams(session: ReadOnly, page: PageQuery) -> Page[TeamRead]:
    """List the caller's teams, oldest first."""
    rows, next_cursor = await paginate(session, queries.teams(), page, order_by=queries.TEAM_ORDER)
    return Page(items=[TeamRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/{team_id}")
async def read_team(team_id: int, session: ReadOnly) -> TeamRead:
    """Return one team."""
    await require_team(session, team_id, Permission.READ)
    team = await queries.find_team(session, team_id)
    if team is None:
        raise NotFound.of("team", team_id)
    return TeamRead.model_validate(team)


@router.patch("/{team_id}")
async def rename_team(team_id: int, body: TeamWrite, session: Transaction) -> TeamRead:
    """Rename a team (owner or admin)."""
    return TeamRead.model_validate(await service.rename_team(session, team_id, name=body.name))


@router.delete("/{team_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_team(team_id: int, session: Transaction) -> Response:
    """Delete a team logically (owner)."""
    await service.delete_team(session, team_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


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
async def change_role(team_id: int, user_id: int, body: MemberWrite, session: Transaction) -> None:
    """Give a member another role (owner or admin)."""
    await members.change_role(session, team_id, user_id, role=body.role)


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
