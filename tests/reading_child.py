"""What a test runs as if it were the reader of a file: says what it sees of the world, or stays until it is killed."""

import json
import os
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
        time.sleep(600)
    seen = {
        "environment": sorted(os.environ),
        "folder": str(Path.cwd()),
        "temporary": tempfile.gettempdir(),
        "n_open": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - counted, not looked at
    }
    Path(RESULT).write_text(json.dumps(seen))
    return 0
