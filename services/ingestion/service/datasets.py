"""Commands of datasets: rename."""

from kernel.access import Permission, require_project
from kernel.db import Session
from services.ingestion.models import Dataset
from services.ingestion.queries import datasets as queries


async def rename_dataset(session: Session, dataset_id: int, name: str) -> Dataset:
    """Give a dataset another name; its version stays, since no figure changes. Raises NotFound, Forbidden."""
    dataset = await queries.get_dataset(session, dataset_id)
    await require_project(session, dataset.project_id, Permission.WRITE)
    dataset.name = name
    await session.flush()  # the answer carries the new updated_at
    return dataset
