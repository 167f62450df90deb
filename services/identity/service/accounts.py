"""Commands of accounts: register, verify, reset the password, log in, refresh, log out.

Nobody is logged in yet in most of these, so they open their transactions themselves, under nobody's tenancy; the
hash of a password is computed between two transactions, never inside one.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.clock import utc_now
from kernel.db import Database, Session, Tenancy
from kernel.ids import hash_token, new_token, uuid7
from kernel.problems import Invalid
from services.identity import domain
from services.identity.domain import RefreshDecision
from services.identity.errors import LinkExpired, SessionEnded, WrongCredentials
from services.identity.models import RefreshToken
from services.identity.models import Session as LoginSession
from services.identity.queries import accounts as queries
from services.identity.service.keys import SigningKeys
from services.identity.service.links import LinkSigner
from services.identity.service.mail import Letter, mail_of
from services.identity.service.passwords import Passwords
from services.identity.service.sealing import Sealer
from services.identity.settings import IdentitySettings

LINK_LIFETIME, RESET_LIFETIME = timedelta(days=2), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Device:
    """From where somebody logs in; shown in the list of sessions."""

    user_agent: str
    ip_address: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a log-in or refresh gives."""

    access_token: str
    refresh_token: str
    expires_in_s: int


class Accounts:
    """The account commands of one process, with what they need at hand."""

    def __init__(self, database: Database, settings: IdentitySettings) -> None:
        secret = settings.secret_key.get_secret_value()
        self.keys = SigningKeys(database, settings)
        self.passwords = Passwords(settings)
        self.database = database
        self._settings = settings
        self.mail = mail_of(settings)
        self._successors = Sealer(secret, purpose="refresh-successor")
        self._verification = LinkSigner(secret, purpose="verify-email")
        self._resets = LinkSigner(secret, purpose="reset-password")

    async def register(self, *, email: str, password: str, segment: str, institution: str) -> Letter | None:
        """Make an account, unless the address has one; returns the letter to send. The caller cannot tell the difference.

        Raises Invalid for a password that cannot be used.
        """
        address = domain.normalized_email(email)
        fault = domain.password_fault(password, email=address)
        if fault:
            raise Invalid.at("/password", fault)
        encoded = await self.passwords.hash(password)
        async with self.database.transaction(Tenancy.none()) as session:
            user_id = await queries.add_user_unless_known(
                session,
                email=address,
                username=str(uuid7()),
                password=encoded,
                segment=segment,
                institution=institution,
                email_verified_at=utc_now() if self._settings.auto_verify else None,
            )
        return None if self._settings.auto_verify else self._letter_after_registration(address, user_id)

    async def verify_email(self, token: str) -> None:
        """Verify the address that a mailed link names; raises LinkExpired when it was used or is too old."""
        user_id, address = self._verification.read(token, now=utc_now())
        async with self.database.transaction(Tenancy.none()) as session:
            if not await queries.mark_email_verified(session, user_id, address):
                raise LinkExpired

    async def forget_password(self, email: str) -> Letter | None:
        """Return the letter with a link that sets a new password, or None where the address has no open account."""
        address = domain.normalized_email(email)
        async with self.database.snapshot(Tenancy.none()) as snapshot:
            user = await queries.find_user_by_email(snapshot, address)
        if user is None or user.deleted_at is not None:
            return None
        token = self._resets.make(
            user_id=user.id, bound_to=_fingerprint(user.password), now=utc_now(), lifetime=RESET_LIFETIME
        )
        reset = f"{self._settings.gateway_url}/api/accounts/reset-password"
        return Letter(
            to=address,
            subject="Set a new password",
            text=f"POST this token with a new password to {reset} within an hour:\n\n{token}\n\n"
            "If you did not ask for it, ignore this letter: nothing has changed.\n",
        )

    async def reset_password(self, token: str, *, password: str) -> Letter:
        """Set a new password by a mailed token, end all sessions, and return the letter that tells the owner.

        The token is bound to the present password, so it works once. Raises LinkExpired, and Invalid for a password
        that cannot be used.
        """
        user_id, fingerprint = self._resets.read(token, now=utc_now())
        async with self.database.snapshot(Tenancy.none()) as snapshot:
            user = await queries.find_user(snapshot, user_id)
        if user is None or _fingerprint(user.password) != fingerprint:
            raise LinkExpired
        fault = domain.password_fault(password, email=user.email)
        if fault:
            raise Invalid.at("/password", fault)
        encoded = await self.passwords.hash(password)
        async with self.database.transaction(Tenancy.of_user(user_id)) as session:
            if not await queries.replace_password(session, user_id, old=user.password, new=encoded):
                raise LinkExpired
            await queries.end_sessions_of(session, user_id)
        text = "All sessions were ended. If it was not you, ask for a new password at once."
        return Letter(to=user.email, subject="Your password was changed", text=text)

    async def log_in(self, *, email: str, password: str, device: Device) -> Tokens:
        """Return tokens of a new session; raises WrongCredentials, alike for every reason."""
        address = domain.normalized_email(email)
        async with self.database.snapshot(Tenancy.none()) as snapshot:
            user = await queries.find_user_by_email(snapshot, address)
        right = await self.passwords.verify(user.password if user else None, password)
        if user is None or not right or user.deleted_at is not None or user.email_verified_at is None:
            raise WrongCredentials(
                "Check both, or reset the password with POST /api/accounts/forgot-password."
            )
        fresh_hash = (
            await self.passwords.hash(password) if self.passwords.is_outdated(user.password) else None
        )
        session_id, refresh_token = uuid7(), new_token()
        now = utc_now()
        ends_at = now + timedelta(seconds=self._settings.refresh_token_s)
        async with self.database.transaction(Tenancy.of_user(user.id)) as session:
            if fresh_hash is not None:
                await queries.set_password_hash(session, user.id, fresh_hash)
            login = LoginSession(
                id=session_id,
                user_id=user.id,
                expires_at=ends_at,
                last_used_at=now,
                user_agent=device.user_agent[:512],
                ip_address=device.ip_address[:45],
            )
            token = RefreshToken(session_id=session_id, token_hash=hash_token(refresh_token))
            await queries.add_session(session, login, token)
        return await self._tokens(user.id, session_id, refresh_token)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Rotate a refresh token in one conditional UPDATE and return the next tokens.

        A repeat within 10 s gets the same successor; a later one ends the session. Raises SessionEnded.
        """
        token_hash, now = hash_token(refresh_token), utc_now()
        successor = new_token()
        sealed = self._successors.seal(successor, context=token_hash)
        async with self.database.transaction(Tenancy.none()) as session:
            session_id = await queries.rotate_token(session, token_hash, successor=sealed, now=now)
            if session_id is None:
                session_id, successor = await self._repeat(session, token_hash, now=now)
            else:
                session.add(RefreshToken(session_id=session_id, token_hash=hash_token(successor)))
            login = await queries.touch_live_session(session, session_id, now=now)
        if login is None:
            raise SessionEnded("This refresh token was used before, or its session is over. Log in again.")
        return await self._tokens(login.user_id, session_id, successor)

    async def _repeat(self, session: Session, token_hash: str, *, now: datetime) -> tuple[uuid.UUID, str]:
        """Return session and successor of a token that was rotated already; ends the session if that was long ago."""
        used = await queries.find_token(session, token_hash)
        if used is None or used.rotated_at is None or not used.successor:
            raise SessionEnded("Log in again.")
        if (
            domain.decide_on_rotated_token(rotated_at=used.rotated_at, now=now)
            is RefreshDecision.REVOKE_FAMILY
        ):
            await queries.end_session(session, used.session_id)
        return used.session_id, self._successors.open(used.successor, context=token_hash)

    async def log_out(self, refresh_token: str) -> None:
        """End the session that a refresh token belongs to; an unknown token is fine."""
        async with self.database.transaction(Tenancy.none()) as session:
            token = await queries.find_token(session, hash_token(refresh_token))
            if token is not None:
                await queries.end_session(session, token.session_id)

    async def _tokens(self, user_id: int, session_id: uuid.UUID, refresh_token: str) -> Tokens:
        access_token = await self.keys.sign(user_id=user_id, session_id=str(session_id), methods=["pwd"])
        return Tokens(access_token, refresh_token, self._settings.access_token_s)

    def _letter_after_registration(self, address: str, user_id: int | None) -> Letter:
        if user_id is None:
            return Letter(
                to=address,
                subject="Somebody tried to register with your address",
                text="You have an account at PlugZero Analytics already. If it was you, just log in; else ignore this.",
            )
        token = self._verification.make(
            user_id=user_id, bound_to=address, now=utc_now(), lifetime=LINK_LIFETIME
        )
        verify = f"{self._settings.gateway_url}/api/accounts/verify-email"
        return Letter(
            to=address,
            subject="Please confirm your address",
            text=f"POST this token to {verify} within two days:\n\n{token}\n",
        )


def _fingerprint(encoded_password: str) -> str:
    """Return what tells one password hash from the next without revealing it."""
    return hash_token(encoded_password)[:32]
