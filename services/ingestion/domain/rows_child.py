"""The process that shows rows of datasets: answers one request after the other until its input ends.

    python -m services.ingestion.domain.rows_child <limits as JSON>

A request is a line of JSON on standard input (`reading.RowsRequest`), its answer a line on standard output: `rows`, `positions`
and `n_rows`, or `failed` with the engine's words. It lives long, since loading the engine takes longer than most questions.
"""

import json
import sys
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import confine


def main() -> int:
    """Answer until the input ends; returns the exit code."""
    limits = json.loads(sys.argv[1])
    if not confine(limits):
        return 1
    from services.ingestion.domain.rows import RowReader

    reader = RowReader(Path(limits["folder"]), limits["memory_bytes"], limits["n_threads"])
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(_answer(reader, json.loads(line)) + "\n")
        sys.stdout.flush()
    return 0


def _answer(reader: Any, request: dict[str, Any]) -> str:
    try:
        return json.dumps(reader.read(request), ensure_ascii=False, allow_nan=False, default=str)
    except Exception as error:  # noqa: BLE001 - the next request may be answerable
        return json.dumps({"failed": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    sys.exit(main())
