"""Starting, recognising and stopping operating-system processes.

A process is recognised by its number *and* its start time: numbers are reused, above all in containers, and the stack
never signals a process it did not start.
"""

import asyncio
import ctypes
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import psutil

from deploy.embedded.accounts import Account

PR_SET_PDEATHSIG = 1
PROJECT = Path(__file__).resolve().parents[2]
SUPERVISOR = "supervisor"
"""Name under which `make run` notes itself; `make stop` looks for it."""
POLL_S = 0.05
PROC = Path("/proc")  # Linux; elsewhere psutil knows


class Identity(NamedTuple):
    """Process number and start time; together they name one process for as long as the machine is up."""

    pid: int
    started: str

    def is_alive(self) -> bool:
        """True while exactly this process runs (a zombie is dead)."""
        return identify(self.pid) == self


def identify(pid: int) -> Identity | None:
    """Return who runs under this number now, None for nobody or a zombie."""
    try:
        if PROC.exists():
            # proc_pid_stat(5): the name may hold spaces, so fields are counted from its closing bracket; 22 is starttime.
            after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            state, started = after_name[0], after_name[19]
            boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
            return None if state in "ZX" else Identity(pid, f"{boot}/{started}")
        process = psutil.Process(pid)
        return (
            None
            if process.status() == psutil.STATUS_ZOMBIE
            else Identity(pid, f"{process.create_time():.2f}")
        )
    except (OSError, psutil.Error):
        return None


class PidFile:
    """The processes that a stack has started, on disk, so that a later start can stop what a killed one left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Identity] = {}

    def add(self, name: str, pid: int) -> None:
        """Remember a process that has just been started."""
        identity = identify(pid)
        if identity is not None:
            self._known[name] = identity
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(self._known))
            draft.replace(self._path)

    def clear(self) -> None:
        """Forget all of them: they have ended."""
        self._known.clear()
        self._path.unlink(missing_ok=True)

    def left_over(self) -> dict[str, Identity]:
        """Return the processes of an earlier start that still run, by name."""
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        recorded = {name: Identity(*identity) for name, identity in found.items()}
        return {name: identity for name, identity in recorded.items() if identity.is_alive()}


def stop_left_over(processes: Mapping[str, Identity], *, grace_s: float = 8) -> None:
    """End processes that a killed supervisor left behind; first politely, after `grace_s` seconds by force."""
    processes = {name: identity for name, identity in processes.items() if name != SUPERVISOR}
    for sign, wait_s in ((signal.SIGINT, grace_s), (signal.SIGKILL, 5.0)):
        for identity in processes.values():
            _send(identity, sign)
        deadline = time.monotonic() + wait_s
        while any(identity.is_alive() for identity in processes.values()):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_S)
        else:
            return
    raise RuntimeError(f"could not end processes left by an earlier start: {dict(processes)}")


def _send(identity: Identity, sign: signal.Signals) -> None:
    if identity.is_alive():
        try:
            os.kill(identity.pid, sign)
        except ProcessLookupError:
            pass
        except PermissionError:
            raise RuntimeError(
                f"process {identity.pid} of an earlier start belongs to another user; end it as that user"
            ) from None


@dataclass(frozen=True)
class Launch:
    """What to start: program and arguments, the whole environment, the folder, the account (None: ours)."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: Account | None = None
    module: Sequence[str] = ()
    """For our own processes: module and arguments as after `python -m`."""

    @classmethod
    def of_module(cls, module: Sequence[str], environment: Mapping[str, str], *, cwd: Path) -> "Launch":
        """Return the launch of one of our own modules under this interpreter."""
        return cls((sys.executable, "-m", *module), environment, cwd=cwd, module=tuple(module))


class Running(Protocol):
    """A started process, whoever started it."""

    pid: int

    def exit_code(self) -> int | None:
        """Return None while it runs, then its exit code (negative: the signal that ended it)."""

    def send(self, sign: signal.Signals) -> None:
        """Signal it; nothing happens when it has ended."""


class Child:
    """A child process of ours with its log file."""

    def __init__(self, launch: Launch, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        user, group = as_ids(launch.account)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                as_account(launch),
                env=dict(launch.environment),
                cwd=launch.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                group=group,
                extra_groups=None if user is None else (),
                start_new_session=True,  # Ctrl-C reaches the supervisor only; it decides the order
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - one prctl call; no thread runs while parts start
            )
        self.pid = self._process.pid

    def exit_code(self) -> int | None:
        """Return None while it runs, then its exit code."""
        return self._process.poll()

    def send(self, sign: signal.Signals) -> None:
        """Signal it; nothing happens when it has ended."""
        if self._process.poll() is None:
            self._process.send_signal(sign)


def as_account(launch: Launch) -> list[str]:
    """Return the command line, led by the change of account where one is asked for."""
    return [*(launch.account.prefix() if launch.account else ()), *launch.argv]


def as_ids(account: Account | None) -> tuple[int | None, int | None]:
    """Return user and group for subprocess, None where the command itself changes them or nobody does."""
    if account is None or account.crosses_folders:
        return None, None
    return account.uid, account.gid


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child runs before its program so that it ends with its parent, None where the kernel cannot.

    prctl(2), PR_SET_PDEATHSIG: SIGINT is a fast, clean stop for PostgreSQL and an ordinary end for the others.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


async def until(condition: Callable[[], bool], *, within_s: float = math.inf) -> bool:
    """Return whether the condition came true in time; it is looked at every 50 ms."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True


async def stop(process: Running, sign: signal.Signals, *, grace_s: float) -> bool:
    """End one process: `sign`, then SIGKILL after `grace_s` seconds. Return whether it ended by itself."""
    process.send(sign)
    if await until(lambda: process.exit_code() is not None, within_s=grace_s):
        return True
    process.send(signal.SIGKILL)
    await until(lambda: process.exit_code() is not None)
    return False


def tail(log: Path, n_lines: int = 20) -> str:
    """Return the last lines of a log, empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-n_lines:])
    except OSError:
        return ""
