"""Consumers of analyses: compute what was requested, draw what was computed."""

import asyncio
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.analytics import AnalysisComplete, AnalysisRequested
from contracts.datasets.codebook import read_codebook
from contracts.ingestion import ErasureCompleted
from kernel.logs import get_logger
from kernel.object_cache import ObjectCache, forget, private_folder
from kernel.objects import Objects
from kernel.settings import Settings
from kernel.subscriptions import Delivery
from services.analytics.consumers.drawing import drawn_svg, png_of
from services.analytics.consumers.progress import ProgressNotes, StoppedError
from services.analytics.consumers.registry import consumers
from services.analytics.domain.artefacts import MEDIA_TYPES, ChartFormat, chart_key
from services.analytics.domain.charts import chart_spec
from services.analytics.domain.failures import UncomputableError
from services.analytics.queries import analyses as queries
from services.analytics.schemas.calculations import CALCULATIONS
from services.analytics.service import analyses as service
from services.analytics.service.analyses import Job
from services.analytics.settings import AnalyticsSettings, settings

if TYPE_CHECKING:
    from services.analytics.consumers.engine.session import DuckDb

logger = get_logger(__name__)
TRIES = 4
"""Deliveries until an analysis fails because of its surroundings: with the usual delays about half a minute."""


@consumers.on(AnalysisRequested, name="compute-analysis", ack_wait_s=30, max_deliver=TRIES)
async def compute_analysis(event: AnalysisRequested, delivery: Delivery) -> None:
    """Compute the figures of an analysis and keep them, or why there are none."""
    async with delivery.transaction() as session:
        job = await service.start_analysis(session, event.analysis_result_id)
    if job is None:
        return
    try:
        result_data = await _figures(job, delivery)
    except StoppedError:
        return
    except UncomputableError as failure:
        error = failure.as_problem()
    except Exception as failure:
        if delivery.attempt < TRIES and not _is_ours(failure):
            raise
        logger.exception("analysis crashed", analysis_id=job.analysis_id, exc_info=failure)
        error = UncomputableError(
            "analysis-crashed", "The computation failed; the cause is in our log."
        ).as_problem()
    else:
        async with delivery.effect() as session:
            await service.complete_analysis(
                session, job, team_id=delivery.team_id, result_data=result_data, engine=_engine_versions()
            )
        return
    async with delivery.effect() as session:
        await service.fail_analysis(session, job, team_id=delivery.team_id, error=error)


@consumers.on(AnalysisComplete, name="draw-chart", ack_wait_s=30, max_deliver=TRIES)
async def draw_chart(event: AnalysisComplete, delivery: Delivery) -> None:
    """Draw the result as SVG and PNG into the bucket; drawing twice gives the same pictures."""
    async with delivery.snapshot() as session:
        analysis = await queries.find_analysis(session, event.analysis_result_id)
    if analysis is None or analysis.result_data is None:
        return
    spec = chart_spec(analysis.calculation_type, analysis.result_data)
    svg = await asyncio.to_thread(drawn_svg, spec)
    await _store(delivery, event, "svg", svg)
    await _store(delivery, event, "png", await asyncio.to_thread(png_of, svg))


@consumers.on(ErasureCompleted, name="forget-erased-rows")
async def forget_erased_rows(event: ErasureCompleted, delivery: Delivery) -> None:
    """Remove this machine's copies of versions that held an interview which was erased."""
    folder = _folder(_own(delivery.resources.settings))
    await asyncio.to_thread(forget, folder, event.content_hashes)


async def _store(delivery: Delivery, event: AnalysisComplete, extension: ChartFormat, picture: bytes) -> None:
    key = chart_key(
        team_id=delivery.team_id,
        project_id=event.project_id,
        analysis_id=event.analysis_result_id,
        extension=extension,
    )
    objects: Objects = delivery.resources.objects
    await objects.put(key, picture, MEDIA_TYPES[extension])


async def _figures(job: Job, delivery: Delivery) -> dict[str, Any]:
    # The engine takes a second to load, so the worker is ready before it; `warm_up` loads it in the background.
    from services.analytics.consumers.engine.compute import Calculation, compute

    own = _own(delivery.resources.settings)
    path = await _cache(_folder(own), own.cache_max_bytes).fetch(
        delivery.resources.objects, key=job.parquet_key, content_hash=job.content_hash
    )
    calculation = Calculation(
        CALCULATIONS[job.calculation_type].model_validate(job.parameters),
        read_codebook(job.codebook),
        job.filter,
        job.weight,
    )
    database = _duckdb(own.engine_threads, own.engine_memory_limit, _folder(own) / "spill")

    progress = ProgressNotes(delivery, job.analysis_id)

    def run() -> dict[str, Any]:
        with database.open(path) as engine:
            return compute(engine, calculation, progress=progress)

    return await asyncio.to_thread(run)


def warm_up() -> None:
    """Load the engine and open it once, so that the first analysis does not pay for it."""
    import services.analytics.consumers.engine.compute  # noqa: F401 - loading it is the point

    own = settings()
    _duckdb(own.engine_threads, own.engine_memory_limit, _folder(own) / "spill")


def _is_ours(failure: Exception) -> bool:
    """True for a mistake that every further try would repeat; storage, memory and network may be better next time."""
    import duckdb

    if isinstance(failure, duckdb.IOException | duckdb.OutOfMemoryException):
        return False
    mistakes = (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        duckdb.Error,
    )
    return isinstance(failure, mistakes)


def _own(given: Settings) -> AnalyticsSettings:
    if not isinstance(given, AnalyticsSettings):
        raise TypeError("the analytics worker runs with AnalyticsSettings")
    return given


def _folder(own: AnalyticsSettings) -> Path:
    return own.cache_folder or _private_folder()


@lru_cache(maxsize=1)
def _private_folder() -> Path:
    return private_folder("analytics")


@lru_cache(maxsize=4)
def _cache(folder: Path, max_bytes: int) -> ObjectCache:
    return ObjectCache(folder, max_bytes=max_bytes)


@lru_cache(maxsize=4)
def _duckdb(threads: int, memory_limit: str, spill_folder: Path) -> "DuckDb":
    from services.analytics.consumers.engine.session import DuckDb

    return DuckDb(threads=threads, memory_limit=memory_limit, spill_folder=spill_folder)


@lru_cache(maxsize=1)
def _engine_versions() -> dict[str, str]:
    return {
        "name": "duckdb",
        "duckdb": version("duckdb"),
        "ibis": version("ibis-framework"),
        "scipy": version("scipy"),
    }
