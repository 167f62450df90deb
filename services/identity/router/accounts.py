"""`/api/accounts`: register, verify, log in, refresh, log out."""

from fastapi import BackgroundTasks, Request, Response
from fastapi import status as http

from kernel.mail import deliver
from kernel.problems import Forbidden, Invalid, TooManyRequests, problems_of
from kernel.routing import Router
from services.identity.dependencies import IdentityTools
from services.identity.errors import (
    AddressTaken,
    LinkExpired,
    SessionEnded,
    TooManyAttempts,
    WrongCode,
    WrongCredentials,
)
from services.identity.router import cookies
from services.identity.schemas.accounts import (
    ForgotPasswordRead,
    ForgotPasswordRequest,
    LoginRequest,
    MailedTokenRequest,
    RefreshRequest,
    RegisterRead,
    RegisterRequest,
    ResetPasswordRequest,
    SecondStepRead,
    SecondStepRequest,
    TokensRead,
)
from services.identity.service import credentials, login, registration
from services.identity.service.login import SecondStep, Tokens

router = Router(prefix="/api/accounts", tags=["accounts"])


@router.post("/register", status_code=http.HTTP_202_ACCEPTED, responses=problems_of(TooManyRequests))
async def register(body: RegisterRequest, tools: IdentityTools, after: BackgroundTasks) -> RegisterRead:
    """Make an account. The answer is the same, and as fast, whether or not the address is known."""
    letter = await registration.register(
        tools,
        email=body.email,
        password=body.password,
        segment=body.segment,
        institution=body.institution,
    )
    if letter is not None:
        after.add_task(deliver, tools.mail, letter)
    return RegisterRead()


@router.post("/verify-email", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(LinkExpired))
async def verify_email(body: MailedTokenRequest, tools: IdentityTools) -> None:
    """Verify an address with the token that was mailed to it."""
    await registration.verify_email(tools, body.token)


@router.post("/forgot-password", status_code=http.HTTP_202_ACCEPTED)
async def forget_password(
    body: ForgotPasswordRequest, tools: IdentityTools, after: BackgroundTasks
) -> ForgotPasswordRead:
    """Have a link mailed that sets a new password. The answer is the same whether or not the address is known."""
    letter = await registration.forget_password(tools, body.email)
    if letter is not None:
        after.add_task(deliver, tools.mail, letter)
    return ForgotPasswordRead()


@router.post(
    "/reset-password",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(LinkExpired, TooManyRequests),
)
async def reset_password(body: ResetPasswordRequest, tools: IdentityTools, after: BackgroundTasks) -> None:
    """Set a new password with a mailed token; all sessions end."""
    letter = await registration.reset_password(tools, body.token, password=body.password)
    after.add_task(deliver, tools.mail, letter)


@router.post(
    "/change-email",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems_of(LinkExpired, AddressTaken),
)
async def change_email(body: MailedTokenRequest, tools: IdentityTools, after: BackgroundTasks) -> None:
    """Use the address that a mailed token confirms; the old one is told."""
    letter = await credentials.change_email(tools, body.token)
    after.add_task(deliver, tools.mail, letter)


@router.post("/login", responses=problems_of(WrongCredentials, TooManyAttempts))
async def log_in(body: LoginRequest, tools: IdentityTools, response: Response) -> TokensRead | SecondStepRead:
    """Start a session with email and password; with two-factor log-in on, this is the first step of two."""
    result = await login.log_in(tools, email=body.email, password=body.password)
    if isinstance(result, SecondStep):
        return SecondStepRead(mfa_token=result.mfa_token, expires_in=result.expires_in_s)
    return _shaped(result, response, as_cookie=body.use_cookie)


@router.post("/login/mfa", responses=problems_of(WrongCode, TooManyAttempts))
async def log_in_second_step(body: SecondStepRequest, tools: IdentityTools, response: Response) -> TokensRead:
    """Finish a log-in with a one-time code, each of which is accepted once, or a recovery code."""
    tokens = await login.log_in_second_step(tools, mfa_token=body.mfa_token, code=body.code)
    return _shaped(tokens, response, as_cookie=body.use_cookie)


@router.post("/refresh", responses=problems_of(SessionEnded, Forbidden))
async def refresh(
    request: Request, tools: IdentityTools, response: Response, body: RefreshRequest | None = None
) -> TokensRead:
    """Exchange a refresh token, from the body or the browser's cookie, for the next pair. Each is good for one use."""
    given = body.refresh_token if body else None
    kept = None if given else cookies.refresh_cookie(request, own_origin=tools.settings.gateway_url)
    token = given or kept
    if not token:
        raise Invalid.at("/refresh_token", "Send the refresh token, or log in with `use_cookie`.")
    return _shaped(await login.refresh(tools, token), response, as_cookie=given is None)


@router.post("/logout", status_code=http.HTTP_204_NO_CONTENT, responses=problems_of(Forbidden))
async def log_out(
    request: Request, tools: IdentityTools, response: Response, body: RefreshRequest | None = None
) -> None:
    """End the session of a refresh token, from the body or the browser's cookie."""
    given = body.refresh_token if body else None
    token = given or cookies.refresh_cookie(request, own_origin=tools.settings.gateway_url)
    if token:
        await login.log_out(tools, token)
    cookies.clear_refresh_cookie(response)


def _shaped(tokens: Tokens, response: Response, *, as_cookie: bool) -> TokensRead:
    response.headers["Cache-Control"] = "no-store"
    if as_cookie:
        cookies.set_refresh_cookie(response, tokens.refresh_token, expires_at=tokens.refresh_expires_at)
    return TokensRead(
        access_token=tokens.access_token,
        expires_in=tokens.expires_in_s,
        refresh_token=None if as_cookie else tokens.refresh_token,
    )
