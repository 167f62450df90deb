"""Commands of letters to participants: ask for a round, claim a letter, note what became of it.

A letter is claimed, and the claim committed, before it is handed to the mail server: at most once. A worker that dies in between leaves
it as SENDING, which is shown as `uncertain` and never sent by itself; two letters to one person are worse than a person who is told about.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func

from contracts.ingestion import MailingRequested, SurveyStatus
from kernel.access import Permission, require_project
from kernel.db import Session, Snapshot
from kernel.events import record
from kernel.mail import Letter
from kernel.problems import Invalid
from services.ingestion.domain.survey.letters import Recipient, faults_of, headers_of, written
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.errors.entrance import TooManyLetters
from services.ingestion.models import Mailing, Survey
from services.ingestion.queries import mailings as queries
from services.ingestion.queries import surveys as survey_queries
from services.ingestion.service.participants import Links

LONGEST_ERROR = 300


async def distribute(
    session: Session,
    survey_id: int,
    *,
    kind: str,
    subject: Mapping[str, str],
    text: Mapping[str, str],
    created_by_id: int,
    most_per_day: int,
) -> tuple[Mailing, int]:
    """Make a round of letters, and return it with their number; a worker sends them.

    Raises Invalid, SurveyInOtherState, TooManyLetters, NotFound, Forbidden.
    """
    survey = await survey_queries.get_survey(session, survey_id)
    grant = await require_project(session, survey.project_id, Permission.WRITE)
    # Two rounds at once would each invite everybody; the second waits, and finds them invited.
    await survey_queries.lock_survey(session, survey_id)
    await _require_sendable(session, survey, subject=subject, text=text)
    used = await queries.letters_of_today(session, grant.team_id)
    mailing = Mailing(
        project_id=survey.project_id,
        survey_id=survey_id,
        kind=kind,
        subject=dict(subject),
        text=dict(text),
        created_by_id=created_by_id,
    )
    session.add(mailing)
    await session.flush()  # letters and event name the round
    n_letters = await queries.add_letters(session, mailing)
    if not n_letters:
        raise Invalid.at(
            "/kind",
            "Nobody is left for this: all were invited, have finished or unsubscribed, or have no address.",
        )
    if used + n_letters > most_per_day:
        raise TooManyLetters(
            f"The team may send {most_per_day} letters within 24 hours; {used} were sent, and this adds {n_letters}.",
            maximum=most_per_day,
            used=used,
        )
    event = MailingRequested(project_id=survey.project_id, survey_id=survey_id, mailing_id=mailing.id)
    await record(session, event, team_id=grant.team_id, project_id=survey.project_id)
    return mailing, n_letters


async def _require_sendable(
    session: Session, survey: Survey, *, subject: Mapping[str, str], text: Mapping[str, str]
) -> None:
    """Raise SurveyInOtherState where links would lead nowhere, Invalid for texts that cannot be filled in."""
    if survey.status != SurveyStatus.PUBLISHED:
        raise SurveyInOtherState(
            f"The links lead to a survey that is {survey.status}; publish it first.",
            survey_status=survey.status,
        )
    known = await queries.attribute_names(session, survey.id)
    faults = list(faults_of(subject, text, default=default_language(survey), known=known))
    if faults:
        raise Invalid(faults)


def default_language(survey: Survey) -> str:
    """The first language of a survey's draft."""
    return str(survey.definition["languages"][0])


@dataclass(frozen=True)
class Round:
    """What all letters of a round have in common."""

    mailing: Mailing
    survey: Survey
    links: Links

    def letter_to(self, claimed: queries.Claimed) -> Letter:
        """Return the letter to one participant."""
        person = claimed.participant
        link = self.links.of(self.survey.uuid, person.uuid)
        before, _, token = link.rpartition("/p/")
        recipient = Recipient(
            email=person.email,
            external_id=person.external_id,
            language=person.language,
            attributes=person.attributes,
            link=link,
            unsubscribe=f"{before}/u/{token}",
        )
        subject, text = written(
            self.mailing.subject, self.mailing.text, recipient, default=default_language(self.survey)
        )
        return Letter(person.email, subject, text, headers_of(recipient.unsubscribe))


async def round_of(session: Snapshot, mailing_id: int, links: Links) -> Round | None:
    """Return a round that is to be sent, None when it is gone."""
    mailing = await session.get(Mailing, mailing_id)
    if mailing is None:
        return None
    return Round(mailing, await survey_queries.get_survey(session, mailing.survey_id), links)


async def claim(session: Session, mailing_id: int) -> queries.Claimed | None:
    """Claim the next letter that is still wanted; those that are not any more are passed over, and noted."""
    while (claimed := await queries.claim_letter(session, mailing_id)) is not None:
        if claimed.is_wanted:
            return claimed
        await queries.settle_letter(session, claimed.id, status="SKIPPED")
    return None


async def note_sent(session: Session, claimed: queries.Claimed) -> None:
    """Note that a letter was taken."""
    await queries.settle_letter(session, claimed.id, status="SENT")
    await queries.note_mail(session, claimed.participant.id, invited_at=func.now(), mail_error="")


async def note_refused(session: Session, claimed: queries.Claimed, reason: str) -> None:
    """Note that a letter was refused, and why, also at the participant whose address it is."""
    error = " ".join(reason.split())[:LONGEST_ERROR]
    await queries.settle_letter(session, claimed.id, status="FAILED", error=error)
    await queries.note_mail(session, claimed.participant.id, mail_error=error)


async def give_back(session: Session, claimed: queries.Claimed) -> None:
    """Let a letter be sent later that was certainly not handed over."""
    await queries.settle_letter(session, claimed.id, status="PENDING")
