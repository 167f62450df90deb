"""Recurring jobs: one row each in PostgreSQL, run by whichever replica claims it first.

The row lock is the claim (`FOR UPDATE SKIP LOCKED`): N replicas run a job once, and a replica that dies in the middle
leaves it due. So a job may run again after a crash and must be repeatable. It should be short: long work belongs
into a consumer, and the job only records the event for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Database, Session, Tenancy
from kernel.logs import get_logger
from kernel.models import ScheduledJob
from kernel.processes import pause
from kernel.resources import Resources

LOOK_EVERY_S = 5.0
MAX_RUN_S = 110.0
"""Below twice the statement time-out, at which PostgreSQL would end the idle transaction that holds the claim."""
RETRY_FAILED_S = 60
ERROR_CHARACTERS = 2000

RUNS = Counter("plugzero_job_runs_total", "Runs of recurring jobs by outcome.", ["job", "outcome"])

log = get_logger(__name__)

JobFunction = Callable[[Resources], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """A recurring job."""

    name: str
    interval_s: int
    run: JobFunction


class Jobs:
    """A service's recurring jobs."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._jobs: dict[str, Job] = {}

    def every(self, seconds: int, *, name: str) -> Callable[[JobFunction], JobFunction]:
        """Return a decorator that makes a coroutine function of `Resources` a job, run every so many seconds.

        The first run is due at once; a failed run is due again after a minute, or its interval if that is shorter.
        """
        if name in self._jobs:
            raise ValueError(f"{self.service} has two jobs {name!r}")
        if seconds < 1:
            raise ValueError("a job's interval is at least one second")

        def schedule(function: JobFunction) -> JobFunction:
            self._jobs[name] = Job(f"{self.service}-{name}", seconds, function)
            return function

        return schedule

    def __iter__(self) -> Iterator[Job]:
        """Yield the jobs."""
        yield from self._jobs.values()


async def run_jobs(resources: Resources, jobs: Iterable[Job], stop: asyncio.Event) -> None:
    """Run jobs as they fall due, until asked to stop."""
    listed = tuple(jobs)
    if not listed:
        return
    while not stop.is_set():
        try:
            await enter_jobs(resources.database, listed)
            while not stop.is_set():
                await run_due_jobs(resources, listed)
                await pause(stop, min(LOOK_EVERY_S, *(job.interval_s for job in listed)))
        except Exception:
            log.exception("scheduler_interrupted")
            await pause(stop, LOOK_EVERY_S)


async def enter_jobs(database: Database, jobs: Iterable[Job]) -> None:
    """Make each job's row where it is missing, and set its interval where it changed."""
    async with database.transaction(Tenancy.none()) as session:
        for job in jobs:
            entered = insert(ScheduledJob).values(
                name=job.name, interval_s=job.interval_s, next_run_at=func.now(), last_error=""
            )
            await session.execute(
                entered.on_conflict_do_update(
                    index_elements=[ScheduledJob.name],
                    set_={"interval_s": job.interval_s},
                    where=ScheduledJob.interval_s != job.interval_s,
                )
            )


async def run_due_jobs(resources: Resources, jobs: Iterable[Job]) -> int:
    """Run the jobs that are due and that no other replica is running; return how many ran, failures included."""
    n_run = 0
    for job in jobs:
        async with resources.database.transaction(Tenancy.none()) as session:
            if await _claim(session, job):
                await _finish(session, job, error=await _error_of(job, resources))
                n_run += 1
    return n_run


async def _claim(session: Session, job: Job) -> bool:
    due = (
        select(ScheduledJob.id)
        .where(ScheduledJob.name == job.name, ScheduledJob.next_run_at <= func.now())
        .with_for_update(skip_locked=True)
    )
    return await session.scalar(due) is not None


async def _error_of(job: Job, resources: Resources) -> str:
    """Run a job and return why it failed, or an empty string."""
    try:
        async with asyncio.timeout(MAX_RUN_S):
            await job.run(resources)
    except Exception as error:
        log.exception("job_failed", job=job.name)
        RUNS.labels(job.name, "failed").inc()
        return f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS]
    RUNS.labels(job.name, "done").inc()
    return ""


async def _finish(session: Session, job: Job, *, error: str) -> None:
    """Set the next run: from now, not from when it was due, so that a long stop is followed by one run, not many."""
    wait = timedelta(seconds=min(job.interval_s, RETRY_FAILED_S) if error else job.interval_s)
    await session.execute(
        update(ScheduledJob)
        .where(ScheduledJob.name == job.name)
        .values(
            next_run_at=func.clock_timestamp() + wait, last_run_at=func.clock_timestamp(), last_error=error
        )
    )
