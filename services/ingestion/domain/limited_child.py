"""What a process does that works on one file for the worker: limits itself, works, writes `result.json`, reports progress.

Why a process: a hostile or broken file may exhaust memory or time, or crash a native library; then only this dies. Exit
codes: 0 done, 3 refused (reason in `result.json`), anything else the program failed.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused

REFUSED = 3
RESULT = "result.json"
_PR_SET_PDEATHSIG = 1
# The engine's own limit leaves room for Python, the libraries and what they allocate beside it.
_ENGINE_SHARE = 0.55
_REPORT_EVERY_S = 0.25
_LARGEST_SCRATCH_FILE = 64 << 30
_OPEN_FILES = 512
_CPU_GRACE_S = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may use."""

    memory_bytes: int
    n_threads: int = 2


Report = Callable[[str, int, int], None]


def run(work: Path, limits: Mapping[str, Any], do: Callable[[Limits, Report], Mapping[str, Any]]) -> int:
    """Do the work within the limits and write its result; returns the exit code."""
    if not confine(limits):
        return 1
    engine = Limits(int(limits["memory_bytes"] * _ENGINE_SHARE), limits["n_threads"])
    try:
        result = do(engine, _Reporter())
    except FileRefused as refused:
        return _refuse(work, refused)
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        mib = limits["memory_bytes"] >> 20
        detail = f"This needs more than the {mib} MiB of memory that one file may use."
        return _refuse(
            work, FileRefused(TOO_COMPLEX, detail, "Split the file, or remove columns you do not need.")
        )
    _write(work, result)
    return 0


def confine(limits: Mapping[str, Any]) -> bool:
    """Limit this process and tie its life to its parent's, `parent_pid` where that is known; False when it is gone already."""
    if not die_with_parent(limits.get("parent_pid", os.getppid())):
        return False
    _limit_this_process(limits["memory_bytes"], limits["cpu_s"])
    return True


def _refuse(work: Path, refused: FileRefused) -> int:
    _write(work, {"slug": refused.slug, "detail": refused.detail, "hint": refused.hint})
    return REFUSED


def die_with_parent(parent_pid: int) -> bool:
    """Ask the kernel to end this process with its parent; False when that is gone already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent_pid


def _limit_this_process(memory_bytes: int, cpu_s: int) -> None:
    # Twice the budget: allocators reserve more than they touch, and this counts what is reserved.
    resource.setrlimit(resource.RLIMIT_DATA, (2 * memory_bytes, 2 * memory_bytes))
    # The soft limit ends it by a signal of its own, the hard one by that of the kernel when memory is out.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + _CPU_GRACE_S))
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


def _write(work: Path, result: Mapping[str, Any]) -> None:
    (work / RESULT).write_text(json.dumps(result, ensure_ascii=False, allow_nan=False), encoding="utf-8")
