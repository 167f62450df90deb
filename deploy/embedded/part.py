"""What the supervisor knows about a part of the stack, whichever server it is."""

import os
import shutil
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from deploy.embedded.processes import Launch


class NotReadyError(Exception):
    """A probe's answer while the part is still starting."""


class Part(ABC):
    """One server process: how to prepare, launch, probe and stop it."""

    name: str
    title: str
    needs: frozenset[str] = frozenset()
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    grace_s: float = 8.0
    ready_within_s: ClassVar[float] = 60.0

    async def prepare(self) -> None:  # noqa: B027 - most parts have nothing to prepare
        """Make folders and configuration; runs before each launch."""

    @abstractmethod
    def launch(self) -> Launch:
        """Return what to start."""

    @abstractmethod
    async def probe(self) -> None:
        """Return once the part does its work; raise NotReadyError or OSError until then."""

    async def finish(self) -> None:  # noqa: B027 - most parts are finished once they answer
        """Set up what others expect inside the ready server (databases, buckets)."""

    async def clean_up(self) -> None:  # noqa: B027 - most parts leave nothing outside their folder
        """Remove what the ended server left outside its folder."""

    @property
    def address(self) -> str:
        """Where it listens, for people; empty when nowhere."""
        return ""


def program(name: str) -> Path:
    """Return a server's executable that its wheel put beside our interpreter or on the path.

    Raises FileNotFoundError with the remedy when the wheel is missing.
    """
    beside = Path(sys.executable).parent
    path = os.pathsep.join((str(beside), f"{sys.prefix}/bin", os.environ.get("PATH", "")))
    found = shutil.which(name, path=path)
    if found is None:
        raise FileNotFoundError(f"the program {name!r} is not installed: run `make install`")
    return Path(found)


def plain_environment(keep: Iterable[str] = ("PATH", "HOME", "TZ", "TMPDIR")) -> dict[str, str]:
    """Return the few variables a server may inherit: no secrets of the caller, one language for its messages."""
    inherited = {name: os.environ[name] for name in keep if name in os.environ}
    return {**inherited, "LC_ALL": "C.UTF-8"}
