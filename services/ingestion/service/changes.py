"""Changes of datasets: handed to the worker, made on the version that is current then, or noted why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from contracts.ingestion import (
    ChangeKind,
    ChangeStatus,
    DatasetChangeFinished,
    DatasetChangeRequested,
)
from kernel.access import Permission, ProjectGrant, require_project
from kernel.db import Session, Snapshot
from kernel.events import record
from kernel.limits import Limit, PlanLimits, require_room
from services.ingestion.domain.corrections import merged
from services.ingestion.domain.derivations.deriving import (
    Derivation,
    derivations_in,
)
from services.ingestion.domain.reading_options import merged_options
from services.ingestion.errors import (
    DatasetWithoutRows,
    problem_of_refusal,
)
from services.ingestion.models import Dataset, DatasetChange, DatasetVersion
from services.ingestion.queries import changes as queries
from services.ingestion.queries import datasets, files, surveys
from services.ingestion.service import dataset_versions
from services.ingestion.service.dataset_versions import Content
from services.ingestion.service.files import folder_of
from services.ingestion.service.projects import object_prefix
from services.ingestion.service.responses import dataset_folder


@dataclass(frozen=True, slots=True)
class Part:
    """A version of a dataset that goes into a change."""

    dataset_id: int
    name: str
    version: int
    parquet_key: str
    codebook: dict[str, Any]

    def as_json(self, parquet: str) -> dict[str, Any]:
        """Return what the process that changes is told, with the rows at a path of this machine."""
        names = {"dataset_id": self.dataset_id, "name": self.name}
        return {**names, "parquet": parquet, "codebook": self.codebook}


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is read anew for a change."""

    file_id: int
    object_key: str
    options: Mapping[str, Any]
    # Whether the file shows what comes of it as its own columns, preview and report.
    is_first: bool


@dataclass(frozen=True, slots=True)
class Simulation:
    """Interviews that are simulated for a change; `definitions` are (number, stored definition), the one simulated last."""

    definitions: Sequence[tuple[int, Mapping[str, Any]]]
    request: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return what the process that simulates is told."""
        told = {name: self.request[name] for name in ("n", "seed", "includes")}
        return {**told, "definitions": list(self.definitions)}


@dataclass(frozen=True, slots=True)
class Job:
    """What the worker needs to make the next version: the rows, what is derived from them, and where they go."""

    change_id: int
    dataset_id: int
    after: int
    folder: str
    parts: Sequence[Part]
    merge: Mapping[str, Any] | None
    derivations: Sequence[Derivation] = field(default=())
    corrections: Mapping[str, Any] = field(default_factory=dict)
    reading: "Reading | None" = None
    simulation: "Simulation | None" = None

    @property
    def object_key(self) -> str:
        """Where the rows go: one key per change and version, so that no other change can overwrite them."""
        return f"{self.folder}changes/{self.change_id}-v{self.after + 1}.parquet"


def merged_folder(team_id: int, project_id: int, dataset_id: int) -> str:
    """Return the prefix of all objects of a merged dataset."""
    return f"{object_prefix(team_id, project_id)}merged/{dataset_id}/"


async def writable(session: Session, dataset_id: int) -> tuple[Dataset, ProjectGrant, DatasetVersion]:
    """Return a dataset that the caller may write, and its version; raises NotFound, Forbidden, DatasetWithoutRows."""
    dataset = await datasets.get_dataset(session, dataset_id)
    grant = await require_project(session, dataset.project_id, Permission.WRITE)
    version = await datasets.find_current_version(session, dataset)
    if version is None:
        raise DatasetWithoutRows(f"Dataset {dataset_id} has no version yet.")
    return dataset, grant, version


async def add_change(
    session: Session,
    dataset: Dataset,
    grant: ProjectGrant,
    kind: ChangeKind,
    request: Mapping[str, Any],
    *,
    user_id: int | None,
) -> DatasetChange:
    """Add a pending change and hand it to the worker."""
    change = DatasetChange(
        project_id=dataset.project_id,
        dataset_id=dataset.id,
        kind=kind,
        request=dict(request),
        progress={"phase": "waiting", "done": 0, "total": 1},
        created_by_id=user_id,
    )
    session.add(change)
    await session.flush()  # the event carries the id
    event = DatasetChangeRequested(project_id=change.project_id, dataset_id=dataset.id, change_id=change.id)
    await record(session, event, team_id=grant.team_id, project_id=change.project_id)
    return change


def with_one(present: Sequence[Derivation], new: Derivation) -> list[Derivation]:
    """Return the derivations with a new one at the end, or in the place of the one of its name."""
    kept = [new if one.alias == new.alias else one for one in present]
    return kept if new in kept else [*kept, new]


async def find_job(session: Snapshot, change_id: int, *, team_id: int) -> Job | None:
    """Return what is to be done on the dataset's present version; None when the change is finished or gone."""
    change = await queries.find_change(session, change_id)
    if change is None or change.status != ChangeStatus.PENDING:
        return None
    dataset = await datasets.get_dataset(session, change.dataset_id)
    version = await datasets.find_current_version(session, dataset)
    present = derivations_in(version.codebook) if version else []
    corrections = version.codebook.get("corrections") or {} if version else {}
    if change.kind == ChangeKind.MERGE:
        ids = change.request["datasets"]
        parts = [part for one in ids if (part := await _part(session, one)) is not None]
        folder = merged_folder(team_id, dataset.project_id, dataset.id)
        return Job(
            change.id, dataset.id, dataset.version, folder, parts, change.request, present, corrections
        )
    if change.kind == ChangeKind.READ:
        return await _reading_job(session, change, dataset, present, version)
    if change.kind == ChangeKind.SIMULATE:
        folder = dataset_folder(team_id, dataset.project_id, dataset.id)
        simulation = await _simulation(session, change, dataset)
        return Job(
            change.id,
            dataset.id,
            dataset.version,
            folder,
            [],
            None,
            present,
            corrections,
            simulation=simulation,
        )
    base = await _part(session, dataset.id)
    if base is None:
        return None
    folder = f"{PurePosixPath(base.parquet_key).parent}/".replace("/changes/", "/")
    wanted = _asked(change.request, present)
    return Job(change.id, dataset.id, dataset.version, folder, [base], None, wanted, corrections)


