"""Commands of the second factor: begin, confirm, turn off, renew recovery codes, seal seeds under a new key."""

from dataclasses import dataclass

from kernel.activity import log_activity
from kernel.db import Database, Session, Tenancy
from kernel.ids import hash_token
from kernel.logs import get_logger
from kernel.mail import Letter
from kernel.principals import Principal
from services.identity.domain import second_factor as domain
from services.identity.errors import TwoFactorIsOff, TwoFactorIsOn, WrongCode
from services.identity.queries import second_factors as queries
from services.identity.service import letters, throttle
from services.identity.service.credentials import get_user, require_password
from services.identity.service.login import accept_code
from services.identity.service.sealing import Keyring
from services.identity.service.sessions import end_other_sessions
from services.identity.service.tools import Tools

logger = get_logger(__name__)
_RESEALED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new seed, shown once."""

    seed: str
    otpauth_uri: str


async def begin(tools: Tools, caller: Principal, *, password: str) -> Enrolment:
    """Return a new seed, which is not in force before a code of it is confirmed.

    Raises WrongPassword, TooManyAttempts and TwoFactorIsOn.
    """
    user = await require_password(tools, caller, password, what_for="2fa")
    seed = domain.new_seed()
    sealed = tools.seeds.seal(seed, context=str(user.id))
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        if not await queries.set_seed(session, user.id, sealed):
            raise TwoFactorIsOn("Turn it off first (DELETE /api/accounts/me/2fa), then set it up anew.")
        await log_activity(session, "second_factor.begun", actor=caller)
    return Enrolment(seed, domain.provisioning_uri(seed, email=user.email))


async def confirm(tools: Tools, caller: Principal, *, code: str) -> tuple[list[str], Letter]:
    """Put the seed in force by a code of it; returns the recovery codes, which are shown once, and the letter.

    All other sessions end. Raises TwoFactorIsOn, TwoFactorIsOff (nothing was begun), WrongCode, TooManyAttempts.
    """
    counts = throttle.counts_of(tools, "code", str(caller.user_id), caller.session_id, is_known_address=True)
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        user = await get_user(session, caller)
        if user.is_2fa_enabled:
            raise TwoFactorIsOn
        if not user.totp_secret:
            raise TwoFactorIsOff("Begin with POST /api/accounts/me/2fa.")
        await throttle.begin_attempt(session, counts)
    if not domain.is_one_time_code(domain.normalized_code(code)):
        raise WrongCode("Send the six digits that the authenticator shows.")
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        if await accept_code(tools, session, user, code) is None:
            raise WrongCode("The code does not belong to this seed; check the clock of the device.")
        if not await queries.switch_on(session, user.id):
            raise TwoFactorIsOn
        await throttle.settle_success(session, counts)
        codes = await _new_codes(session, user.id)
        await end_other_sessions(session, caller)
        await log_activity(session, "second_factor.on", actor=caller)
    return codes, letters.second_factor_changed(user.email, is_on=True)


async def turn_off(tools: Tools, caller: Principal, *, password: str) -> Letter:
    """Remove seed and recovery codes and end all other sessions; raises WrongPassword, TooManyAttempts, TwoFactorIsOff."""
    user = await require_password(tools, caller, password, what_for="2fa")
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        if not await queries.switch_off(session, user.id):
            raise TwoFactorIsOff
        await queries.replace_recovery_codes(session, user.id, [])
        await end_other_sessions(session, caller)
        await log_activity(session, "second_factor.off", actor=caller)
    return letters.second_factor_changed(user.email, is_on=False)


async def renew_recovery_codes(tools: Tools, caller: Principal, *, password: str) -> tuple[list[str], Letter]:
    """Void the recovery codes and return new ones with the letter; raises WrongPassword, TooManyAttempts, TwoFactorIsOff."""
    user = await require_password(tools, caller, password, what_for="recovery codes")
    if not user.is_2fa_enabled:
        raise TwoFactorIsOff
    async with tools.database.transaction(Tenancy.of_caller(caller)) as session:
        codes = await _new_codes(session, user.id)
        await log_activity(session, "recovery_codes.renewed", actor=caller)
    return codes, letters.recovery_codes_renewed(user.email)


async def _new_codes(session: Session, user_id: int) -> list[str]:
    codes = domain.new_recovery_codes()
    hashes = [hash_token(domain.normalized_code(code)) for code in codes]
    await queries.replace_recovery_codes(session, user_id, hashes)
    return codes


async def reseal_seeds(database: Database, keyring: Keyring) -> int:
    """Seal every seed under the present key, some at a time; returns how many were.

    Killed at any point it goes on with what is left; log-ins work all the while, since each seed names its key.
    """
    n_resealed = 0
    while True:
        async with database.transaction(Tenancy.none()) as session:
            rows = await queries.list_seeds_not_under(session, keyring.present, limit=_RESEALED_AT_ONCE)
            for row in rows:
                seed = keyring.open(row.totp_secret, context=str(row.id))
                sealed = keyring.seal(seed, context=str(row.id))
                n_resealed += await queries.replace_seed(session, row.id, old=row.totp_secret, new=sealed)
        if not rows:
            return n_resealed
        logger.info("seeds sealed anew", n=n_resealed, key_id=keyring.present)
