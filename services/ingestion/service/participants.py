"""Commands of participants: take them in one by one or from a list, take them out, list their links."""

import asyncio
import csv
import io
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel.access import Permission, require_project
from kernel.db import Session, Snapshot
from kernel.ids import hash_token
from kernel.problems import Invalid
from services.ingestion.domain.survey.participants import (
    Entry,
    Listed,
    ListRefused,
    fault_of,
    normal,
    read_list,
    token_of,
)
from services.ingestion.errors.entrance import ParticipantExists
from services.ingestion.models import Participant, Survey
from services.ingestion.queries import participants as queries
from services.ingestion.queries import surveys as survey_queries
from services.ingestion.service.surveys import refuse_archived


@dataclass(frozen=True)
class Links:
    """Makes the personal links of a survey: what they are made from is a secret of the deployment."""

    secret: str
    gateway_url: str

    def of(self, survey_uuid: UUID, participant_uuid: UUID) -> str:
        """Return a participant's personal link."""
        token = token_of(self.secret, survey_uuid, participant_uuid)
        return f"{self.gateway_url}/s/{survey_uuid}/p/{token}"


@dataclass(frozen=True)
class Imported:
    """What became of a list."""

    listed: Listed
    n_added: int


async def survey_of_participants(session: Session | Snapshot, survey_id: int) -> Survey:
    """Return a survey whose participants the caller may see; raises NotFound, Forbidden: addresses are not for viewers."""
    survey = await survey_queries.get_survey(session, survey_id)
    await require_project(session, survey.project_id, Permission.WRITE)
    return survey


async def add_participant(
    session: Session, survey_id: int, entry: Entry, *, links: Links
) -> tuple[Participant, Survey]:
    """Add one participant; raises Invalid, ParticipantExists, SurveyInOtherState, NotFound, Forbidden."""
    survey = await survey_of_participants(session, survey_id)
    refuse_archived(survey)
    if fault := fault_of(entry):
        raise Invalid.at("", f"{fault[:1].upper()}{fault[1:]}.")
    row = _row(survey, normal(entry), links)
    if not await queries.add_participants(session, [row]):
        raise ParticipantExists("This address or id is among the participants of the survey already.")
    statement = queries.participants(survey_id).where(Participant.uuid == row["uuid"])
    return (await session.scalars(statement)).one(), survey


async def import_participants(session: Session, survey_id: int, content: bytes, *, links: Links) -> Imported:
    """Add whom a list names; whoever cannot be taken, or is there already, is told by line. Raises Invalid, SurveyInOtherState, NotFound, Forbidden."""
    survey = await survey_of_participants(session, survey_id)
    refuse_archived(survey)
    try:
        listed = await asyncio.to_thread(read_list, content)
    except ListRefused as refused:
        raise Invalid.at("", str(refused)) from refused
    rows = [_row(survey, entry, links) for entry in listed.entries]
    added = await queries.add_participants(session, rows)
    for entry, row in zip(listed.entries, rows, strict=True):
        if row["uuid"] not in added:
            shown = entry.email or entry.external_id
            listed.repeat(entry.line, "among the participants of the survey already", shown)
    return Imported(listed, len(added))


def _row(survey: Survey, entry: Entry, links: Links) -> dict[str, Any]:
    """The values of a participant's row."""
    identity = uuid.uuid4()
    return {
        "uuid": identity,
        "project_id": survey.project_id,
        "survey_id": survey.id,
        "email": entry.email,
        "external_id": entry.external_id,
        "language": entry.language,
        "attributes": entry.attributes,
        "token_hash": hash_token(token_of(links.secret, survey.uuid, identity)),
    }


async def delete_participant(session: Session, survey_id: int, participant_id: int) -> None:
    """Remove a participant: the link leads nowhere from then on, the answers stay. Raises NotFound, Forbidden."""
    await survey_of_participants(session, survey_id)
    await session.delete(await queries.get_participant(session, survey_id, participant_id))


async def links_as_csv(session: Snapshot, survey: Survey, links: Links) -> AsyncIterator[str]:
    """Yield the survey's participants with their links as lines of CSV (RFC 4180)."""
    yield _lines([("email", "id", "language", "status", "link")])
    async for rows in queries.stream_participants(session, survey.id):
        yield _lines(
            [
                (
                    _inert(row.email),
                    _inert(row.external_id),
                    row.language,
                    row.status,
                    links.of(survey.uuid, row.uuid),
                )
                for row in rows
            ]
        )


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _lines(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
