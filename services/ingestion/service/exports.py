"""Commands of exports: ask for one, note that it was written, or why not."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from contracts.datasets.values import ExportFormat
from contracts.ingestion import ExportFinished, ExportRequested, ExportStatus
from kernel.access import Permission, require_project
from kernel.db import Session, Snapshot
from kernel.events import record
from kernel.problems import Invalid
from services.ingestion.domain.exports.request import Wish
from services.ingestion.errors import DatasetWithoutRows, problem_of_refusal
from services.ingestion.models import DatasetExport
from services.ingestion.queries import datasets
from services.ingestion.queries import exports as queries


@dataclass(frozen=True, slots=True)
class Job:
    """What the worker needs to write an export."""

    export_id: int
    parquet_key: str
    codebook: dict[str, Any]
    format: ExportFormat
    request: dict[str, Any]

    @property
    def object_key(self) -> str:
        """Where the file goes: beside the rows, so that it goes when they go."""
        return f"{PurePosixPath(self.parquet_key).parent}/exports/{self.export_id}.{self.format.extension}"


@dataclass(frozen=True, slots=True)
class WrittenExport:
    """A file that was written and stored."""

    object_key: str
    size_bytes: int
    n_rows: int
    notes: Sequence[str]


async def request_export(
    session: Session,
    dataset_id: int,
    wish: Wish,
    *,
    user_id: int,
) -> DatasetExport:
    """Return the export of the dataset's present version: the one that was asked for before, or a new one.

    Raises NotFound, Forbidden for viewers, DatasetWithoutRows, and Invalid for variables that the dataset has not.
    """
    dataset = await datasets.get_dataset(session, dataset_id)
    grant = await require_project(session, dataset.project_id, Permission.WRITE)
    version = await datasets.find_current_version(session, dataset)
    if version is None:
        raise DatasetWithoutRows(f"Dataset {dataset_id} has no version yet.")
    _refuse_unknown(version.codebook, wish.variables)
    request = wish.as_json()
    digest = _hash(wish.format, request)
    export_id = await queries.add_unless_asked_for(
        session,
        project_id=dataset.project_id,
        dataset_id=dataset_id,
        dataset_version=version.number,
        format=wish.format.value,
        request=request,
        request_hash=digest,
        status=ExportStatus.PENDING.value,
        progress={"phase": "waiting", "done": 0, "total": 1},
        created_by_id=user_id,
    )
    if export_id is None:
        same = await queries.find_same(session, dataset_id, version.number, digest)
        if same is not None:
            return same
        raise RuntimeError("an export is neither new nor known")
    event = ExportRequested(project_id=dataset.project_id, dataset_id=dataset_id, export_id=export_id)
    await record(session, event, team_id=grant.team_id, project_id=dataset.project_id)
    return await queries.get_export(session, export_id)


def _refuse_unknown(codebook: Mapping[str, Any], variables: Sequence[str] | None) -> None:
    known = {entry["alias"] for entry in codebook.get("variables", ())}
    unknown = [name for name in variables or () if name not in known]
    if unknown or (variables is not None and not variables):
        listed = ", ".join(sorted(known)[:8])
        what = f"The dataset has no {unknown[0]!r}" if unknown else "Choose at least one variable"
        raise Invalid.at("/variables", f"{what}; it has {listed}{' …' if len(known) > 8 else ''}.")  # noqa: PLR2004 - as many as are listed


def _hash(kind: ExportFormat, request: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([kind.value, request], sort_keys=True).encode()).hexdigest()


async def find_job(session: Snapshot, export_id: int) -> Job | None:
    """Return what is to be written, None when the export is finished or gone."""
    export = await queries.find_export(session, export_id)
    if export is None or export.status != ExportStatus.PENDING:
        return None
    version = await datasets.find_version(session, export.dataset_id, export.dataset_version)
    if version is None:
        return None
    kind = ExportFormat(export.format)
    return Job(export.id, version.parquet_key, version.codebook, kind, export.request)


async def complete_export(session: Session, export_id: int, written: WrittenExport, *, team_id: int) -> bool:
    """Note a written export, in the transaction that owns the event's effect; False when it is gone."""
    export = await queries.lock_export(session, export_id)
    if export is None:
        return False
    export.status = ExportStatus.SUCCESS
    export.object_key = written.object_key
    export.size_bytes = written.size_bytes
    export.n_rows = written.n_rows
    export.notes = cast("Any", list(written.notes))  # a list; generated classes know JSON as objects
    export.progress = {"phase": "done", "done": 1, "total": 1}
    await _tell(session, export, team_id=team_id)
    return True


async def fail_export(
    session: Session, export_id: int, slug: str, *, detail: str, hint: str, team_id: int
) -> None:
    """Note why an export cannot be written, in the transaction that owns the event's effect."""
    export = await queries.lock_export(session, export_id)
    if export is not None:
        export.status = ExportStatus.FAILED
        export.error = problem_of_refusal(slug, detail=detail, hint=hint)
        export.progress = {**export.progress, "phase": "failed"}
        await _tell(session, export, team_id=team_id)


async def _tell(session: Session, export: DatasetExport, *, team_id: int) -> None:
    event = ExportFinished(
        project_id=export.project_id,
        dataset_id=export.dataset_id,
        export_id=export.id,
        status=ExportStatus(export.status),
    )
    await record(session, event, team_id=team_id, project_id=export.project_id)
