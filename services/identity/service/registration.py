"""Commands of people who are not logged in: register, verify the address, forget and reset the password.

They open their transactions themselves, under nobody's tenancy; the hash of a password is computed between two
transactions, never inside one. Whether an address is known changes neither answer nor time: both cases write one row of
the activity log, and letters leave after the answer.
"""

from datetime import timedelta

from kernel.activity import Outcome, log_activity
from kernel.clock import utc_now
from kernel.db import Tenancy
from kernel.ids import uuid7
from kernel.mail import Letter
from services.identity.domain.accounts import normalized_email
from services.identity.errors import LinkExpired
from services.identity.models import User
from services.identity.queries import accounts as queries
from services.identity.queries import sessions
from services.identity.service import letters
from services.identity.service.credentials import fingerprint, page_link, refuse_weak
from services.identity.service.tools import Tools

LINK_LIFETIME, RESET_LIFETIME = timedelta(days=2), timedelta(hours=1)


async def register(
    tools: Tools, *, email: str, password: str, segment: str, institution: str
) -> Letter | None:
    """Make an account, unless the address has one; returns the letter to send. The caller cannot tell the difference.

    Raises Invalid for a password that cannot be used.
    """
    address = normalized_email(email)
    await refuse_weak(tools, password, email=address, names=(institution,))
    encoded = await tools.passwords.hash(password)
    verified_at = utc_now() if tools.settings.auto_verify else None
    async with tools.database.transaction(Tenancy.none()) as session:
        user_id = await queries.add_user_unless_known(
            session,
            email=address,
            username=str(uuid7()),
            password=encoded,
            segment=segment,
            institution=institution,
            email_verified_at=verified_at,
        )
        outcome = Outcome.FAILURE if user_id is None else Outcome.SUCCESS
        await log_activity(session, "account.registered", actor=user_id, outcome=outcome)
    return None if tools.settings.auto_verify else _letter_after_registration(tools, address, user_id)


def _letter_after_registration(tools: Tools, address: str, user_id: int | None) -> Letter:
    if user_id is None:
        return letters.address_is_taken(address, forgotten=page_link(tools, "forgot-password"))
    token = tools.verification.make(user_id=user_id, bound_to=address, now=utc_now(), lifetime=LINK_LIFETIME)
    return letters.confirm_address(address, link=page_link(tools, "verify-email", token))


async def verify_email(tools: Tools, token: str) -> None:
    """Verify the address that a mailed link names; raises LinkExpired when it was used or is too old."""
    user_id, address = tools.verification.read(token, now=utc_now())
    async with tools.database.transaction(Tenancy.none()) as session:
        if not await queries.mark_email_verified(session, user_id, address):
            raise LinkExpired
        await log_activity(session, "email.verified", actor=user_id)


async def forget_password(tools: Tools, email: str) -> Letter | None:
    """Return the letter with a link that sets a new password, or None where the address has no open account."""
    address = normalized_email(email)
    async with tools.database.transaction(Tenancy.none()) as session:
        user = await queries.find_user_by_email(session, address)
        is_open = user is not None and user.deleted_at is None
        await log_activity(
            session,
            "password.forgotten",
            actor=user.id if user else None,
            outcome=Outcome.SUCCESS if is_open else Outcome.FAILURE,
        )
    if user is None or not is_open:
        return None
    token = tools.resets.make(
        user_id=user.id, bound_to=fingerprint(user.password), now=utc_now(), lifetime=RESET_LIFETIME
    )
    return letters.reset_password(address, link=page_link(tools, "reset-password", token))


async def find_user_of_reset(tools: Tools, token: str) -> User:
    """Return whose password a mailed token sets; raises LinkExpired when it was used or is too old."""
    user_id, bound_to = tools.resets.read(token, now=utc_now())
    async with tools.database.snapshot(Tenancy.none()) as snapshot:
        user = await queries.find_user(snapshot, user_id)
    if user is None or fingerprint(user.password) != bound_to:
        raise LinkExpired
    return user


async def reset_password(tools: Tools, token: str, *, password: str) -> Letter:
    """Set a new password by a mailed token, end all sessions, and return the letter that tells the owner.

    The token is bound to the present password, so it works once. Raises LinkExpired, and Invalid for a password
    that cannot be used.
    """
    user = await find_user_of_reset(tools, token)
    await refuse_weak(tools, password, email=user.email, names=(user.first_name, user.last_name))
    encoded = await tools.passwords.hash(password)
    async with tools.database.transaction(Tenancy.of_user(user.id)) as session:
        if not await queries.replace_password(session, user.id, old=user.password, new=encoded):
            raise LinkExpired
        await sessions.end_sessions_of(session, user.id)
        await log_activity(session, "password.reset", actor=user.id)
    return letters.password_changed(user.email)
