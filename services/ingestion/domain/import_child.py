"""The process that reads one file: limits itself, reads, writes `result.json`, and reports progress line by line.

    python -m services.ingestion.domain.import_child <source> <work folder> <limits as JSON>

Why a process: a hostile or broken file may exhaust memory or time, or crash a native library; then only this dies.
Exit codes: 0 the table is read, 3 the file is refused (reason in `result.json`), anything else our reader failed.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

REFUSED = 3
RESULT = "result.json"
_PR_SET_PDEATHSIG = 1
# The engine's own limit leaves room for Python, the libraries and what they allocate beside it.
_ENGINE_SHARE = 0.55
_REPORT_EVERY_S = 0.25
_LARGEST_SCRATCH_FILE = 64 << 30
_OPEN_FILES = 512


def main() -> int:
    """Read the file named on the command line; returns the exit code."""
    source, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    if not _die_with_parent(limits["parent_pid"]):
        return 1
    _limit_this_process(limits["memory_bytes"], limits["cpu_s"])
    from services.ingestion.domain.importing import Limits, import_table
    from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused

    engine = Limits(int(limits["memory_bytes"] * _ENGINE_SHARE), limits["n_threads"])
    try:
        table = import_table(source, work, engine, _Reporter())
    except FileRefused as refused:
        _write(work, {"slug": refused.slug, "detail": refused.detail, "hint": refused.hint})
        return REFUSED
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        detail = f"Reading the file needs more than the {limits['memory_bytes'] >> 20} MiB of memory that one import may use."
        _write(
            work,
            {
                "slug": TOO_COMPLEX,
                "detail": detail,
                "hint": "Split the file, or remove columns you do not need.",
            },
        )
        return REFUSED
    _write(work, {**asdict(table), "parquet": str(table.parquet)})
    return 0


def _die_with_parent(parent_pid: int) -> bool:
    """Ask the kernel to end this process with the worker; False when the worker is gone already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent_pid


def _limit_this_process(memory_bytes: int, cpu_s: int) -> None:
    # Twice the budget: allocators reserve more than they touch, and this counts what is reserved.
    resource.setrlimit(resource.RLIMIT_DATA, (2 * memory_bytes, 2 * memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_SCRATCH_FILE, _LARGEST_SCRATCH_FILE))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    allowed = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    os.nice(5)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"


class _Reporter:
    """Writes progress to standard output, not more often than a reader can use."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Note that `done` of `total` units of a phase are through."""
        now = time.monotonic()
        if now < self._next_at and done < total:
            return
        self._next_at = now + _REPORT_EVERY_S
        sys.stdout.write(json.dumps({"phase": phase, "done": done, "total": total}) + "\n")
        sys.stdout.flush()


def _write(work: Path, result: dict[str, object]) -> None:
    (work / RESULT).write_text(json.dumps(result, ensure_ascii=False, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
