"""The password and address of an account: asked for again before anything important, and changed."""

from datetime import timedelta

from kernel.activity import Outcome, log_activity
from kernel.clock import utc_now
from kernel.db import Session, Snapshot, Tenancy
from kernel.ids import hash_token
from kernel.mail import Letter
from kernel.principals import Principal
from kernel.problems import Invalid, NotFound
from services.identity.domain.accounts import normalized_email
from services.identity.errors import AddressTaken, LinkExpired, WrongPassword
from services.identity.models import User
from services.identity.queries import accounts as queries
from services.identity.service import letters, throttle
from services.identity.service.sessions import end_other_sessions
from services.identity.service.tools import Tools

CHANGE_LIFETIME = timedelta(days=2)


def fingerprint(encoded_password: str) -> str:
    """Return what tells one password hash from the next without revealing it."""
    return hash_token(encoded_password)[:32]


def page_link(tools: Tools, page: str, token: str = "") -> str:
    """Return the address of an account page, with the mailed token that it passes on."""
    base = tools.settings.account_pages_url.rstrip("/") or f"{tools.settings.gateway_url}/account"
    return f"{base}/{page}?token={token}" if token else f"{base}/{page}"


async def refuse_weak(
    tools: Tools, password: str, *, email: str, names: tuple[str, ...] = (), pointer: str = "/password"
) -> None:
    """Raise Invalid with the reason when a password cannot be used."""
    fault = await tools.passwords.fault(password, email=email, names=names)
    if fault:
        raise Invalid.at(pointer, fault)


async def get_user(session: Session | Snapshot, caller: Principal) -> User:
    """Return the caller's open account; raises NotFound."""
    user = await queries.find_user(session, caller.user_id)
    if user is None:
        raise NotFound.of("account", caller.user_id)
    return user


async def require_password(tools: Tools, caller: Principal, password: str, *, what_for: str) -> User:
    """Return the caller's account when the password is right (OWASP ASVS 5.0, 7.5.1).

    Raises WrongPassword, and TooManyAttempts after several wrong ones. The hash is computed outside any transaction.
    """
    counts = throttle.counts_of(
        tools, "password", str(caller.user_id), caller.session_id, is_known_address=True
    )
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        user = await get_user(session, caller)
        await throttle.begin_attempt(session, counts)
    is_right = await tools.passwords.verify(user.password, password)
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        if is_right:
            await throttle.settle_success(session, counts)
            return user
        await log_activity(
            session, "password.asked", actor=caller, outcome=Outcome.FAILURE, what_for=what_for
        )
    raise WrongPassword("Send the account's present password as `password`.")


async def change_password(tools: Tools, caller: Principal, *, password: str, new_password: str) -> Letter:
    """Set another password and end all other sessions; returns the letter that tells the owner.

    Raises WrongPassword, TooManyAttempts, and Invalid for a password that cannot be used.
    """
    user = await require_password(tools, caller, password, what_for="password")
    names = (user.first_name, user.last_name, user.institution)
    await refuse_weak(tools, new_password, email=user.email, names=names, pointer="/new_password")
    encoded = await tools.passwords.hash(new_password)
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        if not await queries.replace_password(session, user.id, old=user.password, new=encoded):
            raise WrongPassword(
                "The password was changed by somebody else at this moment; send the present one."
            )
        await end_other_sessions(session, caller)
        await log_activity(session, "password.changed", actor=caller)
    return letters.password_changed(user.email)


async def ask_email_change(tools: Tools, caller: Principal, *, password: str, new_email: str) -> list[Letter]:
    """Return the letters to the new address, with the link, and to the old one. Nothing changes before the link is used.

    Raises WrongPassword and TooManyAttempts. Whether the new address has an account is not told: the link fails then.
    """
    user = await require_password(tools, caller, password, what_for="email")
    new = normalized_email(new_email)
    if new == user.email.lower():
        raise Invalid.at("/email", "This is the address of the account already.")
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        await log_activity(session, "email.change_asked", actor=caller)
    bound_to = f"{user.email}\n{new}"
    token = tools.email_changes.make(
        user_id=user.id, bound_to=bound_to, now=utc_now(), lifetime=CHANGE_LIFETIME
    )
    return [
        letters.confirm_new_address(new, link=page_link(tools, "change-email", token)),
        letters.address_will_change(user.email, new=new),
    ]


async def change_email(tools: Tools, token: str) -> Letter:
    """Give an account the address that a mailed link confirms; returns the letter to the old address.

    Raises LinkExpired, and AddressTaken when another account has the address by now.
    """
    user_id, bound_to = tools.email_changes.read(token, now=utc_now())
    old, _, new = bound_to.partition("\n")
    async with tools.database.transaction(Tenancy.of_user(user_id)) as session:
        holder = await queries.find_user_by_email(session, new)
        if holder is not None and holder.id != user_id:
            raise AddressTaken
        if not await queries.replace_email(session, user_id, old=old, new=new):
            raise LinkExpired
        await log_activity(session, "email.changed", actor=user_id)
    return letters.address_changed(old, new=new)
