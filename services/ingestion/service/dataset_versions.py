"""The one way in which a dataset gets its next version."""

from dataclasses import dataclass
from typing import Any

from contracts.ingestion import DatasetUpdated
from kernel.db import Session
from kernel.events import record
from services.ingestion.models import Dataset, DatasetVersion
from services.ingestion.queries import datasets as queries


class Overtaken(Exception):  # noqa: N818 - what happened; nothing is wrong
    """Another version was added since this one was begun: begin again from that one."""


@dataclass(frozen=True, slots=True)
class Content:
    """Rows that lie in the object store, and the codebook that explains them."""

    parquet_key: str
    codebook: dict[str, Any]
    n_rows: int
    content_hash: str


async def add_version(
    session: Session, dataset_id: int, content: Content, *, after: int, team_id: int
) -> Dataset | None:
    """Make the content the version after version `after` and say so; None when the dataset is gone.

    Raises Overtaken where the dataset has another current version than `after`.
    """
    dataset = await queries.lock_dataset(session, dataset_id)
    if dataset is None:
        return None
    if dataset.version != after:
        raise Overtaken(f"dataset {dataset.id} is at version {dataset.version}")
    dataset.version = after + 1
    session.add(
        DatasetVersion(
            project_id=dataset.project_id,
            dataset_id=dataset.id,
            number=dataset.version,
            parquet_key=content.parquet_key,
            codebook=content.codebook,
            n_rows=content.n_rows,
            content_hash=content.content_hash,
        )
    )
    await session.flush()
    event = DatasetUpdated(project_id=dataset.project_id, dataset_id=dataset.id, version=dataset.version)
    await record(session, event, team_id=team_id, project_id=dataset.project_id)
    return dataset
