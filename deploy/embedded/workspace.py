"""The folder of one stack, with what its parts share: remembered ports, secrets, logs, and the lock of who runs it."""

import fcntl
import os
from pathlib import Path
from typing import IO, Self

from deploy.embedded.credentials import Credentials
from deploy.embedded.ports import PortBook
from deploy.embedded.processes import PidFile, stop_left_over


class AlreadyRunningError(Exception):
    """Another supervisor has this folder."""


class Workspace:
    """A folder held by this process; `durable` False gives up safety at power loss for speed, which only tests do.

    Opening it stops what a killed supervisor left running there. Raises AlreadyRunningError.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.durable = durable
        self._lock = _held(self.folder / "lock")
        self._make_private()
        self.pid_file = PidFile(self.folder / "pids.json")
        stop_left_over(self.pid_file.left_over())
        self.pid_file.clear()
        self.ports = PortBook(self.folder / "ports.json")
        self.secrets = Credentials(self.folder / "secrets.json")

    def _make_private(self) -> None:
        """Close the folder to others; run by root it can be entered, not listed: PostgreSQL then has its own account."""
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for closed in ("logs", "nats", "s3"):
            (self.folder / closed).mkdir(mode=0o700, exist_ok=True)

    def log(self, name: str) -> Path:
        """Return where the part called `name` writes its log."""
        return self.folder / "logs" / f"{name}.log"

    def close(self) -> None:
        """Leave the folder to the next."""
        self.ports.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_held(folder: Path) -> bool:
    """True while some process holds the folder's lock."""
    try:
        _held(folder / "lock").close()
    except AlreadyRunningError:
        return True
    return False


def _held(path: Path) -> IO[str]:
    try:
        file = path.open("a")
    except PermissionError as error:
        raise PermissionError(
            f"{path.parent} belongs to another user; start as that user or name another folder"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyRunningError(f"a stack is already running in {path.parent}") from None
    return file
