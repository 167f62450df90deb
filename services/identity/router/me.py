"""`/api/accounts/me`: one's own account, its second factor, sessions and data."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import BackgroundTasks, Query, Response
from fastapi import status as http

from kernel.activity import Outcome
from kernel.clock import utc_now
from kernel.db import ReadOnly, Transaction
from kernel.mail import deliver
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import NotFound, TooManyRequests, Unauthenticated, problems_of
from kernel.routing import Router
from services.identity.dependencies import IdentityTools
from services.identity.domain.second_factor import qr_svg
from services.identity.errors import (
    OwnsTeams,
    TooManyAttempts,
    TwoFactorIsOff,
    TwoFactorIsOn,
    WrongCode,
    WrongPassword,
)
from services.identity.queries import accounts as queries
from services.identity.queries import activity
from services.identity.queries import sessions as session_queries
from services.identity.schemas.accounts import (
    ActivityRead,
    ChangeEmailRequest,
    ChangePasswordRequest,
    CodeRequest,
    EnrolmentRead,
    MeRead,
    MeWrite,
    PasswordRequest,
    RecoveryCodesRead,
    SessionRead,
    TeamRoleRead,
)
from services.identity.service import credentials, export, profile, second_factor, sessions

router = Router(
    prefix="/api/accounts/me", tags=["accounts"], responses=problems_of(Unauthenticated, NotFound)
)
PASSWORD_PROBLEMS = (WrongPassword, TooManyAttempts, TooManyRequests)


@router.get("")
async def read_me(caller: Caller, session: ReadOnly) -> MeRead:
    """Return the caller's account with teams and roles."""
    return await _me(session, caller)


@router.patch("")
async def edit_me(body: MeWrite, caller: Caller, session: Transaction) -> MeRead:
    """Change name and institution (JSON Merge Patch)."""
    await profile.edit_profile(session, caller, body.model_dump(exclude_unset=True))
    return await _me(session, caller)


@router.delete("", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(*PASSWORD_PROBLEMS, OwnsTeams))
async def close_account(body: PasswordRequest, caller: Caller, tools: IdentityTools) -> None:
    """Close the account: all sessions end at once, and a job removes it after the grace time."""
    await profile.close_account(tools, caller, password=body.password)


@router.post("/password", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(*PASSWORD_PROBLEMS))
async def change_password(
    body: ChangePasswordRequest, caller: Caller, tools: IdentityTools, after: BackgroundTasks
) -> None:
    """Set another password; all other sessions end, and a letter tells the owner."""
    letter = await credentials.change_password(
        tools, caller, password=body.password, new_password=body.new_password
    )
    after.add_task(deliver, tools.mail, letter)


@router.post("/email", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(*PASSWORD_PROBLEMS))
async def ask_email_change(
    body: ChangeEmailRequest, caller: Caller, tools: IdentityTools, after: BackgroundTasks
) -> None:
    """Have a link mailed to another address; the account uses it once the link is. The present address is told."""
    for letter in await credentials.ask_email_change(
        tools, caller, password=body.password, new_email=body.email
    ):
        after.add_task(deliver, tools.mail, letter)


@router.post("/2fa", responses=problems_of(*PASSWORD_PROBLEMS, TwoFactorIsOn))
async def begin_second_factor(
    body: PasswordRequest, caller: Caller, tools: IdentityTools, response: Response
) -> EnrolmentRead:
    """Make a seed for an authenticator. It is in force once a code of it was confirmed."""
    enrolment = await second_factor.begin(tools, caller, password=body.password)
    response.headers["Cache-Control"] = "no-store"
    return EnrolmentRead(
        secret=enrolment.seed, otpauth_uri=enrolment.otpauth_uri, qr_svg=qr_svg(enrolment.otpauth_uri)
    )


