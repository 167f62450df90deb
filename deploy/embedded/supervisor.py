"""Starts parts in parallel as far as their needs allow, watches them, and stops them in the opposite order."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from deploy.embedded.part import NotReadyError, Part
from deploy.embedded.processes import POLL_S, Child, Launch, Running, stop, tail
from deploy.embedded.workspace import Workspace


class PartFailedError(Exception):
    """A part died, or did not become ready; the message names it and ends with its log's last lines."""


@dataclass(frozen=True)
class Step:
    """Something done once between parts: a migration, the roles' passwords."""

    name: str
    title: str
    needs: frozenset[str]
    run: Callable[[], Awaitable[str]]


Unit = Part | Step
Report = Callable[[str, float, str], None]
Spawn = Callable[[str, Launch, Path], Awaitable[Running]]


async def spawn_child(_name: str, launch: Launch, log: Path) -> Running:
    """Start an ordinary child process."""
    return Child(launch, log)


def stay_silent(_title: str, _seconds: float, _address: str) -> None:
    """Report nothing."""


class Supervisor:
    """The running parts of one workspace."""

    def __init__(
        self, workspace: Workspace, *, report: Report = stay_silent, spawn: Spawn = spawn_child
    ) -> None:
        self._workspace = workspace
        self._report = report
        self._spawn = spawn
        self._running: dict[str, tuple[Part, Running]] = {}

    @property
    def pids(self) -> Mapping[str, int]:
        """Process numbers by part, in the order of their start."""
        return {name: process.pid for name, (_, process) in self._running.items()}

    async def start(self, units: Sequence[Unit]) -> None:
        """Start all units, each as soon as what it needs is ready. Raises PartFailedError; what has started stays running."""
        ready = {unit.name: asyncio.Event() for unit in units}
        try:
            async with asyncio.TaskGroup() as group:
                for unit in units:
                    group.create_task(self._start_when_possible(unit, ready), name=unit.name)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _start_when_possible(self, unit: Unit, ready: Mapping[str, asyncio.Event]) -> None:
        for need in unit.needs & ready.keys():
            await ready[need].wait()
        began = time.monotonic()
        if isinstance(unit, Step):
            address = await unit.run()
        else:
            await self.start_part(unit)
            address = unit.address
        self._report(unit.title, time.monotonic() - began, address)
        ready[unit.name].set()

    async def start_part(self, part: Part) -> None:
        """Launch one part and wait until its probe succeeds."""
        try:
            await part.prepare()
            process = await self._spawn(part.name, part.launch(), self._workspace.log(part.name))
        except (OSError, RuntimeError) as error:
            raise PartFailedError(f"{part.title} could not be started: {error}") from error
        self._running[part.name] = (part, process)
        self._workspace.pid_file.add(part.name, process.pid)
        await self._await_ready(part, process)
        await part.finish()

    async def _await_ready(self, part: Part, process: Running) -> None:
        deadline = time.monotonic() + part.ready_within_s
        why = "it does not answer"
        while time.monotonic() < deadline:
            self._refuse_dead(part, process)
            try:
                await part.probe()
            except (NotReadyError, OSError) as error:
                why = str(error) or why
                await asyncio.sleep(POLL_S)
            else:
                return
        what = f"{part.title} was not ready within {part.ready_within_s:.0f} s: {why}"
        raise PartFailedError(self._last_words(what, part))

    async def watch(self) -> NoReturn:
        """Wait until a part ends by itself, then raise PartFailedError."""
        while True:
            for part, process in list(self._running.values()):
                self._refuse_dead(part, process)
            await asyncio.sleep(4 * POLL_S)

    def _refuse_dead(self, part: Part, process: Running) -> None:
        code = process.exit_code()
        if code is not None:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise PartFailedError(self._last_words(f"{part.title} ({part.name}) {how}", part))

    def _last_words(self, what: str, part: Part) -> str:
        log = self._workspace.log(part.name)
        return f"{what}. The end of {log}:\n{tail(log) or '(empty)'}"

    async def stop_part(self, name: str) -> None:
        """Stop one part politely."""
        part, process = self._running.pop(name)
        await stop(process, part.stop_signal, grace_s=part.grace_s)
        await part.clean_up()

    async def kill_part(self, name: str) -> None:
        """End one part by SIGKILL, as a crash would."""
        part, process = self._running.pop(name)
        await stop(process, signal.SIGKILL, grace_s=0)
        await part.clean_up()

    async def stop(self) -> None:
        """Stop everything, last started first; parts that nobody needs any more stop at the same time."""
        while self._running:
            needed = {need for part, _ in self._running.values() for need in part.needs}
            free = [name for name in self._running if name not in needed] or list(self._running)
            await asyncio.gather(*(self.stop_part(name) for name in free))
        self._workspace.pid_file.clear()
