"""A process that keeps PostgreSQL, NATS and S3 running in one folder for as long as somebody uses them.

Why a process of its own: several test sessions and their parallel workers share the servers, and whoever started them may
end first. Each user holds a shared lock on `users.lock`; the keeper stops the servers once it gets that lock alone. Locks
are the kernel's, so a killed user counts as gone, and a killed keeper takes its servers along (PR_SET_PDEATHSIG).
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import IO

from deploy.embedded.parts import Backing, BackingUrls
from deploy.embedded.processes import PROJECT, tail, until
from deploy.embedded.workspace import is_held

START_WITHIN_S = 90.0


@contextlib.contextmanager
def shared_backing(folder: Path) -> Iterator[BackingUrls]:
    """Join the servers that all users of `folder` share, starting them for the first, and yield their addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users.lock").open("a") as place:
        fcntl.flock(place, fcntl.LOCK_SH)  # waits while a keeper is just stopping
        yield BackingUrls(**_addresses(folder))
    _await_stop_of_the_unused(folder)


def _addresses(folder: Path) -> dict[str, str]:
    """Return the addresses; start a keeper when there is none. One user at a time asks."""
    with (folder / "door.lock").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if not _keeper_is_up(folder):
            _spawn_keeper(folder)
        found: dict[str, str] = json.loads(_published(folder).read_text())
        return found


def _published(folder: Path) -> Path:
    return folder / "backing.json"


def _keeper_is_up(folder: Path) -> bool:
    """True when a keeper holds the folder and has published addresses."""
    return is_held(folder) and _published(folder).exists()


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _spawn_keeper(folder: Path) -> None:
    """Start a keeper in a session of its own and wait until it has published. Raises RuntimeError with its log."""
    _await_end_of_keeper(folder)
    _published(folder).unlink(missing_ok=True)
    log = folder / "keeper.log"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    argv = [sys.executable, "-m", "deploy.embedded.keeper", str(folder.resolve())]
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), write, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    pid = os.posix_spawn(sys.executable, argv, environment, file_actions=files, setsid=True)
    deadline = time.monotonic() + START_WITHIN_S
    while not _published(folder).exists():
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        if ended or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL, NATS and S3 could not be started in {folder}:\n{tail(log, 40)}")
        time.sleep(0.02)


def _await_stop_of_the_unused(folder: Path) -> None:
    """Return when the keeper has stopped the servers, or at once (0.5 s) when others still use them."""
    deadline = time.monotonic() + 0.5
    while _published(folder).exists():
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)
    _await_end_of_keeper(folder)


def _await_end_of_keeper(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while is_held(folder) and time.monotonic() < deadline:
        time.sleep(0.02)


async def keep(folder: Path) -> None:
    """Run the servers until nobody uses the folder any more, or a part dies, or SIGTERM arrives."""
    stopping = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    try:
        # Objects and messages of earlier sessions are of no use; the database keeps its migrated templates.
        async with Backing(folder, fresh={"nats", "seaweedfs"}) as backing:
            draft = folder / "backing.new"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(dataclasses.asdict(backing.urls), file)
            draft.replace(_published(folder))
            with (folder / "users.lock").open("a") as place:
                await _first_of(stopping.wait(), _nobody_left(place), backing.watch())
                _published(folder).unlink(missing_ok=True)
                # `place` stays locked until the servers are down: newcomers wait at it.
                await backing.__aexit__()
    finally:
        _published(folder).unlink(missing_ok=True)


async def _nobody_left(place: IO[str]) -> None:
    await until(lambda: _take(place))


async def _first_of(*waits: Coroutine[object, object, object]) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


def main() -> None:
    """Keep the folder named on the command line; fails when another keeper has it."""
    folder = Path(sys.argv[1])
    asyncio.run(keep(folder))


if __name__ == "__main__":
    main()