async def _reading_job(
    session: Snapshot,
    change: DatasetChange,
    dataset: Dataset,
    present: Sequence[Derivation],
    version: DatasetVersion | None,
) -> Job | None:
    file = await files.find_file(session, dataset.raw_data_file_id or 0)
    if file is None:
        return None
    siblings = (await files.dataset_ids(session, [file.id])).get(file.id, [])
    before = version.codebook if version else {}
    # What is in force now, not when it was asked for: a change that was made in between stays.
    options = merged_options(before.get("reading") or {}, change.request["options"])
    corrections = merged(before.get("corrections") or {}, change.request.get("corrections") or {})
    reading = Reading(file.id, file.file, options, dataset.id == min(siblings))
    folder = folder_of(file.file)
    return Job(change.id, dataset.id, dataset.version, folder, [], None, present, corrections, reading)


async def _simulation(session: Snapshot, change: DatasetChange, dataset: Dataset) -> Simulation:
    """What is simulated, with the versions before it: their columns are in the survey's dataset as well."""
    versions = await surveys.list_versions(session, dataset.simulated_survey_id or 0)
    wanted, draft = change.request["version"], change.request["draft"]
    is_last = wanted if draft is None else wanted - 1
    definitions = [(one.number, one.definition) for one in versions if one.number <= is_last]
    return Simulation([*definitions, *([] if draft is None else [(wanted, draft)])], change.request)


def _asked(request: Mapping[str, Any], present: Sequence[Derivation]) -> list[Derivation]:
    if "remove" in request:
        return [one for one in present if one.alias != request["remove"]]
    put = request["put"]
    return with_one(present, Derivation(put["alias"], put["label"], put["definition"], is_new=True))


async def _part(session: Snapshot, dataset_id: int) -> Part | None:
    dataset = await datasets.find_dataset(session, dataset_id)
    version = await datasets.find_current_version(session, dataset) if dataset is not None else None
    if dataset is None or version is None:
        return None
    # The rows before any derivation are known by this hash: a survey asks whether it has others by now.
    codebook = {"base_hash": version.content_hash, **version.codebook}
    return Part(dataset_id, dataset.name, version.number, version.parquet_key, codebook)


async def complete_change(
    session: Session,
    limits: PlanLimits,
    job: Job,
    content: Content,
    *,
    read: Mapping[str, Any] | None,
    team_id: int,
) -> bool:
    """Make the content the dataset's next version, in the transaction that owns the event's effect; False when it is gone.

    Raises Overtaken where the dataset got another version meanwhile, PlanLimitReached.
    """
    change = await queries.lock_change(session, job.change_id)
    if change is None:
        return False
    if job.merge is not None or job.after == 0 or job.simulation is not None:
        # A version of test data stands in the place of the one before.
        n_before = (await datasets.row_counts(session, [job.dataset_id])).get(job.dataset_id, 0)
        adding = content.n_rows - (n_before if job.simulation is not None else 0)
        await require_room(session, limits, team_id, Limit.ROWS, adding=adding)
    dataset = await dataset_versions.add_version(
        session, job.dataset_id, content, after=job.after, team_id=team_id
    )
    if dataset is None:
        return False
    change.status = ChangeStatus.SUCCESS
    change.version = dataset.version
    change.report = content.codebook.get("merge", {}) if job.merge is not None else {}
    if read is not None:
        change.report = read["report"]
        if job.reading is not None and job.reading.is_first:
            await _show_on_file(session, job.reading, read)
    if job.simulation is not None:
        dataset.name = job.simulation.request["name"]
    change.progress = {"phase": "done", "done": 1, "total": 1}
    await _tell(session, change, team_id=team_id)
    return True


async def _show_on_file(session: Session, reading: Reading, read: Mapping[str, Any]) -> None:
    file = await files.lock_file(session, reading.file_id)
    if file is not None:
        file.columns_metadata = read["columns_metadata"]
        file.import_report = read["report"]


async def fail_change(
    session: Session, change_id: int, slug: str, *, detail: str, hint: str, team_id: int
) -> None:
    """Note why a change cannot be made; the dataset stays as it is."""
    change = await queries.lock_change(session, change_id)
    if change is not None:
        change.status = ChangeStatus.FAILED
        change.error = problem_of_refusal(slug, detail=detail, hint=hint)
        change.progress = {**change.progress, "phase": "failed"}
        await _tell(session, change, team_id=team_id)


async def _tell(session: Session, change: DatasetChange, *, team_id: int) -> None:
    event = DatasetChangeFinished(
        project_id=change.project_id,
        dataset_id=change.dataset_id,
        change_id=change.id,
        status=ChangeStatus(change.status),
    )
    await record(session, event, team_id=team_id, project_id=change.project_id)
