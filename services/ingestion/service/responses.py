"""Commands of the worker: interviews → the next version of the survey's dataset."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.ingestion import ResponseStatus
from kernel.db import Session, Snapshot
from services.ingestion.domain.corrections import content_hash, corrected
from services.ingestion.domain.derivations.deriving import Derivation, derivations_in
from services.ingestion.domain.survey.definition import Definition, parse_definition
from services.ingestion.domain.survey.engine import Layout
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.quality import active_seconds, kinds_in
from services.ingestion.domain.survey.reaching import REACHED, not_reached
from services.ingestion.domain.survey.tables import Interview, Table, tabulate
from services.ingestion.queries import responses as queries
from services.ingestion.queries import surveys as survey_queries
from services.ingestion.service import dataset_versions
from services.ingestion.service.dataset_versions import Content

PARTIAL = frozenset({ResponseStatus.IN_PROGRESS, ResponseStatus.QUOTA_FULL})
"""How interviews stand that were broken off, by the respondent or by a full quota."""


@dataclass(frozen=True)
class Rebuilt:
    """A table that is ready to become the version after `after_version` of a dataset."""

    dataset_id: int
    project_id: int
    after_version: int
    table: Table
    content_hash: str
    derivations: Sequence[Derivation] = ()
    corrections: Mapping[str, Any] = field(default_factory=dict)

    def parquet_key(self, team_id: int, content_hash: str) -> str:
        """The object's key; equal content has an equal key, so a repeated upload overwrites itself."""
        return f"{dataset_folder(team_id, self.project_id, self.dataset_id)}{content_hash}.parquet"

    @property
    def codebook(self) -> dict[str, Any]:
        """The codebook as people corrected it, with the hash by which the responses alone are known again."""
        if not self.corrections and not self.derivations:
            return self.table.codebook
        kept = {"corrections": dict(self.corrections), "base_hash": self.content_hash}
        return corrected({**self.table.codebook, **kept})

    @property
    def whole_hash(self) -> str:
        """The hash of rows and corrected codebook."""
        return content_hash(self.content_hash, self.codebook) if self.corrections else self.content_hash


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
    asked = {
        version.id: (expanded(parse_definition(version.definition)), version.layout_style)
        for version in versions
    }
    rows = await queries.list_counting(session, survey_id)
    current = await queries.find_dataset_version(session, dataset)
    interviews = [
        _interview(row, numbers[row.survey_version_id], *asked[row.survey_version_id]) for row in rows
    ]
    parsed = [(version.number, asked[version.id][0]) for version in versions]
    table = await asyncio.to_thread(tabulate, parsed, interviews)
    digest = await asyncio.to_thread(lambda: table.content_hash)
    derivations: list[Derivation] = []
    corrections: dict[str, Any] = {}
    if current is not None:
        if current.codebook.get("base_hash", current.content_hash) == digest:
            return None
        derivations = derivations_in(current.codebook)
        corrections = current.codebook.get("corrections") or {}
    return Rebuilt(dataset.id, dataset.project_id, dataset.version, table, digest, derivations, corrections)


def _interview(row: Any, number: int, definition: Definition, layout_style: str) -> Interview:
    """An interview's row as the table takes it."""
    is_partial = row.status in PARTIAL
    layout: Layout = "FOCUS" if layout_style == "FOCUS" else "CLASSIC"
    cursor = row.paradata.get(REACHED, row.cursor)
    return Interview(
        uuid=row.uuid,
        version=number,
        answers=row.answers,
        not_asked=frozenset(row.not_asked),
        language=row.language,
        started_at=None if row.status == ResponseStatus.ERASED else row.created_at,
        submitted_at=row.submitted_at,
        active_s=active_seconds(row.paradata),
        flags=tuple(kinds_in(row.flags)),
        status=row.status.lower(),
        not_reached=not_reached(definition, layout, row.answers, seed=row.seed, cursor=cursor)
        if is_partial
        else frozenset(),
    )


async def add_version(session: Session, rebuilt: Rebuilt, content: Content, *, team_id: int) -> bool:
    """Make the table the dataset's current version; False when the dataset is gone. Raises Overtaken."""
    after = rebuilt.after_version
    added = await dataset_versions.add_version(
        session, rebuilt.dataset_id, content, after=after, team_id=team_id
    )
    return added is not None
