"""Progress of long work, written beside what it is about, not more often than a person looks."""

import time
from typing import Protocol

from kernel.db import Session
from kernel.subscriptions import Delivery
from services.ingestion.service.reading import Note

_NOTE_EVERY_S = 0.5


class SetProgress(Protocol):
    """Writes how far the work on a row has come."""

    async def __call__(self, session: Session, row_id: int, /, *, phase: str, done: int, total: int) -> None:
        """Note that `done` of `total` units of a phase are through."""


def progress_notes(delivery: Delivery, set_progress: SetProgress, row_id: int) -> Note:
    """Return what a limited process calls with its progress."""
    last = 0.0

    async def note(phase: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < _NOTE_EVERY_S:
            return
        last = time.monotonic()
        async with delivery.transaction() as session:
            await set_progress(session, row_id, phase=phase, done=done, total=total)

    return note
