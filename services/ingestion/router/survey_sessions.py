"""Who a browser is to a survey's page: the interview that its cookies name, and in whose name the database is asked."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from kernel.db import Snapshot, Tenancy, public_database
from kernel.ids import hash_token
from kernel.problems import NotFound
from services.ingestion.domain.survey.participants import session_of
from services.ingestion.router import survey_cookies as cookies


@dataclass(frozen=True)
class Known:
    """What a browser is known by: the session token of an interview, begun or not, and the token of a personal link."""

    token: str = ""
    participant: str = ""


def known(request: Request, identifier: UUID) -> Known:
    """Return what the cookies say; a personal link leads to the interview that is its own, in any browser."""
    participant = request.cookies.get(cookies.PARTICIPANT, "")
    if participant:
        return Known(session_of(secret_of(request), identifier, participant), participant)
    return Known(request.cookies.get(cookies.INTERVIEW, ""))


def tenancy(identifier: UUID, who: Known) -> Tenancy:
    """In whose name the database is asked."""
    settings = {"survey_uuid": str(identifier)}
    if who.token:
        settings["session_hash"] = hash_token(who.token)
    if who.participant:
        settings["participant_hash"] = hash_token(who.participant)
    return Tenancy.of_public(**settings)


def snapshot(
    request: Request, identifier: UUID, who: Known | None = None
) -> AbstractAsyncContextManager[Snapshot]:
    """Open a read-only session under the respondent's role."""
    return public_database(request).snapshot(tenancy(identifier, who or Known()))


def identifier_of(text: str) -> UUID:
    """Return the survey's UUID; raises NotFound for anything else, like an unknown survey."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound.of("survey", text) from None


def secret_of(request: Request) -> str:
    """Return the deployment's secret."""
    secret: str = request.app.state.resources.settings.secret_key.get_secret_value()
    return secret
