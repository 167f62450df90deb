"""Files of respondents: stored as they arrive, kept while an answer names them, removed when none does.

Bytes go to the object store before the transaction that takes the answer, as everywhere: a process that is killed in between leaves
an object that no row knows, which the sweep finds.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel.db import Session, Snapshot
from kernel.ids import uuid7
from kernel.limits import PlanLimits
from kernel.objects import BYTES, StoredObject
from kernel.problems import Invalid, NotFound
from kernel.resources import Resources
from services.ingestion.domain.signatures import HEAD_BYTES
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import AnswerRefused, Fault, plain
from services.ingestion.domain.survey.attachments import Attached, attached_in, file_questions, files_of
from services.ingestion.domain.survey.media import Media, media_of, stored_name
from services.ingestion.domain.survey.questions import FileQuestion
from services.ingestion.errors import InterviewFinished
from services.ingestion.models import ResponseFile
from services.ingestion.queries import response_files as queries
from services.ingestion.queries.interviews import PublicSurvey
from services.ingestion.service.entrance import not_open
from services.ingestion.service.files import IncomingFile
from services.ingestion.service.interviews import Interview, get_interview
from services.ingestion.service.projects import object_prefix
from services.ingestion.service.response_limit import require_room_for_files

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file whose bytes are stored, and that no answer names yet."""

    question: str
    attached: Attached
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The files that came with a request, and how much a team may store."""

    files: Sequence[Arrived]
    limits: PlanLimits


class _Admitted:
    """The bytes of a file that a question takes; what it is, is known before any of them is passed on."""

    def __init__(self, incoming: IncomingFile, question: FileQuestion, limit_bytes: int) -> None:
        self._incoming, self._question, self._limit_bytes = incoming, question, limit_bytes
        self.media: Media | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        head, n_bytes = b"", 0
        async for chunk in self._incoming.chunks:
            n_bytes += len(chunk)
            if n_bytes > self._limit_bytes:
                size = f"{plain(round(self._limit_bytes / _MEBIBYTE, 2))} MB"
                raise AnswerRefused(Fault("file_large", {"name": self._incoming.name, "size": size}))
            if self.media is not None:
                yield chunk
                continue
            head += chunk
            if len(head) >= HEAD_BYTES:
                self._judge(head)
                yield head
        if self.media is None:
            self._judge(head)
            yield head

    def _judge(self, head: bytes) -> None:
        if not head:
            raise AnswerRefused(Fault("file_empty", {"name": self._incoming.name}))
        self.media = media_of(head)
        if self.media is None or self.media.kind not in self._question.accept:
            raise AnswerRefused(Fault("file_type", {"name": self._incoming.name}))


async def store(
    resources: Resources,
    survey: PublicSurvey,
    question: FileQuestion,
    incoming: IncomingFile,
    *,
    most_bytes: int,
) -> Arrived:
    """Store a file as it arrives; AnswerRefused for one that the question does not take, of which nothing stays."""
    admitted = _Admitted(incoming, question, min(question.max_bytes, most_bytes))
    identifier = str(uuid7())
    key = f"{object_prefix(survey.team_id, survey.project_id)}responses/{identifier}"
    stored = await resources.objects.put_stream(key, aiter(admitted), BYTES)
    if admitted.media is None:
        raise TypeError("a file was stored before it was judged")
    name = stored_name(incoming.name, admitted.media)
    attached = Attached(identifier, name, admitted.media.kind, stored.size_bytes)
    return Arrived(question.code, attached, stored)


@asynccontextmanager
async def given_up_on_failure(resources: Resources, arrived: list[Arrived]) -> AsyncIterator[None]:
    """Remove files that were stored, should what is done with them fail."""
    try:
        yield
    except BaseException:
        await discard(resources, [each.stored.key for each in arrived])
        raise


async def discard(resources: Resources, keys: Sequence[str]) -> None:
    """Remove objects to which nothing refers any more."""
    for key in keys:
        await resources.objects.delete(key)


async def get_awaiting(session: Snapshot, token_hash: str, code: str) -> tuple[Interview, FileQuestion]:
    """Return the interview and its question that takes files; raises NotFound, InterviewFinished, SurveyNotOpen, Invalid."""
    interview = await get_interview(session, token_hash)
    if interview.is_finished:
        raise InterviewFinished("The answers were submitted and can no longer be changed.")
    if not interview.survey.rules.is_open:
        raise not_open(interview.survey)
    question = file_questions(interview.questionnaire.definition).get(code)
    if question is None:
        raise NotFound(f"There is no question {code!r} that takes files.")
    if code not in interview.state.visible_codes:
        raise Invalid.at("/question", "This question is not asked, given the other answers.")
    return interview, question


async def settle(session: Session, interview: Interview, arrivals: Arrivals | None = None) -> None:
    """Keep the rows of files that the answers name, and no others; what nothing refers to is noted in `unreferred`.

    Raises PlanLimitReached where the team may not store what came.
    """
    definition, response = interview.questionnaire.definition, interview.response
    if not file_questions(definition):
        return
    named = {one.id for _, one in files_of(definition, response.answers)}
    for row in await queries.list_files(session, response.id):
        if str(row.uuid) not in named:
            await session.delete(row)
            interview.unreferred.append(row.object_key)
    came = arrivals.files if arrivals else ()
    kept = [each for each in came if each.attached.id in named]
    interview.unreferred += [each.stored.key for each in came if each not in kept]
    if arrivals and kept:
        adding = sum(each.stored.size_bytes for each in kept)
        await require_room_for_files(session, arrivals.limits, interview.survey.team_id, adding=adding)
    session.add_all(_row(interview, each) for each in kept)


def _row(interview: Interview, arrived: Arrived) -> ResponseFile:
    return ResponseFile(
        uuid=UUID(arrived.attached.id),
        project_id=interview.response.project_id,
        survey_response_id=interview.response.id,
        question=arrived.question,
        object_key=arrived.stored.key,
        name=arrived.attached.name,
        kind=arrived.attached.kind,
        size_bytes=arrived.stored.size_bytes,
        sha256=arrived.stored.sha256,
    )


async def forget_lost(session: Session, interview: Interview) -> None:
    """Take back answers that name files which are gone, since nobody went on with the interview for long."""
    definition, response = interview.questionnaire.definition, interview.response
    named = list(files_of(definition, response.answers))
    if not named:
        return
    there = {str(row.uuid) for row in await queries.list_files(session, response.id)}
    lost = {code for code, one in named if one.id not in there}
    if not lost:
        return
    response.answers = {code: answer for code, answer in response.answers.items() if code not in lost}
    interview.state = engine.apply(definition, response.answers, {}, seed=response.seed).state


def with_one_more(interview: Interview, question: FileQuestion, arrived: Arrived) -> list[Any]:
    """The raw answer that a file makes: it joins those that are there, or takes the place of the only one."""
    there = attached_in(interview.response.answers.get(question.code)) if question.max_files > 1 else []
    return [*(one.id for one in there), arrived.attached]
