"""`make stop`: ends the stack that runs in this folder, cleanly."""

import os
import signal
import sys
import time
from pathlib import Path

from deploy.embedded.processes import PROJECT, SUPERVISOR, PidFile

WAIT_S = 40.0


def main() -> int:
    """Return 0 when nothing runs any more, 1 when it does not end."""
    folder = Path(os.environ.get("PLUGZERO_DIR") or PROJECT / ".plugzero")
    supervisor = PidFile(folder / "pids.json").left_over().get(SUPERVISOR)
    if supervisor is None:
        print(f"Nothing runs in {folder}.")
        return 0
    os.kill(supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + WAIT_S
    while supervisor.is_alive():
        if time.monotonic() > deadline:
            print(f"Process {supervisor.pid} has not ended after {WAIT_S:.0f} s.", file=sys.stderr)
            return 1
        time.sleep(0.05)
    print("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
