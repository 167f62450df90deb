"""What happens to requested changes of datasets in the background: the next version is made, or it is noted why not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from contracts.ingestion import DatasetChangeRequested, DatasetDeleted
from kernel.limits import PlanLimitReached
from kernel.subscriptions import AlreadyHandled, Delivery
from services.ingestion.consumers.notes import progress_notes
from services.ingestion.consumers.registry import consumers
from services.ingestion.domain.refusals import NOT_MERGEABLE, FileRefused
from services.ingestion.errors import FileReaderFailed
from services.ingestion.queries import changes as queries
from services.ingestion.service import changes as service
from services.ingestion.service.dataset_versions import Content, Overtaken
from services.ingestion.service.reading import Note, ReaderFailedError, run_limited, scratch_folder
from services.ingestion.settings import IngestionSettings

CHILD = "services.ingestion.domain.change_child"
SIMULATION_CHILD = "services.ingestion.domain.simulation_child"
PARQUET = "application/vnd.apache.parquet"
MOST_ATTEMPTS = 20
_CHILD_ATTEMPTS = 2


@consumers.on(DatasetChangeRequested, name="change-dataset", ack_wait_s=60, concurrency=2)
async def change_dataset(event: DatasetChangeRequested, delivery: Delivery) -> None:
    """Make the next version of a dataset. Killed at any point and delivered again, it ends with one version.

    Where another version came in between, the change is made again on that one, so that neither is lost.
    """
    if await delivery.is_handled():
        raise AlreadyHandled(f"change {event.change_id} is made")
    for _ in range(MOST_ATTEMPTS):
        async with delivery.snapshot() as session:
            job = await service.find_job(session, event.change_id, team_id=delivery.team_id)
        if job is None:
            return
        try:
            await _make(job, event, delivery)
        except Overtaken:
            continue
        return
    raise Overtaken(f"change {event.change_id}: others were faster {MOST_ATTEMPTS} times")


async def _make(job: service.Job, event: DatasetChangeRequested, delivery: Delivery) -> None:
    try:
        content, read = await _computed(job, event, delivery)
        async with delivery.effect() as session:
            limits = delivery.resources.settings.plan_limits
            is_kept = await service.complete_change(
                session, limits, job, content, read=read, team_id=delivery.team_id
            )
    except FileRefused as refused:
        await _refuse(event, delivery, refused)
        return
    except PlanLimitReached as reached:
        await delivery.resources.objects.delete(job.object_key)
        hint = "Delete datasets that are not needed, or ask for a larger plan; then ask again."
        await _refuse(event, delivery, FileRefused(reached.slug, reached.detail, hint))
        return
    except ReaderFailedError as failed:
        if delivery.attempt < _CHILD_ATTEMPTS:
            raise
        detail = "Changing this dataset crashed more than once."
        crashed = FileRefused(FileReaderFailed.slug, detail, "Try another definition.")
        await _refuse(event, delivery, failed.refusal or crashed)
        return
    if not is_kept:
        await delivery.resources.objects.delete(job.object_key)


async def _computed(
    job: service.Job, event: DatasetChangeRequested, delivery: Delivery
) -> tuple[Content, Mapping[str, Any] | None]:
    """The stored rows, and what is told about a file that was read, or interviews that were simulated, for them."""
    objects = delivery.resources.objects
    async with scratch_folder(settings_of(delivery)) as folder:
        parts = []
        for number, part in enumerate(job.parts):
            rows = folder / f"rows-{number}.parquet"
            await objects.download(part.parquet_key, rows)
            parts.append(part.as_json(str(rows)))
        if job.reading is not None:
            await objects.download(job.reading.object_key, folder / "original")
        note = progress_notes(delivery, queries.set_progress, event.change_id)
        told = None
        if job.simulation is not None:
            simulated = await _simulated(job.simulation, folder, delivery, note)
            parts, told = [simulated], {"report": simulated["report"]}
        made = await run_change(_request(job, parts, folder), folder, delivery, note)
        await objects.upload(job.object_key, Path(made["parquet"]), PARQUET)
        if job.reading is not None and job.reading.is_first:
            preview = orjson.dumps(made["read"]["preview"])
            await objects.put(f"{job.folder}preview.json", preview, "application/json")
        content = Content(job.object_key, made["codebook"], made["n_rows"], made["content_hash"])
        return content, told or made["read"]


async def _simulated(
    simulation: service.Simulation, folder: Path, delivery: Delivery, note: Note
) -> dict[str, Any]:
    """Rows, codebook and report of simulated interviews."""
    work, request_file = folder / "simulation", folder / "simulation.json"
    work.mkdir()
    request_file.write_text(json.dumps(simulation.as_json()), encoding="utf-8")
    try:
        return await run_limited(SIMULATION_CHILD, request_file, work, settings_of(delivery), note)
    except FileRefused as refused:
        detail = "Simulating so many interviews takes more time or memory than is allowed."
        raise FileRefused(refused.slug, detail, "Ask for fewer respondents.") from refused


def settings_of(delivery: Delivery) -> IngestionSettings:
    """Return the settings of ingestion's worker."""
    settings = delivery.resources.settings
    if not isinstance(settings, IngestionSettings):
        raise TypeError("ingestion's worker runs with IngestionSettings")
    return settings


async def run_change(
    request: Mapping[str, Any], folder: Path, delivery: Delivery, note: Note | None = None
) -> dict[str, Any]:
    """Return what `change_child` makes of a request; raises FileRefused, ReaderFailedError."""
    work, request_file = folder / "work", folder / "request.json"
    work.mkdir()
    request_file.write_text(json.dumps(request), encoding="utf-8")
    return await run_limited(CHILD, request_file, work, settings_of(delivery), note or _unnoted)


async def _unnoted(_phase: str, _done: int, _total: int) -> None:
    """Nobody waits for this."""


def _request(job: service.Job, parts: list[dict[str, object]], folder: Path) -> dict[str, object]:
    derivations = [one.as_json() | {"is_new": one.is_new} for one in job.derivations]
    common = {"derivations": derivations, "corrections": dict(job.corrections)}
    if job.reading is not None:
        read = {"source": str(folder / "original"), "options": dict(job.reading.options)}
        return {**common, "read": read}
    if job.merge is None:
        return {**common, "base": parts[0]}
    if len(parts) < len(job.merge["datasets"]):
        raise FileRefused(
            NOT_MERGEABLE,
            "One of the datasets is gone.",
            "Merge those that are left; the dataset keeps the version that it has.",
        )
    return {**common, "merge": {**job.merge, "sources": parts}}


async def _refuse(event: DatasetChangeRequested, delivery: Delivery, refused: FileRefused) -> None:
    async with delivery.effect() as session:
        await service.fail_change(
            session,
            event.change_id,
            refused.slug,
            detail=refused.detail,
            hint=refused.hint,
            team_id=delivery.team_id,
        )


@consumers.on(DatasetDeleted, name="purge-dataset")
async def purge_dataset(event: DatasetDeleted, delivery: Delivery) -> None:
    """Remove the objects of a deleted dataset."""
    await delivery.resources.objects.delete_prefix(event.object_prefix)
