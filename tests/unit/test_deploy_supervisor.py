"""Parts that hang at their start, and how the supervisor speaks of them."""

import sys
from pathlib import Path

import pytest

from deploy.embedded.part import NotReadyError, Part
from deploy.embedded.processes import Launch
from deploy.embedded.supervisor import PartFailedError, Supervisor
from deploy.embedded.workspace import Workspace

HANGS_THE_FIRST_TIMES = """
import pathlib, sys, time
folder, n_hanging = pathlib.Path(sys.argv[1]), int(sys.argv[2])
n_before = len(list(folder.glob("start-*")))
(folder / f"start-{n_before}").touch()
if n_before >= n_hanging:
    (folder / "ready").touch()
print("waiting for the moon", flush=True)
time.sleep(60)
"""


class Moody(Part):
    """A server that hangs at its first starts."""

    name = "moody"
    title = "Moody server"
    ready_within_s = 4.0

    def __init__(self, folder: Path, n_hanging: int) -> None:
        self._folder, self._n_hanging = folder, n_hanging
        self.grace_s, self.second_start_after_s = 1.0, 1.5

    def launch(self) -> Launch:
        return Launch(
            (sys.executable, "-c", HANGS_THE_FIRST_TIMES, str(self._folder), str(self._n_hanging)), {}
        )

    async def probe(self) -> None:
        if not (self._folder / "ready").exists():
            raise NotReadyError("the moon is down")


async def test_a_server_that_hangs_is_started_once_more_and_that_is_said(tmp_path: Path) -> None:
    said: list[tuple[str, str]] = []
    with Workspace(tmp_path / "data") as workspace:
        supervisor = Supervisor(workspace, report=lambda title, _, address: said.append((title, address)))
        try:
            await supervisor.start([Moody(tmp_path, 1)])
            assert said == [("Moody server, 2nd start", "the moon is down"), ("Moody server", "")]
            assert len(supervisor.pids) == 1
        finally:
            await supervisor.stop()


async def test_a_server_that_hangs_for_good_is_named_with_its_reason_and_its_log(tmp_path: Path) -> None:
    with Workspace(tmp_path / "data") as workspace:
        supervisor = Supervisor(workspace)
        try:
            with pytest.raises(PartFailedError, match="not ready within 4 s: the moon is down") as failed:
                await supervisor.start([Moody(tmp_path, 2)])
            assert "waiting for the moon" in str(failed.value)
        finally:
            await supervisor.stop()
