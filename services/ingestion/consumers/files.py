"""What happens to uploaded files in the background: they are read; the objects of deleted ones are purged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from contracts.ingestion import FileDeleted, FileType, FileUploaded, ProjectDeleted, UploadStatus
from kernel.db import Session
from kernel.limits import PlanLimitReached
from kernel.logs import get_logger
from kernel.subscriptions import AlreadyHandled, Delivery
from services.ingestion.consumers.documents import Original, read_document
from services.ingestion.consumers.notes import progress_notes
from services.ingestion.consumers.registry import consumers
from services.ingestion.domain.refusals import IS_DOCUMENT, FileRefused
from services.ingestion.errors import FileReaderFailed
from services.ingestion.models import RawDataFile
from services.ingestion.queries import files as queries
from services.ingestion.service import files as service
from services.ingestion.service.documents import ReadDocument, complete_document
from services.ingestion.service.reading import (
    ReaderFailedError,
    ReaderResult,
    read_table,
    scratch_folder,
)
from services.ingestion.settings import IngestionSettings

log = get_logger(__name__)
PARQUET = "application/vnd.apache.parquet"
# A crash may be an accident of the machine once; twice, it is the file.
_READER_ATTEMPTS = 2


@consumers.on(FileUploaded, name="parse-file", ack_wait_s=60, concurrency=2)
async def parse_uploaded_file(event: FileUploaded, delivery: Delivery) -> None:
    """Read a file into a dataset, or note why not. Killed at any point and delivered again, it ends with one dataset.

    Objects go to keys that depend on the file alone, so a second run overwrites them; rows and events are written in
    the one transaction that also enters the inbox.
    """
    if await delivery.is_handled():
        raise AlreadyHandled(f"file {event.file_id} is read")
    async with delivery.snapshot() as session:
        file = await queries.find_file(session, event.file_id)
    if file is None or file.upload_status != UploadStatus.PENDING:
        return
    try:
        read = await _read(event, delivery, FileType(file.file_type), file.reading)
    except FileRefused as refused:
        await _refuse(event, delivery, refused)
        return
    except ReaderFailedError as failed:
        if delivery.attempt < _READER_ATTEMPTS:
            raise
        detail = "The reader crashed on this file more than once."
        crashed = FileRefused(FileReaderFailed.slug, detail, "Try another export of the table.")
        await _refuse(event, delivery, failed.refusal or crashed)
        return
    try:
        await _complete(event, delivery, read)
    except PlanLimitReached as reached:
        hint = "Delete datasets that are not needed, or ask for a larger plan; then upload the file again."
        await _refuse(event, delivery, FileRefused(reached.slug, reached.detail, hint))
        if isinstance(read, service.ReadTable):
            await _remove_what_was_read(event, delivery, read)


async def _remove_what_was_read(event: FileUploaded, delivery: Delivery, table: service.ReadTable) -> None:
    """Remove the objects beside the original, to which nothing refers."""
    for key in (table.parquet_key, f"{service.folder_of(event.object_key)}preview.json"):
        await delivery.resources.objects.delete(key)


async def _read(
    event: FileUploaded, delivery: Delivery, file_type: FileType, options: Mapping[str, Any]
) -> service.ReadTable | ReadDocument:
    settings = delivery.resources.settings
    if not isinstance(settings, IngestionSettings):
        raise TypeError("ingestion's worker runs with IngestionSettings")
    objects = delivery.resources.objects
    async with scratch_folder(settings) as folder:
        source = folder / "original"
        await objects.download(event.object_key, source)
        work = folder / "work"
        work.mkdir()
        note = progress_notes(delivery, queries.set_progress, event.file_id)
        if file_type is FileType.TABULAR:
            try:
                # Who tells how a table is to be read has seen one in it.
                may_be_document = event.file_type is None and not options
                result = await read_table(
                    source, work, settings, note, options=options, may_be_document=may_be_document
                )
                return await _store(event, delivery, result)
            except FileRefused as refused:
                if refused.slug != IS_DOCUMENT:
                    raise
        return await read_document(objects, Original(source, folder, event.object_key), settings, note)


async def _store(event: FileUploaded, delivery: Delivery, result: ReaderResult) -> service.ReadTable:
    objects = delivery.resources.objects
    folder = service.folder_of(event.object_key)
    parquet_key = f"{folder}dataset-v1.parquet"
    await objects.upload(parquet_key, Path(result.parquet), PARQUET)
    await objects.put(f"{folder}preview.json", orjson.dumps(result.preview), "application/json")
    return service.ReadTable(
        parquet_key=parquet_key,
        content_hash=result.content_hash,
        n_rows=result.n_rows,
        n_columns=result.n_columns,
        codebook=result.codebook,
        columns_metadata=result.columns_metadata,
        report=result.report,
    )


async def _complete(event: FileUploaded, delivery: Delivery, read: service.ReadTable | ReadDocument) -> None:
    async with delivery.effect() as session:
        file = await queries.lock_file(session, event.file_id)
        if file is not None and file.upload_status == UploadStatus.PENDING:
            await _complete_file(session, delivery, file, read)
    if file is None:
        # Deleted while it was read: what was stored after the purge goes as well.
        await delivery.resources.objects.delete_prefix(service.folder_of(event.object_key))


async def _complete_file(
    session: Session, delivery: Delivery, file: RawDataFile, read: service.ReadTable | ReadDocument
) -> None:
    if isinstance(read, ReadDocument):
        await complete_document(session, file, read, team_id=delivery.team_id)
        return
    limits = delivery.resources.settings.plan_limits
    await service.complete_import(session, limits, file, read, team_id=delivery.team_id)


async def _refuse(event: FileUploaded, delivery: Delivery, refused: FileRefused) -> None:
    async with delivery.effect() as session:
        file = await queries.lock_file(session, event.file_id)
        if file is not None and file.upload_status == UploadStatus.PENDING:
            await service.fail_import(
                session,
                file,
                refused.slug,
                detail=refused.detail,
                hint=refused.hint,
                team_id=delivery.team_id,
            )


@consumers.on(FileDeleted, name="purge-file")
async def purge_file(event: FileDeleted, delivery: Delivery) -> None:
    """Remove the objects of a deleted file."""
    n_objects = await delivery.resources.objects.delete_prefix(event.object_prefix)
    log.info("file_purged", file_id=event.file_id, n_objects=n_objects)


@consumers.on(ProjectDeleted, name="purge-project")
async def purge_project(event: ProjectDeleted, delivery: Delivery) -> None:
    """Remove the objects of a deleted project."""
    n_objects = await delivery.resources.objects.delete_prefix(event.object_prefix)
    log.info("project_purged", project_id=event.project_id, n_objects=n_objects)
