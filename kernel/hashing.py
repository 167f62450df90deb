"""Argon2id in a bounded pool of threads: hashing never blocks the event loop, and a flood never exhausts memory.

Parameters follow OWASP's floor (19 MiB, 2 passes, 1 lane) where none are given. When the queue is full the caller is told to come
back (429), instead of everybody's request timing out.
"""

import asyncio
import contextlib
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.problems import TooManyRequests

R = TypeVar("R")
_NICE = 10


class PasswordHashing:
    """The process's password hasher."""

    def __init__(
        self, *, memory_kib: int = 19_456, iterations: int = 2, n_threads: int = 0, queue: int = 100
    ) -> None:
        self._hasher = PasswordHasher(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        n_threads = n_threads or n_threads_by_default()
        self._threads = ThreadPoolExecutor(
            n_threads, thread_name_prefix="argon2", initializer=_yield_to_others
        )
        self._room = queue + n_threads
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the encoded hash of a new password; raises TooManyRequests when the queue is full."""
        return await self.run(lambda: self._hasher.hash(password))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Return whether the password belongs to the hash.

        Without a hash (unknown account) a decoy is verified, so that both cases take the same time.
        """
        matches = await self.run(lambda: self._matches(encoded or self._decoy, password))
        return matches and encoded is not None

    def is_outdated(self, encoded: str) -> bool:
        """Return whether the hash was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(encoded)

    async def run(self, work: Callable[[], R]) -> R:
        """Return what the work returns, done in the pool; raises TooManyRequests when the queue is full."""
        if self._room <= 0:
            raise TooManyRequests("Too many passwords are being checked at this moment.", retry_after_s=2)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._room += 1

    def _matches(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False


def n_threads_by_default() -> int:
    """Return how many passwords are hashed at the same time where nothing is set: a processor is left to all else."""
    return max(1, (os.cpu_count() or 1) - 1)


def _yield_to_others() -> None:
    """Let this thread have what processor time others leave: while log-ins queue, every other request goes first.

    On Linux a nice value belongs to the thread (setpriority(2)); elsewhere it would slow the whole process.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
