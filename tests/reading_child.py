"""What a test runs as if it were the reader of a file: says what it sees of the world, stays until it is killed, or ends by a signal."""

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from services.ingestion.domain.limited_child import RESULT


def main() -> int:
    """Write the result, or stay; returns the exit code."""
    if sys.argv[1:] == ["stay"]:
        sys.stdout.write("here\n")
        sys.stdout.flush()
        time.sleep(600)  # longer than any test: it is there to be killed
    if sys.argv[-1] in signal.Signals.__members__:
        os.kill(os.getpid(), signal.Signals[sys.argv[-1]])
    seen = {
        "environment": sorted(os.environ),
        "folder": str(Path.cwd()),
        "temporary": tempfile.gettempdir(),
        "n_open": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - counted, not looked at
    }
    Path(RESULT).write_text(json.dumps(seen))
    return 0
