"""`/api/teams/{id}/invitations` and `/api/invitations/accept`."""

from fastapi import BackgroundTasks, Request, Response
from fastapi import status as http

from kernel.access import Permission, require_team
from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.mail import deliver
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller, current_principal
from kernel.problems import Forbidden, Invalid, TooManyRequests, Unauthenticated, problems_of
from kernel.routing import Router
from services.identity.dependencies import IdentityTools
from services.identity.errors import (
    AccountExists,
    AlreadyInvited,
    AlreadyMember,
    InvitationForSomebodyElse,
    LinkExpired,
    TooManyOpen,
)
from services.identity.queries import invitations as queries
from services.identity.schemas.teams import AcceptedRead, AcceptRequest, InvitationRead, InvitationWrite
from services.identity.service import invitations as service

router = Router(prefix="/api", tags=["invitations"])


@router.post(
    "/teams/{team_id}/invitations",
    status_code=http.HTTP_201_CREATED,
    responses=ACCESS_PROBLEMS | problems_of(AlreadyMember, AlreadyInvited, Forbidden, TooManyOpen),
)
async def invite(  # noqa: PLR0917 - FastAPI's parameters
    team_id: int,
    body: InvitationWrite,
    caller: Caller,
    session: Transaction,
    tools: IdentityTools,
    after: BackgroundTasks,
    response: Response,
) -> InvitationRead:
    """Invite an address as ADMIN, MEMBER or VIEWER (owner or admin); a letter brings the link."""
    invitation, letter = await service.invite(
        tools, session, caller, team_id, email=body.email, role=body.role
    )
    after.add_task(deliver, tools.mail, letter)
    response.headers["Location"] = f"/api/teams/{team_id}/invitations/{invitation.id}"
    return InvitationRead.model_validate(invitation)


@router.get("/teams/{team_id}/invitations", responses=ACCESS_PROBLEMS)
async def list_invitations(team_id: int, session: ReadOnly, page: PageQuery) -> Page[InvitationRead]:
    """List invitations that were neither accepted nor taken back, the newest first (owner or admin)."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    statement = queries.open_invitations_of(team_id)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.INVITATION_ORDER)
    return Page(items=[InvitationRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.delete(
    "/teams/{team_id}/invitations/{invitation_id}",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=ACCESS_PROBLEMS,
)
async def revoke_invitation(team_id: int, invitation_id: int, caller: Caller, session: Transaction) -> None:
    """Take an invitation back (owner or admin); its link does not work any more."""
    await service.revoke(session, caller, team_id, invitation_id)


@router.post(
    "/teams/{team_id}/invitations/{invitation_id}/resend",
    responses=ACCESS_PROBLEMS | problems_of(TooManyRequests),
)
async def resend_invitation(  # noqa: PLR0917 - FastAPI's parameters
    team_id: int,
    invitation_id: int,
    caller: Caller,
    session: Transaction,
    tools: IdentityTools,
    after: BackgroundTasks,
) -> InvitationRead:
    """Mail a new link (owner or admin), at most once a minute; the earlier link does not work any more."""
    invitation, letter = await service.resend(tools, session, caller, team_id, invitation_id)
    after.add_task(deliver, tools.mail, letter)
    return InvitationRead.model_validate(invitation)


@router.post(
    "/invitations/accept",
    responses=problems_of(
        Unauthenticated,
        LinkExpired,
        AlreadyMember,
        AccountExists,
        InvitationForSomebodyElse,
        TooManyRequests,
    ),
)
async def accept_invitation(body: AcceptRequest, request: Request, tools: IdentityTools) -> AcceptedRead:
    """Join a team: logged in with the invited address, or without an account by choosing a password."""
    if "authorization" in request.headers:
        caller = await current_principal(request)
        return AcceptedRead(team_id=await service.accept(tools, caller, token=body.token))
    if body.password is None:
        raise Invalid.at(
            "/password", "Without an account choose a password; with one, log in and send the access token."
        )
    team_id = await service.accept_as_new(
        tools,
        token=body.token,
        password=body.password,
        first_name=body.first_name,
        last_name=body.last_name,
    )
    return AcceptedRead(team_id=team_id)
