"""What a killed process left behind: parts and objects that no row knows, files whose event never had its effect.

Whatever writes to the object store does so before the row that refers to it, so a kill in between leaves bytes and
never a row without them. The sweeps compare both sides after a grace period that no request outlives.
"""

import random
import re
from datetime import timedelta

from contracts.ingestion import UploadStatus
from kernel.clock import utc_now
from kernel.db import Session, Tenancy
from kernel.logs import get_logger
from kernel.objects import Objects
from kernel.resources import Resources
from services.ingestion.domain.refusals import FileRefused
from services.ingestion.errors import FileReaderFailed
from services.ingestion.models import RawDataFile
from services.ingestion.queries import files
from services.ingestion.queries import sweeps as queries
from services.ingestion.queries import uploads as upload_queries
from services.ingestion.service.files import ORIGINAL, fail_import, tell_uploaded
from services.ingestion.service.imports import tell_import_requested
from services.ingestion.service.originals import is_awaited, refuse_original
from services.ingestion.service.uploads import tell_completed

log = get_logger(__name__)
_TEAMS = "teams/"
_PROJECT = re.compile(r"teams/\d+/projects/(\d+)/")
_OF_A_ROW = re.compile(r"\.parquet$|/(?:exports|responses)/[^/]+$")
"""Keys that a version of a dataset, an export or an answer refers to; whatever else lies beside an original goes with its file."""
_BATCH = 500
_GAVE_UP = (
    "It could not be taken in for days, through a fault of ours.",
    "Send it again; operators find the cause among the dead letters.",
)


async def abort_lapsed_uploads(resources: Resources, *, keep: timedelta) -> int:
    """Throw away uploads in parts that expired longer than `keep` ago; return how many.

    Parts first, rows at the commit: killed in between, the rows are still there to try again.
    """
    async with resources.database.transaction(Tenancy.none()) as session:
        lapsed = await queries.purge_uploads(session, keep=keep)
        for upload in lapsed:
            await resources.objects.parts.abort(upload)
    return len(lapsed)


async def abort_stray_uploads(resources: Resources, *, grace: timedelta) -> int:
    """Throw away multipart uploads that no row knows and that began longer than `grace` ago; return how many."""
    before = utc_now() - grace
    found = resources.objects.parts.unfinished(_TEAMS)
    old = [each.upload async for each in found if each.begun_at < before]
    n_aborted = 0
    for start in range(0, len(old), _BATCH):
        batch = old[start : start + _BATCH]
        async with resources.database.snapshot(Tenancy.none()) as session:
            unknown = await queries.unknown_uploads(session, [each.multipart_id for each in batch])
        for upload in batch:
            if upload.multipart_id in unknown:
                await resources.objects.parts.abort(upload)
                n_aborted += 1
    return n_aborted


async def purge_abandoned_files(resources: Resources, *, keep: timedelta) -> int:
    """Forget files of interviews that nobody went on with for longer than `keep`, and files that no answer names (erased ones).

    Returns how many; their objects are orphans then.
    """
    async with resources.database.transaction(Tenancy.none()) as session:
        return await queries.purge_response_files(session, keep=keep)


async def remove_orphans(resources: Resources, *, grace: timedelta, most_s: float) -> int:
    """Remove what lies in the bucket for no file, dataset, export or project, untouched for longer than `grace`; return how many.

    Teams come in random order and none is begun after `most_s` seconds, so that hourly runs reach all of them.
    """
    ends_at = utc_now() + timedelta(seconds=most_s)
    teams = await resources.objects.folders(_TEAMS)
    random.shuffle(teams)
    n_removed = 0
    for team in teams:
        if utc_now() > ends_at:
            break
        n_removed += await _sweep_team(resources, team, grace)
    return n_removed


