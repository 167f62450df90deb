"""What happens to requested exports in the background: they are written, stored, and purged after a day."""

import json
from pathlib import Path

from contracts.ingestion import ExportRequested
from kernel.subscriptions import AlreadyHandled, Delivery
from services.ingestion.consumers.notes import progress_notes
from services.ingestion.consumers.registry import consumers
from services.ingestion.domain.refusals import FileRefused
from services.ingestion.errors import FileReaderFailed
from services.ingestion.queries import exports as queries
from services.ingestion.service import exports as service
from services.ingestion.service.reading import ReaderFailedError, run_limited, scratch_folder
from services.ingestion.settings import IngestionSettings

CHILD = "services.ingestion.domain.export_child"
_WRITER_ATTEMPTS = 2


@consumers.on(ExportRequested, name="write-export", ack_wait_s=60, concurrency=2)
async def write_export(event: ExportRequested, delivery: Delivery) -> None:
    """Write a dataset as a file, or note why not. Killed at any point and delivered again, it ends with one file."""
    if await delivery.is_handled():
        raise AlreadyHandled(f"export {event.export_id} is written")
    async with delivery.snapshot() as session:
        job = await service.find_job(session, event.export_id)
    if job is None:
        return
    try:
        written = await _write(job, event, delivery)
    except FileRefused as refused:
        await _refuse(event, delivery, refused)
        return
    except ReaderFailedError as failed:
        if delivery.attempt < _WRITER_ATTEMPTS:
            raise
        detail = "Writing this export crashed more than once."
        crashed = FileRefused(FileReaderFailed.slug, detail, "Try another format.")
        await _refuse(event, delivery, failed.refusal or crashed)
        return
    async with delivery.effect() as session:
        is_kept = await service.complete_export(session, event.export_id, written, team_id=delivery.team_id)
    if not is_kept:
        await delivery.resources.objects.delete(written.object_key)


async def _write(job: service.Job, event: ExportRequested, delivery: Delivery) -> service.WrittenExport:
    settings = delivery.resources.settings
    if not isinstance(settings, IngestionSettings):
        raise TypeError("ingestion's worker runs with IngestionSettings")
    objects = delivery.resources.objects
    async with scratch_folder(settings) as folder:
        rows, work, request = folder / "rows.parquet", folder / "work", folder / "request.json"
        work.mkdir()
        await objects.download(job.parquet_key, rows)
        request.write_text(
            json.dumps({**job.request, "codebook": job.codebook, "format": job.format.value}),
            encoding="utf-8",
        )
        made = await run_limited(
            CHILD,
            rows,
            work,
            settings,
            progress_notes(delivery, queries.set_progress, event.export_id),
            str(request),
        )
        stored = await objects.upload(job.object_key, Path(made["path"]), made["content_type"])
        return service.WrittenExport(job.object_key, stored.size_bytes, made["n_rows"], made["notes"])


async def _refuse(event: ExportRequested, delivery: Delivery, refused: FileRefused) -> None:
    async with delivery.effect() as session:
        await service.fail_export(
            session,
            event.export_id,
            refused.slug,
            detail=refused.detail,
            hint=refused.hint,
            team_id=delivery.team_id,
        )
