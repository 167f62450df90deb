"""Our own processes are forked from one parent that has loaded the common libraries.

Why: the libraries every process of ours imports cost about three seconds of processor time and 100 MB each; nine processes on
two cores would be ready after 14 seconds. Forked after loading they share both. Production starts them separately, with the
same `python -m` arguments: nothing in the processes knows the difference. `PLUGZERO_PRELOAD=0` turns this off, as does any
system but Linux (forking after loading system frameworks is not safe on macOS).

Two sides in one module: `Nursery` in the supervisor; `main()` in the parent of the forks. They speak JSON lines over pipes.
This side of the fork starts no thread and no event loop.
"""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.embedded import reaper
from deploy.embedded.processes import PR_SET_PDEATHSIG, PROJECT, Child, Launch, Running, die_with_parent

# What all or most processes import. A name that is missing here costs a little time, nothing else.
PRELOADED = (
    *("uvicorn.main", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on", "uvloop", "fastapi"),
    *(
        "sqlalchemy.ext.asyncio",
        "sqlalchemy.dialects.postgresql.asyncpg",
        "asyncpg",
        "nats",
        "aioboto3",
        "botocore.session",
    ),
    *(
        "structlog",
        "pydantic_settings",
        "prometheus_client",
        "joserfc.jwt",
        "cryptography.fernet",
        "httpx2",
        "orjson",
        "jinja2",
    ),
    *(
        "kernel.http",
        "kernel.resources",
        "kernel.subscriptions",
        "kernel.publishing",
        "kernel.streams",
        "kernel.processes",
    ),
    *("kernel.pagination", "kernel.etags", "kernel.prefer"),
)
PR_SET_NAME = 15


class Forked:
    """A process that the nursery forked for us."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery = nursery
        self.pid = pid

    def exit_code(self) -> int | None:
        """Return None while it runs, then its exit code; that of the nursery when that has ended."""
        known = self._nursery.exit_codes.get(self.pid)
        return known if known is not None else self._nursery.exit_code()

    def send(self, sign: signal.Signals) -> None:
        """Signal it; nothing happens when it has ended."""
        if self.exit_code() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)


class Nursery:
    """The supervisor's side: starts the parent of the forks and asks it for processes."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.exit_codes: dict[int, int] = {}
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._asked: dict[str, asyncio.Future[int]] = {}
        self._listening: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process number of the parent of the forks."""
        assert self._process is not None  # noqa: S101 - start() comes first
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return None while it runs, then its exit code."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start it; it loads the libraries while the servers start."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "deploy.embedded.nursery"),
                env={
                    **self._environment,
                    "MALLOC_ARENA_MAX": "2",
                },  # glibc: fewer half-empty heaps in every fork
                cwd=PROJECT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def spawn(self, name: str, launch: Launch, log: Path) -> Running:
        """Start a process: by fork when it is one of our modules, else as an ordinary child."""
        if not launch.module or self._process is None or self._process.stdin is None:
            return Child(launch, log)
        order = {"name": name, "argv": list(launch.module), "environment": dict(launch.environment)}
        order |= {"cwd": str(launch.cwd or PROJECT), "log": str(log)}
        self._asked[name] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return Forked(self, await self._asked[name])

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        async for line in process.stdout:
            word = json.loads(line)
            if "exit_code" in word:
                self.exit_codes[word["pid"]] = word["exit_code"]
            else:
                self._asked.pop(word["name"]).set_result(word["pid"])
        code = await process.wait()
        for waiting in self._asked.values():
            waiting.set_exception(
                RuntimeError(f"the parent of our processes ended with exit code {code}: see {self._log}")
            )

    def settle(self) -> None:
        """Say that nothing more will be ordered: it gives its libraries up and only watches."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(b"{}\n")

    async def stop(self) -> None:
        """End it; its forks have been stopped before."""
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            await self._process.wait()
        if self._listening is not None:
            await self._listening


def preload(modules: Sequence[str]) -> None:
    """Import what can be imported; what cannot is left to the process that needs it."""
    # The linters bring it along; structlog would load its 66 modules, in production they are not there.
    sys.modules["rich"] = None  # type: ignore[assignment] # the documented way to make an import fail
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - the process that needs it will say so in its own log
            print(f"not preloaded: {module}: {error!r}", file=sys.stderr)


def await_orders() -> dict[str, Any] | None:
    """Fork for each order line on standard input. Returns the order in a fork, None in the parent at the end of input."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    orders = b""
    while True:
        readable, _, _ = select.select([0, wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 512)
            reaper.report_ended()
        if 0 not in readable:
            continue
        chunk = os.read(0, 65_536)
        if not chunk:
            return None
        *lines, orders = (orders + chunk).split(b"\n")
        for line in lines:
            order: dict[str, Any] = json.loads(line)
            if not order:
                os.execv(sys.executable, [sys.executable, "-I", "-S", reaper.__file__])  # noqa: S606 - ourselves
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                os.close(wake_read)
                os.close(wake_write)
                return order
            say(name=order["name"], pid=pid)


def say(**word: object) -> None:
    """Write one line to the supervisor."""
    os.write(1, json.dumps(word).encode() + b"\n")


def become(order: Mapping[str, Any], parent: int) -> None:
    """Turn a fork into the process that was ordered: session, environment, log, folder, name, signals."""
    os.setsid()
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    libc.prctl(PR_SET_NAME, order["name"].encode()[:15], 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    for sign in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(sign, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def main() -> None:
    """Load, then fork on order. A fork leaves `await_orders` with its order and runs it here, at the end of the stack."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor ends us by closing our input
    preload(PRELOADED)
    if threading.active_count() > 1:
        print(f"threads before forking: {threading.enumerate()}", file=sys.stderr)
    gc.collect()
    with contextlib.suppress(AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()  # keeps the collector from touching, and so copying, the shared pages
    parent = os.getpid()
    order = await_orders()
    if order is not None:
        become(order, parent)
        sys.argv = list(order["argv"])
        runpy.run_module(order["argv"][0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
