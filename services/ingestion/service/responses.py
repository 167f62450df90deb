"""Commands of the worker: complete interviews → the next version of the survey's dataset."""

import asyncio
from dataclasses import dataclass

from contracts.ingestion import DatasetUpdated
from kernel.db import Session, Snapshot
from kernel.events import record
from services.ingestion.domain.survey.definition import parse_definition
from services.ingestion.domain.survey.tables import Interview, Table, tabulate
from services.ingestion.models import Dataset, DatasetVersion
from services.ingestion.queries import responses as queries
from services.ingestion.queries import surveys as survey_queries


class Overtaken(Exception):  # noqa: N818 - what happened; nothing is wrong
    """Another rebuild added a version since this one read its interviews."""


@dataclass(frozen=True)
class Rebuilt:
    """A table that is ready to become the version after `after_version` of a dataset."""

    dataset_id: int
    project_id: int
    after_version: int
    table: Table
    content_hash: str

    def parquet_key(self, team_id: int) -> str:
        """The object's key; equal content has an equal key, so a repeated upload overwrites itself."""
        return f"{dataset_folder(team_id, self.project_id, self.dataset_id)}{self.content_hash}.parquet"


def dataset_folder(team_id: int, project_id: int, dataset_id: int) -> str:
    """The prefix under which all versions of a survey's dataset are stored."""
    return f"teams/{team_id}/projects/{project_id}/survey-datasets/{dataset_id}/"


async def tabulate_responses(session: Snapshot, survey_id: int) -> Rebuilt | None:
    """Read everything under one snapshot and return the new table; None when the dataset holds exactly that already."""
    dataset = await queries.find_dataset(session, survey_id)
    if dataset is None:
        return None
    versions = await survey_queries.list_versions(session, survey_id)
    numbers = {version.id: version.number for version in versions}
    rows = await queries.list_complete(session, survey_id)
    current = await queries.find_dataset_version(session, dataset)
    interviews = [
        Interview(
            uuid=row.uuid,
            version=numbers[row.survey_version_id],
            answers=row.answers,
            not_asked=frozenset(row.not_asked),
            language=row.language,
            started_at=row.created_at,
            submitted_at=row.submitted_at,
        )
        for row in rows
    ]
    parsed = [(version.number, parse_definition(version.definition)) for version in versions]
    table = await asyncio.to_thread(tabulate, parsed, interviews)
    digest = await asyncio.to_thread(lambda: table.content_hash)
    if current is not None and current.content_hash == digest:
        return None
    return Rebuilt(dataset.id, dataset.project_id, dataset.version, table, digest)


async def add_version(session: Session, rebuilt: Rebuilt, *, parquet_key: str, team_id: int) -> bool:
    """Make the table the dataset's current version and say so; False when the dataset is gone. Raises Overtaken."""
    dataset = await queries.lock_dataset(session, rebuilt.dataset_id)
    if dataset is None:
        return False
    if dataset.version != rebuilt.after_version:
        raise Overtaken(f"dataset {dataset.id} is at version {dataset.version}")
    await _append(session, dataset, rebuilt, parquet_key=parquet_key)
    event = DatasetUpdated(project_id=dataset.project_id, dataset_id=dataset.id, version=dataset.version)
    await record(session, event, team_id=team_id, project_id=dataset.project_id)
    return True


async def _append(session: Session, dataset: Dataset, rebuilt: Rebuilt, *, parquet_key: str) -> None:
    """Add the version's row and point the dataset at it."""
    dataset.version = rebuilt.after_version + 1
    session.add(
        DatasetVersion(
            project_id=dataset.project_id,
            dataset_id=dataset.id,
            number=dataset.version,
            parquet_key=parquet_key,
            codebook=rebuilt.table.codebook,
            n_rows=rebuilt.table.n_rows,
            content_hash=rebuilt.content_hash,
        )
    )
    await session.flush()
