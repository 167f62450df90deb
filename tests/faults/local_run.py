"""A local stack in a process of its own, as a test sees it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
DRIVER = ROOT / "tests" / "faults" / "stack_driver.py"
READY_WITHIN_S = 90  # longer than a part may take: its own reason is worth more than ours


class LocalRun:
    """One start of the stack in `folder`, with what it printed."""

    def __init__(
        self,
        folder: Path,
        *,
        argv: Sequence[str] = (sys.executable, str(DRIVER)),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.output = folder.with_name(f"{folder.name[:40]}.{time.monotonic_ns()}.out")
        quiet = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        own = {"PLUGZERO_DIR": str(folder), "PLUGZERO_PRELOAD": "0", "PYTHONUNBUFFERED": "1"}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                argv,
                env={**quiet, **own, **(environment or {})},
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text()

    @property
    def addresses(self) -> dict[str, Any]:
        """The content of run.json."""
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
        return found

    @property
    def pid(self) -> int:
        """Process number of the supervisor."""
        return self._process.pid

    def ready(self) -> "LocalRun":
        """Return once it says that it is ready; fails with its words when it ends instead."""
        deadline = time.monotonic() + READY_WITHIN_S
        while " is ready after " not in self.said:
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)
        return self

    def ended(self, within_s: float = 40) -> int:
        """Return the exit code."""
        return self._process.wait(within_s)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and return the exit code."""
        self._process.send_signal(sign)
        return self.ended()

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        supervisor = psutil.Process(self.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def kill_everything(self) -> None:
        """End all processes at once by SIGKILL, as a power cut would."""
        doomed = self.processes()
        for act in (psutil.Process.suspend, psutil.Process.kill):
            for process in doomed:
                # The supervisor may be ending them already.
                with suppress(psutil.NoSuchProcess):
                    act(process)
        self._process.wait(10)
        psutil.wait_procs(doomed, timeout=10)

    def clean_up(self) -> None:
        """Leave nothing running, whatever the test did."""
        if self._process.poll() is None:
            self.kill_everything()


def alive(processes: Sequence[psutil.Process]) -> list[str]:
    """Names of those that still run."""
    return [p.name() for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
