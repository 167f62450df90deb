"""`/api/accounts`: register, verify, log in, refresh, log out, one's own account."""

from uuid import UUID

from fastapi import BackgroundTasks, Response
from fastapi import status as http

from kernel.db import ReadOnly, Transaction
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import NotFound, TooManyRequests, Unauthenticated, problems_of
from kernel.routing import Router
from services.identity.dependencies import AccountCommands, CallerDevice
from services.identity.errors import LinkExpired, OwnsTeams, SessionEnded, WrongCredentials, WrongPassword
from services.identity.queries import accounts as queries
from services.identity.schemas.accounts import (
    CloseAccountRequest,
    ForgotPasswordRead,
    ForgotPasswordRequest,
    LoginRequest,
    MeRead,
    MeWrite,
    RefreshRequest,
    RegisterRead,
    RegisterRequest,
    ResetPasswordRequest,
    SessionRead,
    TeamRoleRead,
    TokensRead,
    VerifyEmailRequest,
)
from services.identity.service import profile, sessions
from services.identity.service.accounts import Tokens
from services.identity.service.mail import deliver

router = Router(prefix="/api/accounts", tags=["accounts"])


@router.post("/register", status_code=http.HTTP_202_ACCEPTED, responses=problems_of(TooManyRequests))
async def register(body: RegisterRequest, commands: AccountCommands, after: BackgroundTasks) -> RegisterRead:
    """Make an account. The answer is the same whether or not the address is known."""
    letter = await commands.register(
        email=body.email, password=body.password, segment=body.segment, institution=body.institution
    )
    if letter is not None:
        after.add_task(deliver, commands.mail, letter)
    return RegisterRead()


@router.post("/verify-email", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(LinkExpired))
async def verify_email(body: VerifyEmailRequest, commands: AccountCommands) -> Response:
    """Verify an address with the token that was mailed to it."""
    await commands.verify_email(body.token)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.post("/forgot-password", status_code=http.HTTP_202_ACCEPTED)
async def forget_password(
    body: ForgotPasswordRequest, commands: AccountCommands, after: BackgroundTasks
) -> ForgotPasswordRead:
    """Have a link mailed that sets a new password. The answer is the same whether or not the address is known."""
    letter = await commands.forget_password(body.email)
    if letter is not None:
        after.add_task(deliver, commands.mail, letter)
    return ForgotPasswordRead()


@router.post(
    "/reset-password",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(LinkExpired, TooManyRequests),
)
async def reset_password(
    body: ResetPasswordRequest, commands: AccountCommands, after: BackgroundTasks
) -> None:
    """Set a new password with a mailed token; all sessions end."""
    letter = await commands.reset_password(body.token, password=body.password)
    after.add_task(deliver, commands.mail, letter)


@router.post("/login", responses=problems_of(WrongCredentials, TooManyRequests))
async def log_in(body: LoginRequest, commands: AccountCommands, device: CallerDevice) -> TokensRead:
    """Start a session with email and password."""
    return _tokens(await commands.log_in(email=body.email, password=body.password, device=device))


@router.post("/refresh", responses=problems_of(SessionEnded))
async def refresh(body: RefreshRequest, commands: AccountCommands) -> TokensRead:
    """Exchange a refresh token for the next pair. Each is good for one use."""
    return _tokens(await commands.refresh(body.refresh_token))


@router.post("/logout", status_code=http.HTTP_204_NO_CONTENT)
async def log_out(body: RefreshRequest, commands: AccountCommands) -> Response:
    """End the session of a refresh token."""
    await commands.log_out(body.refresh_token)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.get("/me", responses=problems_of(Unauthenticated))
async def read_me(caller: Caller, session: ReadOnly) -> MeRead:
    """Return the caller's account with teams and roles."""
    return await _me(session, caller)


@router.patch("/me", responses=problems_of(Unauthenticated))
async def edit_me(body: MeWrite, caller: Caller, session: Transaction) -> MeRead:
    """Change name and institution (JSON Merge Patch)."""
    await profile.edit_profile(session, caller, body.model_dump(exclude_unset=True))
    return await _me(session, caller)


@router.delete(
    "/me",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(Unauthenticated, WrongPassword, OwnsTeams, TooManyRequests),
)
async def close_account(body: CloseAccountRequest, caller: Caller, commands: AccountCommands) -> None:
    """Close the account: all sessions end at once, and a job removes it after the grace time."""
    await profile.close_account(commands.database, commands.passwords, caller, password=body.password)


@router.get("/me/sessions", responses=problems_of(Unauthenticated))
async def list_sessions(caller: Caller, session: ReadOnly, page: PageQuery) -> Page[SessionRead]:
    """List the devices on which the caller is logged in, the one used last first."""
    statement = queries.live_sessions_of(caller.user_id)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.SESSION_ORDER)
    fields = SessionRead.model_fields.keys() - {"is_current"}
    items = [
        SessionRead(**{f: getattr(row, f) for f in fields}, is_current=str(row.id) == caller.session_id)
        for row in rows
    ]
    return Page(items=items, next_cursor=next_cursor)


@router.delete(
    "/me/sessions/{session_id}",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(Unauthenticated, NotFound),
)
async def end_session(session_id: UUID, caller: Caller, session: Transaction) -> None:
    """End one session: its refresh token stops at once, its access token within its few minutes."""
    await sessions.end_session(session, caller, session_id)


@router.delete("/me/sessions", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(Unauthenticated))
async def end_other_sessions(caller: Caller, session: Transaction) -> None:
    """End all sessions but the one of this request."""
    await sessions.end_other_sessions(session, caller)


async def _me(session: ReadOnly | Transaction, caller: Caller) -> MeRead:
    user = await queries.find_user(session, caller.user_id)
    if user is None:
        raise NotFound.of("account", caller.user_id)
    teams = [
        TeamRoleRead(id=t.id, name=t.name, role=t.role) for t in await queries.list_teams_of(session, user.id)
    ]
    fields = MeRead.model_fields.keys() - {"teams"}
    return MeRead.model_validate({**{f: getattr(user, f) for f in fields}, "teams": teams})


def _tokens(tokens: Tokens) -> TokensRead:
    return TokensRead(
        access_token=tokens.access_token, expires_in=tokens.expires_in_s, refresh_token=tokens.refresh_token
    )
