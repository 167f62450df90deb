"""Commands of log-in: password, second factor, refresh, log out.

Whether an account exists changes neither answer nor time: a decoy is hashed for an unknown one, and every attempt is
counted and noted in the activity log. An attempt is counted in a transaction of its own before the hash is computed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kernel.activity import ORIGIN, Outcome, activity_values, log_activity
from kernel.clock import utc_now
from kernel.db import Executor, Session, Tenancy
from kernel.ids import hash_token, new_token, uuid7
from services.identity.domain.accounts import RefreshDecision, decide_on_rotated_token, normalized_email
from services.identity.domain.second_factor import accepted_step, is_one_time_code, normalized_code
from services.identity.domain.throttling import Count
from services.identity.errors import LinkExpired, SessionEnded, WrongCode, WrongCredentials
from services.identity.models import User
from services.identity.queries import accounts as queries
from services.identity.queries import second_factors, sessions
from services.identity.queries.accounts import Candidate
from services.identity.queries.sessions import LiveSession, NewSession
from services.identity.queries.throttles import settle_values
from services.identity.service import throttle
from services.identity.service.credentials import fingerprint
from services.identity.service.tools import Tools

PASSWORD, ONE_TIME_CODE, RECOVERY_CODE = "pwd", "otp", "kba"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a log-in or refresh gives."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right; the one-time code is still to come, within a few minutes."""

    mfa_token: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose password was right, and the hash that it was right for: it must still be the account's when a session opens."""

    user_id: int
    encoded: str


async def log_in(tools: Tools, *, email: str, password: str) -> Tokens | SecondStep:
    """Return tokens of a new session, or the second step where the account has two factors.

    Raises WrongCredentials, alike for every reason, and TooManyAttempts.
    """
    address, ip_address = normalized_email(email), ORIGIN.get().ip_address
    user = await queries.find_candidate(tools.database, address, ip_address=ip_address)
    is_known = user is not None and user.is_known_address
    counts = throttle.counts_of(tools, "login", address, ip_address, is_known_address=is_known)
    await throttle.begin_attempt(tools.database, counts)
    is_right = await tools.passwords.verify(user.encoded if user else None, password)
    if user is None or not is_right or not user.is_open:
        actor = user.user_id if user else None
        await log_activity(
            tools.database, "login.refused", actor=actor, outcome=Outcome.FAILURE, factor=PASSWORD
        )
        raise WrongCredentials("Check both, or reset the password with POST /api/accounts/forgot-password.")
    encoded = await _rehashed(tools, user, password)
    if user.has_second_factor:
        async with tools.database.transaction(Tenancy.of_user(user.user_id)) as session:
            await throttle.settle_success(session, counts)
            await log_activity(session, "login.first_step", actor=user.user_id, factor=PASSWORD)
        return _second_step(tools, Proven(user.user_id, encoded))
    opened = await _open_session(tools, tools.database, Proven(user.user_id, encoded), [PASSWORD], counts)
    if opened is None:
        raise WrongCredentials("The password was changed at this very moment. Log in with the present one.")
    return await _tokens(tools, *opened)


async def _rehashed(tools: Tools, user: Candidate, password: str) -> str:
    """Return the account's hash, made anew where the parameters of hashes have changed."""
    if not tools.passwords.is_outdated(user.encoded):
        return user.encoded
    encoded = await tools.passwords.hash(password)
    async with tools.database.transaction(Tenancy.of_user(user.user_id)) as session:
        is_ours = await queries.replace_password(session, user.user_id, old=user.encoded, new=encoded)
    return encoded if is_ours else user.encoded


def _second_step(tools: Tools, right: Proven) -> SecondStep:
    lifetime = timedelta(seconds=tools.settings.mfa_token_s)
    bound_to = fingerprint(right.encoded)
    token = tools.second_steps.make(
        user_id=right.user_id, bound_to=bound_to, now=utc_now(), lifetime=lifetime
    )
    return SecondStep(token, tools.settings.mfa_token_s)


async def log_in_second_step(tools: Tools, *, mfa_token: str, code: str) -> Tokens:
    """Return tokens for the second step: a one-time code that was never accepted before, or an unused recovery code.

    Raises WrongCode, alike for wrong, used and late codes, and TooManyAttempts.
    """
    try:
        user_id, bound_to = tools.second_steps.read(mfa_token, now=utc_now())
    except LinkExpired:
        raise WrongCode("The log-in has taken too long; begin again with the password.") from None
    ip_address = ORIGIN.get().ip_address
    async with tools.database.transaction(Tenancy.of_user(user_id)) as session:
        user = await queries.find_user(session, user_id)
        if user is None or not user.is_2fa_enabled or fingerprint(user.password) != bound_to:
            raise WrongCode("Begin again with the password.")
        is_known = await queries.is_known_address(session, user_id, ip_address)
        counts = throttle.counts_of(tools, "code", str(user_id), ip_address, is_known_address=is_known)
        await throttle.begin_attempt(session, counts)
    right = Proven(user_id, user.password)
    async with tools.database.transaction(Tenancy.of_user(user_id)) as session:
        method = await accept_code(tools, session, user, code)
        if method is None:
            await log_activity(
                session, "login.refused", actor=user_id, outcome=Outcome.FAILURE, factor=_factor_of(code)
            )
        else:
            opened = await _open_session(tools, session, right, [PASSWORD, method], counts)
    if method is None:
        raise WrongCode("The code is wrong, was used before, or is too old. Wait for the next one.")
    if opened is None:
        raise WrongCode("Begin again with the password.")
    return await _tokens(tools, *opened)


