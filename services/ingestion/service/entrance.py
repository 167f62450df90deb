"""Who gets in: the checks before an interview begins, and passwords of surveys."""

import math
from dataclasses import dataclass

from sqlalchemy import text

from kernel.activity import ORIGIN
from kernel.db import Database, Session, Snapshot, Tenancy
from kernel.hashing import PasswordHashing
from kernel.ids import hash_token
from kernel.problems import TooManyRequests
from services.ingestion.domain.survey.entrance import (
    LONGEST_PASSWORD,
    OF_ADDRESS,
    OF_EVERYBODY,
    attempt_key,
    entry_token,
    fingerprint,
    knows_password,
    why_not,
)
from services.ingestion.errors import SurveyNotOpen
from services.ingestion.errors.entrance import AlreadyAnswered, PersonalLinkNeeded, SurveyPasswordNeeded
from services.ingestion.queries.interviews import PublicSurvey
from services.ingestion.queries.participants import OwnParticipant, find_own_participant
from services.ingestion.service.interviews import visit

_COUNT = text("SELECT access.count_password_attempt(:keys, :n_free, :longest_s)")
_FORGET = text("SELECT access.forget_password_attempt(:forgotten, :discounted)")
_HAS_FINISHED = text("SELECT access.device_has_finished(:device)")
REASONS = {
    "paused": "The survey is PAUSED.",
    "closed": "The survey is CLOSED.",
    "not_yet": "The survey opens at {opens_at}.",
    "over": "The survey closed at {closes_at}.",
    "full": "The survey has as many responses as are wanted.",
}


@dataclass(frozen=True)
class Visitor:
    """What somebody shows at the entrance: that they knew the password, and which browser they use."""

    secret: str
    entry: str = ""
    device: str = ""
    has_personal_link: bool = False
    """Whether the transaction names a personal link."""

    def device_hash(self, survey: PublicSurvey) -> str:
        """What is stored of the device where the survey takes one interview per device, else nothing."""
        is_counted = survey.rules.one_per == "DEVICE" and not self.has_personal_link
        return hash_token(self.device) if is_counted and self.device else ""

    def fingerprint(self, survey: PublicSurvey, accept_language: str | None) -> str:
        """What is stored of network, browser and languages, to find interviews of this survey that look alike."""
        origin = ORIGIN.get()
        return fingerprint(
            self.secret,
            str(survey.uuid),
            address=origin.ip_address,
            user_agent=origin.user_agent,
            accept_language=accept_language or "",
        )


def not_open(survey: PublicSurvey) -> SurveyNotOpen:
    """The problem that says why a survey takes no answers."""
    reason = why_not(survey.status, survey.rules) or "closed"
    times = {
        name: moment.isoformat()
        for name in ("opens_at", "closes_at")
        if (moment := getattr(survey.rules, name)) is not None
    }
    return SurveyNotOpen(REASONS[reason].format(**times), survey_status=survey.status, reason=reason, **times)


async def admit(session: Session | Snapshot, survey: PublicSurvey, visitor: Visitor) -> OwnParticipant | None:
    """Let somebody begin an interview, and return the participant whose link it is, if one.

    A personal link stands for the password, and for the device. Raises SurveyNotOpen, SurveyPasswordNeeded, PersonalLinkNeeded,
    AlreadyAnswered.
    """
    rules = survey.rules
    if not rules.may_begin:
        raise not_open(survey)
    if visitor.has_personal_link:
        participant = await find_own_participant(session)
        if participant is None:
            raise PersonalLinkNeeded("This personal link is not known (any more).")
        return participant
    if not knows_password(visitor.secret, str(survey.uuid), rules.password_hash, visitor.entry):
        raise SurveyPasswordNeeded("This survey asks for a password.")
    if rules.one_per == "PARTICIPANT":
        raise PersonalLinkNeeded("This survey is answered through personal links only.")
    device = visitor.device_hash(survey)
    if device and await session.scalar(_HAS_FINISHED, {"device": device}):
        raise AlreadyAnswered("This survey was already answered on this device.")
    return None


async def prove_password(
    database: Database, identifier: object, password: str, *, secret: str, hashing: PasswordHashing
) -> str:
    """Return what proves that somebody knew the survey's password; raises SurveyPasswordNeeded, TooManyRequests, NotFound.

    The attempt is counted in a transaction of its own before it is judged: many at once, or a killed process, cost as much.
    """
    tenancy = Tenancy.of_public(survey_uuid=str(identifier))
    address, everybody = (
        attempt_key(secret, str(identifier), counted) for counted in (ORIGIN.get().ip_address, "everybody")
    )
    asked = {
        "keys": [address, everybody],
        "n_free": [OF_ADDRESS.n_free, OF_EVERYBODY.n_free],
        "longest_s": [OF_ADDRESS.longest_s, OF_EVERYBODY.longest_s],
    }
    async with database.transaction(tenancy) as session:
        survey = (await visit(session, identifier)).survey
        encoded = survey.rules.password_hash
        if not encoded:
            return ""
        wait_s = await session.scalar(_COUNT, asked)
    if wait_s:
        seconds = math.ceil(wait_s)
        raise TooManyRequests(f"Too many wrong passwords. Wait {seconds} s.", retry_after_s=seconds)
    if len(password) > LONGEST_PASSWORD or not await hashing.verify(encoded, password):
        raise SurveyPasswordNeeded("The password is wrong.")
    async with database.transaction(tenancy) as session:
        await session.execute(_FORGET, {"forgotten": address, "discounted": everybody})
    return entry_token(secret, str(survey.uuid), encoded)