@router.post("/2fa/confirm", responses=problems_of(WrongCode, TooManyAttempts, TwoFactorIsOn, TwoFactorIsOff))
async def confirm_second_factor(
    body: CodeRequest, caller: Caller, tools: IdentityTools, after: BackgroundTasks, response: Response
) -> RecoveryCodesRead:
    """Turn two-factor log-in on with a code of the new seed; returns the recovery codes, shown this once."""
    codes, letter = await second_factor.confirm(tools, caller, code=body.code)
    after.add_task(deliver, tools.mail, letter)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesRead(recovery_codes=codes)


@router.delete(
    "/2fa",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(*PASSWORD_PROBLEMS, TwoFactorIsOff),
)
async def turn_second_factor_off(
    body: PasswordRequest, caller: Caller, tools: IdentityTools, after: BackgroundTasks
) -> None:
    """Turn two-factor log-in off; all other sessions end, and a letter tells the owner."""
    letter = await second_factor.turn_off(tools, caller, password=body.password)
    after.add_task(deliver, tools.mail, letter)


@router.post("/2fa/recovery-codes", responses=problems_of(*PASSWORD_PROBLEMS, TwoFactorIsOff))
async def renew_recovery_codes(
    body: PasswordRequest, caller: Caller, tools: IdentityTools, after: BackgroundTasks, response: Response
) -> RecoveryCodesRead:
    """Void the recovery codes and make ten new ones, shown this once."""
    codes, letter = await second_factor.renew_recovery_codes(tools, caller, password=body.password)
    after.add_task(deliver, tools.mail, letter)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesRead(recovery_codes=codes)


@router.get("/sessions")
async def list_sessions(
    caller: Caller, session: ReadOnly, page: PageQuery, tools: IdentityTools
) -> Page[SessionRead]:
    """List the devices on which the caller is logged in, the one used last first."""
    idle_since = utc_now() - timedelta(seconds=tools.settings.session_idle_s)
    statement = session_queries.live_sessions_of(caller.user_id, idle_since=idle_since)
    order = session_queries.SESSION_ORDER
    rows, next_cursor = await paginate(session, statement, page, order_by=order)
    fields = SessionRead.model_fields.keys() - {"is_current"}
    items = [
        SessionRead(**{f: getattr(row, f) for f in fields}, is_current=str(row.id) == caller.session_id)
        for row in rows
    ]
    return Page(items=items, next_cursor=next_cursor)


@router.delete("/sessions/{session_id}", status_code=http.HTTP_204_NO_CONTENT)
async def end_session(session_id: UUID, caller: Caller, session: Transaction) -> None:
    """End one session: every service refuses it from the next request on."""
    await sessions.end_session(session, caller, session_id)


@router.delete("/sessions", status_code=http.HTTP_204_NO_CONTENT)
async def end_other_sessions(caller: Caller, session: Transaction) -> None:
    """End all sessions but the one of this request."""
    await sessions.end_other_sessions(session, caller)


@router.get("/activity")
async def list_activity(
    caller: Caller,
    session: ReadOnly,
    page: PageQuery,
    outcome: Annotated[Outcome | None, Query(description="How it ended.")] = None,
) -> Page[ActivityRead]:
    """List what was done with the caller's account, the latest first: log-ins, failures, changes."""
    statement = activity.filtered(activity.activity_of_user(caller.user_id), outcome=outcome)
    rows, next_cursor = await paginate(session, statement, page, order_by=activity.ACTIVITY_ORDER)
    return Page(items=[ActivityRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/export")
async def export_account(caller: Caller, session: ReadOnly, response: Response) -> dict[str, Any]:
    """Return everything that is kept about the caller's account, as a file."""
    response.headers["Content-Disposition"] = f'attachment; filename="plugzero-account-{caller.user_id}.json"'
    response.headers["Cache-Control"] = "no-store"
    return await export.export_account(session, caller)


async def _me(session: ReadOnly | Transaction, caller: Caller) -> MeRead:
    user = await credentials.get_user(session, caller)
    teams = [
        TeamRoleRead(id=t.id, name=t.name, role=t.role) for t in await queries.list_teams_of(session, user.id)
    ]
    fields = MeRead.model_fields.keys() - {"teams"}
    return MeRead.model_validate({**{f: getattr(user, f) for f in fields}, "teams": teams})
