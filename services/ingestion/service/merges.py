"""Commands of merged datasets: make, refresh, delete."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.ingestion import (
    ChangeKind,
    DatasetDeleted,
)
from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.events import record
from kernel.problems import Invalid
from services.ingestion.domain.derivations.definitions import refused_alias
from services.ingestion.errors import (
    DatasetNotMerged,
)
from services.ingestion.models import Dataset, DatasetChange
from services.ingestion.queries import changes as queries
from services.ingestion.queries import datasets
from services.ingestion.schemas.derived import AppendCreate, JoinCreate
from services.ingestion.service.changes import add_change, merged_folder
from services.ingestion.service.responses import dataset_folder


def merge_request(
    append: AppendCreate | None, join: JoinCreate | None, names: Sequence[str]
) -> dict[str, Any]:
    """Return a merge in the form in which it is kept: every code and label filled in."""
    if join is not None:
        return {"join": join.model_dump(include={"keys", "how", "suffix"})}
    if append is None:
        raise ValueError("a merge is an append or a join")
    waves = [
        {"code": wave.code or str(number), "label": wave.label or name}
        for number, (wave, name) in enumerate(zip(append.waves, names, strict=True), 1)
    ]
    if len({wave["code"] for wave in waves}) < len(waves):
        raise Invalid.at("/append/waves", "two waves have the same code; give each its own, or none")
    refused = refused_alias(append.wave_variable, [])
    if refused:
        raise Invalid.at("/append/wave_variable", refused)
    return {"append": {"waves": waves, **append.model_dump(include={"wave_variable", "exclude"})}}


async def request_merge(  # noqa: PLR0917 - one private assembly of a request
    session: Session,
    project_id: int,
    name: str,
    dataset_ids: Sequence[int],
    merge: Mapping[str, Any],
    user_id: int,
) -> DatasetChange:
    """Make a dataset that others will be merged into; raises NotFound, Forbidden, and Invalid for datasets of other projects."""
    grant = await require_project(session, project_id, Permission.WRITE)
    for i, dataset_id in enumerate(dataset_ids):
        part = await datasets.get_dataset(session, dataset_id)
        if part.project_id != project_id:
            raise Invalid.at(f"/datasets/{i}", "only datasets of one project can be merged")
        if part.simulated_survey_id is not None:
            raise Invalid.at(f"/datasets/{i}", f"dataset {dataset_id} is test data, which is never merged")
        if part.version == 0:
            raise Invalid.at(f"/datasets/{i}", f"dataset {dataset_id} has no rows yet")
    dataset = Dataset(project_id=project_id, name=name, version=0)
    session.add(dataset)
    await session.flush()  # the change carries the id
    request = {"datasets": list(dataset_ids), **merge}
    return await add_change(session, dataset, grant, ChangeKind.MERGE, request, user_id=user_id)


async def request_refresh(session: Session, dataset_id: int, *, user_id: int) -> DatasetChange:
    """Ask for the same merge of the present versions; raises NotFound, Forbidden, DatasetNotMerged."""
    dataset = await datasets.get_dataset(session, dataset_id)
    grant = await require_project(session, dataset.project_id, Permission.WRITE)
    last = await queries.find_last_merge(session, dataset_id)
    if last is None:
        raise DatasetNotMerged(
            f"Dataset {dataset_id} was not made of others; there is nothing to refresh it from."
        )
    return await add_change(session, dataset, grant, ChangeKind.MERGE, last.request, user_id=user_id)


async def delete_dataset(session: Session, dataset_id: int) -> None:
    """Remove a merged dataset, or one of test data; its objects are purged on the event. Raises NotFound, Forbidden, DatasetNotMerged."""
    dataset = await datasets.get_dataset(session, dataset_id)
    grant = await require_project(session, dataset.project_id, Permission.WRITE)
    if dataset.raw_data_file_id is not None or dataset.survey_id is not None:
        origin = "file" if dataset.raw_data_file_id is not None else "survey"
        raise DatasetNotMerged(f"Dataset {dataset_id} belongs to a {origin} and goes when that is deleted.")
    folder = merged_folder if dataset.simulated_survey_id is None else dataset_folder
    event = DatasetDeleted(
        project_id=dataset.project_id,
        dataset_id=dataset_id,
        object_prefix=folder(grant.team_id, dataset.project_id, dataset_id),
    )
    await record(session, event, team_id=grant.team_id, project_id=dataset.project_id)
    await session.delete(dataset)