async def _sweep_team(resources: Resources, team: str, grace: timedelta) -> int:
    prefixes = await resources.objects.folders(f"{team}projects/")
    projects = {int(match[1]): prefix for prefix in prefixes if (match := _PROJECT.fullmatch(prefix))}
    async with resources.database.snapshot(Tenancy.none()) as session:
        missing = await queries.missing_projects(session, list(projects))
    n_removed = 0
    for project_id, prefix in projects.items():
        if project_id in missing:
            n_removed += await _remove_if_old(resources.objects, prefix, grace)
        else:
            n_removed += await _sweep_files(resources, project_id, f"{prefix}files/", grace)
            n_removed += await _sweep_versions(resources, project_id, prefix, grace)
    return n_removed


async def _sweep_files(resources: Resources, project_id: int, prefix: str, grace: timedelta) -> int:
    folders = await resources.objects.folders(prefix)
    n_removed = 0
    for start in range(0, len(folders), _BATCH):
        keys = [f"{folder}{ORIGINAL}" for folder in folders[start : start + _BATCH]]
        async with resources.database.snapshot(Tenancy.none()) as session:
            unreferred = await queries.unreferred_originals(session, project_id, keys)
        for key in unreferred:
            n_removed += await _remove_if_old(resources.objects, key.removesuffix(ORIGINAL), grace)
    return n_removed


async def _sweep_versions(resources: Resources, project_id: int, prefix: str, grace: timedelta) -> int:
    """Remove rows, exports and respondents' files that were written for a row which never came to be, or is gone."""
    before = utc_now() - grace
    listed = resources.objects.listed(prefix)
    old = [each.key async for each in listed if each.modified_at < before and _OF_A_ROW.search(each.key)]
    n_removed = 0
    for start in range(0, len(old), _BATCH):
        async with resources.database.snapshot(Tenancy.none()) as session:
            strays = await queries.unreferred_objects(session, project_id, old[start : start + _BATCH])
        for key in strays:
            await resources.objects.delete(key)
            log.info("stray_removed", key=key)
        n_removed += len(strays)
    return n_removed


async def _remove_if_old(objects: Objects, prefix: str, grace: timedelta) -> int:
    """Remove what lies below a prefix unless something was written there since the grace period began."""
    before = utc_now() - grace
    async for each in objects.listed(prefix):
        if each.modified_at >= before:
            return 0
    n_removed = await objects.delete_prefix(prefix)
    log.info("orphans_removed", prefix=prefix, n_objects=n_removed)
    return n_removed


async def tell_again(resources: Resources, *, quiet: timedelta, give_up: timedelta) -> int:
    """Record anew the event of files about which nothing was noted for so long; return how many.

    The outbox loses no event, but a dead letter, or a stream restored from a backup, ends without an effect. One that is
    PENDING for longer than `give_up` is FAILED, so that nobody waits for ever.
    """
    async with resources.database.transaction(Tenancy.none()) as session:
        stuck = await queries.stuck_files(session, quiet=quiet, most=_BATCH)
    for team_id, file_id in stuck:
        async with resources.database.transaction(Tenancy.of_team(team_id)) as session:
            file = await files.lock_file(session, file_id)
            if file is not None and file.upload_status == UploadStatus.PENDING:
                await _tell(session, file, team_id=team_id, gives_up=file.created_at < utc_now() - give_up)
    return len(stuck)


async def _tell(session: Session, file: RawDataFile, *, team_id: int, gives_up: bool) -> None:
    file.updated_at = utc_now()
    upload = await upload_queries.find_upload_of(session, file.id)
    if gives_up and is_awaited(file):
        await refuse_original(session, file, FileRefused(FileReaderFailed.slug, *_GAVE_UP), team_id=team_id)
    elif gives_up:
        detail, hint = _GAVE_UP
        await fail_import(session, file, FileReaderFailed.slug, detail=detail, hint=hint, team_id=team_id)
    elif not is_awaited(file):
        await tell_uploaded(session, file, team_id=team_id)
    elif upload is not None:
        await tell_completed(session, upload, file.id, team_id=team_id)
    else:
        await tell_import_requested(session, file, team_id=team_id)
