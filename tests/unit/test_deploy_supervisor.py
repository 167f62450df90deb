"""A part that hangs at its start, and how the supervisor speaks of it."""

import sys
from pathlib import Path

import pytest

from deploy.embedded.part import NotReadyError, Part
from deploy.embedded.processes import Launch
from deploy.embedded.supervisor import PartFailedError, Supervisor
from deploy.embedded.workspace import Workspace


class Moody(Part):
    """A server that never becomes ready."""

    name = "moody"
    title = "Moody server"
    ready_within_s = 2.0
    grace_s = 1.0

    def launch(self) -> Launch:
        return Launch(
            (sys.executable, "-c", "import time; print('waiting for the moon', flush=True); time.sleep(60)"),
            {},
        )

    async def probe(self) -> None:
        raise NotReadyError("the moon is down")


async def test_a_server_that_hangs_is_named_with_its_reason_and_its_log(tmp_path: Path) -> None:
    with Workspace(tmp_path / "data") as workspace:
        supervisor = Supervisor(workspace)
        try:
            with pytest.raises(PartFailedError, match="not ready within 2 s: the moon is down") as failed:
                await supervisor.start([Moody()])
            assert "waiting for the moon" in str(failed.value)
        finally:
            await supervisor.stop()
