"""Command of corrections: variables of a dataset are understood otherwise, by the next version."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.ingestion import ChangeKind, ChangeStatus
from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.etags import require_match
from kernel.problems import Invalid, NotFound
from services.ingestion.domain.corrections import (
    CorrectionError,
    check_corrections,
    content_hash,
    corrected,
    merged,
)
from services.ingestion.domain.derivations.deriving import base_entries
from services.ingestion.errors import DatasetWithoutRows
from services.ingestion.models import Dataset, DatasetChange, DatasetVersion
from services.ingestion.queries import datasets
from services.ingestion.service import dataset_versions
from services.ingestion.service.dataset_versions import Content
from services.ingestion.service.readings import request_reading

_ANEW = "values of this kind are stored otherwise; derive a variable (recode, band, compute) instead"


def _can_be_read_anew(dataset: Dataset, codebook: Mapping[str, Any], aliases: Iterable[str]) -> bool:
    """Texts of a file can be read as another kind; what a statistics file, survey or derivation says cannot."""
    plain = {
        e["alias"] for e in base_entries(codebook) if set(e.get("source") or {}) <= {"column", "question"}
    }
    return dataset.raw_data_file_id is not None and plain.issuperset(aliases)


async def correct_variables(
    session: Session, dataset_id: int, asked: Mapping[str, Any], *, if_match: str | None, user_id: int
) -> DatasetChange:
    """Correct labels, codes, units, roles and kinds; where the rows stay, the next version is made at once.

    Where values must be read anew for their kind, the answer is a pending change that the worker makes.

    Two people at once are served one after the other. Raises NotFound, Forbidden for viewers, DatasetWithoutRows,
    PreconditionFailed, and Invalid with every fault.
    """
    seen = await datasets.get_dataset(session, dataset_id)
    grant = await require_project(session, seen.project_id, Permission.WRITE)
    dataset = await datasets.lock_dataset(session, dataset_id)
    if dataset is None:
        raise NotFound.of("dataset", dataset_id)
    require_match(if_match, dataset.version)
    version = await datasets.find_current_version(session, dataset)
    if version is None:
        raise DatasetWithoutRows(f"Dataset {dataset_id} has no version yet.")
    try:
        anew = check_corrections(version.codebook, asked)
    except CorrectionError as error:
        raise Invalid(error.errors) from error
    if anew and not _can_be_read_anew(dataset, version.codebook, anew):
        raise Invalid([(f"/variables/{alias}/kind", _ANEW) for alias in sorted(anew)])
    if anew:
        kinds = {alias: asked[alias]["kind"] for alias in anew}
        return await request_reading(
            session, dataset_id, {"kinds": kinds}, corrections=asked, user_id=user_id
        )
    return await _corrected_version(session, version, asked, team_id=grant.team_id, user_id=user_id)


async def _corrected_version(
    session: Session, version: DatasetVersion, asked: Mapping[str, Any], *, team_id: int, user_id: int
) -> DatasetChange:
    """The same rows below a corrected codebook, as the next version, and the change that says so."""
    kept = merged(version.codebook.get("corrections") or {}, asked)
    base_hash = version.codebook.get("base_hash", version.content_hash)
    codebook = corrected({**version.codebook, "corrections": kept, "base_hash": base_hash})
    digest = content_hash(version.content_hash, codebook)
    content = Content(version.parquet_key, codebook, version.n_rows, digest)
    await dataset_versions.add_version(
        session, version.dataset_id, content, after=version.number, team_id=team_id
    )
    change = DatasetChange(
        project_id=version.project_id,
        dataset_id=version.dataset_id,
        kind=ChangeKind.CORRECT,
        request={"variables": dict(asked)},
        status=ChangeStatus.SUCCESS,
        version=version.number + 1,
        progress={"phase": "done", "done": 1, "total": 1},
        created_by_id=user_id,
    )
    session.add(change)
    await session.flush()  # the answer carries the id
    return change
