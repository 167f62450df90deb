"""`python -m deploy.embedded`, which is what `make run` starts: the whole stack until Ctrl-C or SIGTERM."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deploy.embedded.nursery import Nursery
from deploy.embedded.ports import HOST
from deploy.embedded.processes import PROJECT, SUPERVISOR
from deploy.embedded.python_process import PROGRAMS, Program
from deploy.embedded.stack import Plan, plan
from deploy.embedded.supervisor import PartFailedError, Supervisor
from deploy.embedded.workspace import AlreadyRunningError, Workspace

DEFAULT_PORT = 8080
HELP = """\
usage: python -m deploy.embedded

Starts PlugZero Analytics with its database, event server, object store and gateway; Ctrl-C stops everything.
Settings come from the environment; the usual ones:
  PLUGZERO_PORT      port of the gateway (8080, or a free one when 8080 is taken)
  PLUGZERO_DIR       folder of all data and logs (.plugzero)
  DATABASE_URL, NATS_URL, S3_ENDPOINT_URL
                     use this server instead of starting one
docs/running.md has all of them.
"""


class UsageError(Exception):
    """Something the caller can put right; shown without a stack trace."""


@dataclass
class Console:
    """Lines for whoever started the stack."""

    began: float = field(default_factory=time.monotonic)

    def part_ready(self, title: str, seconds: float, address: str) -> None:
        """One line per part."""
        print(f"  {title:<26} ready in {seconds:5.1f} s   {address}", flush=True)

    def say(self, text: str) -> None:
        """One line of prose."""
        print(text, flush=True)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began


def gateway_port(workspace: Workspace, environment: Mapping[str, str], console: Console) -> int:
    """Return the port asked for, else 8080, else a free one. Raises UsageError when the one asked for is taken."""
    asked = environment.get("PLUGZERO_PORT", "")
    if not asked:
        port = workspace.ports.port("gateway", prefer=DEFAULT_PORT)
        if port != DEFAULT_PORT:
            console.say(f"Port {DEFAULT_PORT} is taken; using {port}. PLUGZERO_PORT chooses another.")
        return port
    if not asked.isdecimal() or not 0 < int(asked) < 65_536:  # noqa: PLR2004 - the range of TCP ports
        raise UsageError(f"PLUGZERO_PORT={asked!r} is not a port number")
    if workspace.ports.port("gateway", prefer=int(asked)) != int(asked):
        raise UsageError(f"Port {asked}, which PLUGZERO_PORT asks for, is taken by another program on {HOST}")
    return int(asked)


class RunFile:
    """`.plugzero/run.json`: addresses and process numbers of the running stack, for tools; gone once it stops."""

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.folder / "run.json"
        self.remove()

    def write(self, running: Plan, pids: Mapping[str, int]) -> None:
        """Publish. It holds the owner's database password, so only its owner may read it."""
        content = {
            "gateway_url": running.gateway_url,
            "database_url": running.backends.database_url,
            "nats_url": running.backends.nats_url,
            "s3_endpoint_url": running.backends.s3_endpoint_url,
            "folder": str(self._path.parent),
            "pids": {SUPERVISOR: os.getpid(), **pids},
            "ready_at": datetime.now(UTC).isoformat(),
        }
        draft = self._path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file, indent=1)
        draft.replace(self._path)

    def remove(self) -> None:
        """Say that nothing runs."""
        self._path.unlink(missing_ok=True)


async def run(
    workspace: Workspace, console: Console, environment: Mapping[str, str], programs: Sequence[Program]
) -> None:
    """Start everything, stay until a signal, stop everything. Raises PartFailedError after stopping the rest."""
    port = gateway_port(workspace, environment, console)
    stack = plan(workspace, port=port, environment=environment, programs=programs)
    nursery = Nursery(environment, workspace.log("nursery"))
    supervisor = Supervisor(workspace, report=console.part_ready, spawn=nursery.spawn)
    run_file = RunFile(workspace)
    workspace.pid_file.add(SUPERVISOR, os.getpid())
    stopping = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    try:
        if environment.get("PLUGZERO_PRELOAD", "1") != "0" and sys.platform == "linux":
            await nursery.start()
        if await finished_before(stopping, supervisor.start(stack.units)):
            nursery.settle()
            run_file.write(stack, supervisor.pids)
            console.say(f"\nPlugZero Analytics is ready after {console.elapsed_s:.1f} s: {stack.gateway_url}")
            console.say(
                f"API pages: {stack.gateway_url}/docs   logs: {workspace.folder / 'logs'}   "
                f"letters: {workspace.folder / 'outbox'}   Ctrl-C stops it."
            )
            await finished_before(stopping, supervisor.watch())
        console.say("\nStopping ...")
    finally:
        run_file.remove()
        await supervisor.stop()
        await nursery.stop()
    console.say("Stopped.")


async def finished_before(stopping: asyncio.Event, work: Coroutine[object, object, object]) -> bool:
    """Return True when `work` ended first (its exception is raised), False when a stop was asked for; it is cancelled then."""
    working, stop = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    return False


def main(programs: Sequence[Program] = PROGRAMS) -> int:
    """Return the exit code: 0 after a clean stop, 1 when a part failed, 2 when the caller has to change something."""
    if len(sys.argv) > 1:
        print(HELP)
        return 0 if sys.argv[1] in {"-h", "--help"} else 2
    console = Console()
    folder = Path(os.environ.get("PLUGZERO_DIR") or PROJECT / ".plugzero")
    try:
        with Workspace(folder) as workspace:
            asyncio.run(run(workspace, console, os.environ.copy(), programs))
    except AlreadyRunningError as error:
        print(f"{error}{where_it_runs(folder)}", file=sys.stderr)
        return 2
    except (UsageError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 2
    except PartFailedError as error:
        print(f"\n{error}\n\nEverything else has been stopped.", file=sys.stderr)
        return 1
    return 0


def where_it_runs(folder: Path) -> str:
    """Return how to reach the stack that already runs, as the end of a sentence."""
    try:
        found = json.loads((folder / "run.json").read_text())
    except (OSError, ValueError):
        return "; it is still starting or stopping"
    return f": {found['gateway_url']} (process {found['pids'][SUPERVISOR]})"


if __name__ == "__main__":
    sys.exit(main())
