"""Commands of erasures: take from an interview what its respondent said, and remove every file that may hold it.

The answers go in the transaction of the request. What was written from them, versions of datasets and exports, goes on the event:
first the dataset is written anew without the interview, then the older objects are removed, then their rows. Killed in between, the
rows still name what is to be removed. The receipt is complete when nothing is left.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import func

from contracts.ingestion import ChangeKind, ErasureCompleted, ResponseErased, ResponseStatus
from kernel.access import Permission, ProjectGrant, Role, require_project
from kernel.activity import log_activity
from kernel.clock import utc_now
from kernel.db import Session
from kernel.events import record
from kernel.ids import hash_token, new_token
from kernel.principals import Principal
from services.ingestion.models import ResponseErasure, SurveyResponse
from services.ingestion.queries import changes as change_queries
from services.ingestion.queries import erasures as queries
from services.ingestion.queries import responses as response_queries
from services.ingestion.queries import surveys as survey_queries
from services.ingestion.queries.erasures import Remnants
from services.ingestion.service.changes import add_change

KEPT = "A row without anything the respondent said, with status ERASED, so that counts add up."
OUTSIDE = "Files that were downloaded before, and figures computed before, which are shown as stale."


async def erase_response(
    session: Session, survey_id: int, response_id: int, *, caller: Principal
) -> ResponseErasure:
    """Remove what a respondent said, once; repeated, return the one erasure and see to it that it ends. Raises NotFound, Forbidden."""
    survey = await survey_queries.get_survey(session, survey_id)
    grant = await require_project(session, survey.project_id, Permission.WRITE)
    response = await queries.lock_response(session, survey_id, response_id)
    if response.status == ResponseStatus.ERASED:
        erasure = await queries.get_erasure(session, survey_id, response_id)
        if erasure.completed_at is None:
            await _tell(session, erasure, team_id=grant.team_id)
        return erasure
    dataset = await response_queries.find_dataset(session, survey_id)
    files = await queries.forget_files(session, response_id)
    erasure = ResponseErasure(
        project_id=survey.project_id,
        survey_id=survey_id,
        survey_response_id=response_id,
        requested_by_id=caller.user_id,
        began_at=response.created_at,
        waiting={} if dataset is None else {str(dataset.id): None},
        object_keys=files,
        receipt={
            "survey_uuid": str(survey.uuid),
            "response_uuid": str(response.uuid),
            "requested_by": caller.subject,
            "requested_at": utc_now().isoformat(),
            "removed": {**await _emptied(session, response), "files": len(files)},
            "kept": KEPT,
            "outside": OUTSIDE,
        },
    )
    session.add(erasure)
    await session.flush()  # the event carries the id
    await _tell(session, erasure, team_id=grant.team_id)
    await log_activity(
        session,
        "response.erased",
        actor=caller,
        team_id=grant.team_id,
        target=f"response:{response_id}",
        survey=survey_id,
        erasure=erasure.id,
    )
    return erasure


async def _emptied(session: Session, response: SurveyResponse) -> dict[str, Any]:
    """Take everything out of an interview that came from its respondent; return what it was, in numbers."""
    removed = {
        "answers": len(response.answers),
        "paradata": len(response.paradata),
        "flags": len(response.flags),
        "session_token": 1,
        "device_hash": int(bool(response.device_hash)),
        "fingerprint": int(bool(response.fingerprint)),
        "quota_seats": await queries.release_seats(session, response.id),
        "participants": await queries.forget_participants(session, response.id),
        "dataset_versions": [],
        "exports": [],
        "objects": 0,
    }
    response.status = ResponseStatus.ERASED
    response.answers, response.paradata, response.flags, response.not_asked = {}, {}, [], []
    response.token_hash = hash_token(new_token())  # nobody has the token of this one
    response.device_hash = response.fingerprint = response.language = ""
    response.seed = response.cursor = 0
    response.submitted_at = None
    response.created_at = func.date_trunc("day", response.created_at)
    return removed


async def _tell(session: Session, erasure: ResponseErasure, *, team_id: int) -> None:
    event = ResponseErased(
        project_id=erasure.project_id,
        survey_id=erasure.survey_id,
        response_id=erasure.survey_response_id,
        erasure_id=erasure.id,
    )
    await record(session, event, team_id=team_id, project_id=erasure.project_id)


async def note_removed(
    session: Session, erasure_id: int, dataset_id: int, found: Remnants, *, team_id: int
) -> None:
    """Note that objects are gone, remove their rows, and go on to datasets that were merged from this one, or to the end."""
    erasure = await queries.lock_erasure(session, erasure_id)
    if erasure is None or erasure.began_at is None:
        return
    await queries.remove_remnants(session, found)
    removed = dict(erasure.receipt["removed"])
    removed["dataset_versions"] = [
        *removed["dataset_versions"],
        *(
            {"dataset_id": one.dataset_id, "version": one.number, "content_hash": one.content_hash}
            for one in found.versions
        ),
    ]
    removed["exports"] = [*removed["exports"], *(one.id for one in found.exports)]
    removed["objects"] += len(found.keys)
    erasure.receipt = {**erasure.receipt, "removed": removed}
    waiting = {key: change for key, change in erasure.waiting.items() if key != str(dataset_id)}
    erasure.waiting = waiting | await _refreshed(
        session, erasure, dataset_id, erasure.began_at, team_id=team_id
    )
    if not erasure.waiting:
        await _complete(session, erasure, team_id=team_id)


async def _refreshed(
    session: Session, erasure: ResponseErasure, dataset_id: int, since: datetime, *, team_id: int
) -> dict[str, int]:
    """Ask for every dataset anew that was merged from one; return the changes to wait for by dataset."""
    asked: dict[str, int] = {}
    grant = ProjectGrant(erasure.project_id, team_id, Role.ADMIN)
    for dataset in await queries.merged_from(session, dataset_id, since=since):
        last = await change_queries.find_last_merge(session, dataset.id)
        if last is not None:
            change = await add_change(
                session, dataset, grant, ChangeKind.MERGE, last.request, user_id=erasure.requested_by_id
            )
            asked[str(dataset.id)] = change.id
    return asked


async def _complete(session: Session, erasure: ResponseErasure, *, team_id: int) -> None:
    """Seal the receipt: its hash is over everything in it, and stands in the activity log as well."""
    erasure.completed_at = utc_now()
    erasure.began_at, erasure.object_keys = None, []
    content = {**erasure.receipt, "completed_at": erasure.completed_at.isoformat()}
    digest = receipt_hash(content)
    erasure.receipt = {**content, "sha256": digest}
    hashes = {version["content_hash"] for version in content["removed"]["dataset_versions"]}
    event = ErasureCompleted(
        project_id=erasure.project_id,
        survey_id=erasure.survey_id,
        response_id=erasure.survey_response_id,
        erasure_id=erasure.id,
        content_hashes=sorted(hashes),
    )
    await record(session, event, team_id=team_id, project_id=erasure.project_id)
    await log_activity(
        session,
        "response.erasure_completed",
        actor=erasure.requested_by_id,
        team_id=team_id,
        target=f"response:{erasure.survey_response_id}",
        erasure=erasure.id,
        sha256=digest,
    )


def receipt_hash(content: dict[str, Any]) -> str:
    """SHA-256 (hex) over a receipt without its hash, as JSON with sorted keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
