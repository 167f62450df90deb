"""Keeps the dataset of each survey fresh: after a publication, a submitted interview, the end, and when other rows are wanted.

A burst of submissions becomes few versions: a rebuild reads all complete interviews at once, so the events that follow find their
interview counted already and write nothing. Rebuilds of one survey run one after another within a process; across processes the
dataset's version number decides, and the slower one starts over.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from weakref import WeakValueDictionary

from contracts.ingestion import (
    DatasetScopeChanged,
    ResponseSubmitted,
    SurveyClosed,
    SurveyDeleted,
    SurveyPublished,
)
from kernel.clock import utc_now
from kernel.db import Session
from kernel.subscriptions import Delivery
from services.ingestion.consumers.changes import PARQUET, run_change, settings_of
from services.ingestion.consumers.registry import consumers
from services.ingestion.queries import responses as queries
from services.ingestion.service import responses as service
from services.ingestion.service.dataset_versions import Content, Overtaken
from services.ingestion.service.reading import scratch_folder

REST_S = 0.25
"""Shortest time between two versions of one dataset: what arrives in between is counted by the second."""

MOST_ATTEMPTS = 20

_turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()


@consumers.on(SurveyPublished, name="tabulate-published-survey")
async def tabulate_published_survey(event: SurveyPublished, delivery: Delivery) -> None:
    """Give the survey's dataset the columns of its new version."""
    async with turn(event.survey_id):
        await rebuild(event.survey_id, delivery)


@consumers.on(SurveyClosed, name="tabulate-closed-survey")
async def tabulate_closed_survey(event: SurveyClosed, delivery: Delivery) -> None:
    """Take interviews that are under way as they stand at the end, where the dataset has them."""
    async with turn(event.survey_id):
        await rebuild(event.survey_id, delivery)


@consumers.on(DatasetScopeChanged, name="tabulate-changed-scope")
async def tabulate_changed_scope(event: DatasetScopeChanged, delivery: Delivery) -> None:
    """Give the survey's dataset the rows that are wanted now."""
    async with turn(event.survey_id):
        await rebuild(event.survey_id, delivery)


@consumers.on(ResponseSubmitted, name="tabulate-responses", concurrency=8)
async def tabulate_responses(event: ResponseSubmitted, delivery: Delivery) -> None:
    """Count a submitted interview into the survey's dataset, unless it is counted already."""
    async with turn(event.survey_id):
        async with delivery.snapshot() as session:
            standing = await queries.dataset_standing(session, event.survey_id)
        if standing is None or not standing.is_behind:
            return
        if standing.version_at is not None:
            age_s = (utc_now() - standing.version_at).total_seconds()
            await asyncio.sleep(min(REST_S, max(0.0, REST_S - age_s)))
        await rebuild(event.survey_id, delivery)


@consumers.on(SurveyDeleted, name="purge-survey")
async def purge_survey(event: SurveyDeleted, delivery: Delivery) -> None:
    """Remove the stored tables of a deleted survey."""
    await delivery.resources.objects.delete_prefix(event.object_prefix)


def turn(survey_id: int) -> asyncio.Lock:
    """The lock of one survey in this process."""
    return _turns.setdefault(survey_id, asyncio.Lock())


async def rebuild(
    survey_id: int,
    delivery: Delivery,
    *,
    opened: Callable[[], AbstractAsyncContextManager[Session]] | None = None,
) -> None:
    """Add a version when there is something new; starts over when another process was faster.

    `opened` is the transaction in which it is added, by default that of the event's effect.
    """
    for _ in range(MOST_ATTEMPTS):
        async with delivery.snapshot() as session:
            rebuilt = await service.tabulate_responses(session, survey_id)
        if rebuilt is None:
            return
        content = await _stored(rebuilt, delivery)
        with contextlib.suppress(Overtaken):
            async with (opened or delivery.effect)() as session:
                added = await service.add_version(session, rebuilt, content, team_id=delivery.team_id)
            if not added:  # deleted meanwhile: what was stored after the purge goes as well
                await delivery.resources.objects.delete(content.parquet_key)
            return
    raise Overtaken(f"survey {survey_id}: other processes were faster {MOST_ATTEMPTS} times")


async def _stored(rebuilt: service.Rebuilt, delivery: Delivery) -> Content:
    """Store the table, with the variables that are derived from it, where there are any."""
    objects, file = delivery.resources.objects, await asyncio.to_thread(_file_of, rebuilt)
    if not rebuilt.derivations:
        key = rebuilt.parquet_key(delivery.team_id, rebuilt.content_hash)
        await objects.put(key, file, PARQUET)
        return Content(key, rebuilt.codebook, rebuilt.table.n_rows, rebuilt.whole_hash)
    async with scratch_folder(settings_of(delivery)) as folder:
        rows = folder / "rows.parquet"
        await asyncio.to_thread(rows.write_bytes, file)
        base = {"parquet": str(rows), "codebook": rebuilt.codebook}
        wanted = [one.as_json() for one in rebuilt.derivations]
        made = await run_change(
            {"base": base, "derivations": wanted, "corrections": dict(rebuilt.corrections)}, folder, delivery
        )
        key = rebuilt.parquet_key(delivery.team_id, made["content_hash"])
        await objects.upload(key, Path(made["parquet"]), PARQUET)
        return Content(key, made["codebook"], made["n_rows"], made["content_hash"])


def _file_of(rebuilt: service.Rebuilt) -> bytes:
    """The table as Parquet; pyarrow is loaded by workers only."""
    from services.ingestion.domain.survey.columns import parquet_bytes

    return parquet_bytes(rebuilt.table)