def _factor_of(code: str) -> str:
    return ONE_TIME_CODE if is_one_time_code(normalized_code(code)) else RECOVERY_CODE


async def accept_code(tools: Tools, session: Session, user: User, code: str) -> str | None:
    """Use a code up and return its method, or None when it is not right. One conditional UPDATE: of parallel posts one wins."""
    normalized = normalized_code(code)
    if not is_one_time_code(normalized):
        is_right = await second_factors.use_recovery_code(session, user.id, hash_token(normalized))
        return RECOVERY_CODE if is_right else None
    seed = tools.seeds.open(user.totp_secret, context=str(user.id))
    step = accepted_step(seed, normalized, now_s=time.time())
    if step is None or not await second_factors.accept_step(session, user.id, step):
        return None
    return ONE_TIME_CODE


async def _open_session(
    tools: Tools, session: Executor, right: Proven, methods: list[str], counts: Sequence[Count]
) -> tuple[LiveSession, str] | None:
    """Add a session and return it with its refresh token; None when the proven password is no longer the account's.

    Its access token is signed later, outside the transaction: reading keys may take a connection more.
    """
    refresh_token, origin = new_token(), ORIGIN.get()
    expires_at = utc_now() + timedelta(seconds=tools.settings.refresh_token_s)
    live = LiveSession(uuid7(), right.user_id, expires_at, methods)
    was_added = await sessions.add_session(
        session,
        NewSession(live, hash_token(refresh_token), origin.user_agent[:512], origin.ip_address[:45]),
        encoded=right.encoded,
        settled=settle_values(**throttle.of_success(counts)),
        noted=activity_values(
            "login.succeeded", actor=right.user_id, target=f"session:{live.id}", factors=methods
        ),
    )
    return (live, refresh_token) if was_added else None


async def refresh(tools: Tools, refresh_token: str) -> Tokens:
    """Rotate a refresh token in one conditional UPDATE and return the next tokens.

    A repeat within 10 s gets the same successor; a later one ends the session. Raises SessionEnded.
    """
    token_hash, now = hash_token(refresh_token), utc_now()
    successor = new_token()
    sealed = tools.successors.seal(successor, context=token_hash)
    login = await sessions.rotate_token(
        tools.database,
        token_hash,
        sealed=sealed,
        successor_hash=hash_token(successor),
        now=now,
        idle_since=_idle_since(tools, now),
    )
    if login is None:
        login, successor = await _repeat(tools, token_hash, now=now)
    if login is None:
        raise SessionEnded("This refresh token was used before, or its session is over. Log in again.")
    return await _tokens(tools, login, successor)


def _idle_since(tools: Tools, now: datetime) -> datetime:
    return now - timedelta(seconds=tools.settings.session_idle_s)


async def _repeat(tools: Tools, token_hash: str, *, now: datetime) -> tuple[LiveSession | None, str]:
    """Return session and successor of a token that was rotated already; ends the session if that was long ago."""
    async with tools.database.transaction(Tenancy.none()) as session:
        used = await sessions.find_token(session, token_hash)
        if used is None or used.rotated_at is None or not used.successor:
            raise SessionEnded("Log in again.")
        if decide_on_rotated_token(rotated_at=used.rotated_at, now=now) is RefreshDecision.REVOKE_FAMILY:
            await _revoke(session, used.session_id)
        login = await sessions.touch_live_session(
            session, used.session_id, now=now, idle_since=_idle_since(tools, now)
        )
    return login, tools.successors.open(used.successor, context=token_hash)


async def _revoke(session: Session, session_id: UUID) -> None:
    user_id = await sessions.end_session(session, session_id)
    if user_id is not None:
        await log_activity(
            session,
            "session.revoked",
            actor=user_id,
            target=f"session:{session_id}",
            outcome=Outcome.DENIED,
            reason="refresh token used twice",
        )


async def log_out(tools: Tools, refresh_token: str) -> None:
    """End the session that a refresh token belongs to; an unknown token is fine."""
    async with tools.database.transaction(Tenancy.none()) as session:
        token = await sessions.find_token(session, hash_token(refresh_token))
        user_id = await sessions.end_session(session, token.session_id) if token else None
        if token is not None and user_id is not None:
            await log_activity(session, "session.ended", actor=user_id, target=f"session:{token.session_id}")


async def _tokens(tools: Tools, login: LiveSession, refresh_token: str) -> Tokens:
    access_token = await tools.keys.sign(
        user_id=login.user_id, session_id=str(login.id), methods=login.methods
    )
    return Tokens(access_token, refresh_token, tools.settings.access_token_s, login.expires_at)
