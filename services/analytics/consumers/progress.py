"""Progress of a computation: from the thread that computes to the row that people poll, and a cancel the other way."""

import asyncio
import time
from typing import Final

from kernel.subscriptions import Delivery
from services.analytics.queries import analyses as queries

EVERY_S: Final = 0.5


class StoppedError(Exception):
    """The analysis was cancelled or deleted while it was computed."""


class ProgressNotes:
    """Called with (done, total) after each table by the computing thread; writes at most twice a second."""

    def __init__(self, delivery: Delivery, analysis_id: int) -> None:
        self._delivery = delivery
        self._analysis_id = analysis_id
        self._loop = asyncio.get_running_loop()
        self._noted_at = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Note the progress if the last note is old enough; raises StoppedError once the analysis is not running."""
        if time.monotonic() - self._noted_at < EVERY_S or done == total:
            return
        self._noted_at = time.monotonic()
        if not asyncio.run_coroutine_threadsafe(self._note(done, total), self._loop).result():
            raise StoppedError

    async def _note(self, done: int, total: int) -> bool:
        async with self._delivery.transaction() as session:
            return await queries.set_progress(
                session, self._analysis_id, done=done, total=total, phase="computing"
            )
