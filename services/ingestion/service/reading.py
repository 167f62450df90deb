"""Runs programs on one file in a limited process: the reader of uploads, the writer of exports."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.logs import get_logger
from services.ingestion.domain.limited_child import REFUSED, RESULT
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused
from services.ingestion.service.limited_processes import LimitedProcess, ServerDiedError, server
from services.ingestion.settings import IngestionSettings

log = get_logger(__name__)
Note = Callable[[str, int, int], Awaitable[None]]

_PREFIX = "plugzero-import-"
STDERR_BYTES = 16_384
# What native libraries say before they abort.
_MEMORY_WORDS = ("memory allocation", "bad_alloc", "MemoryError", "Cannot allocate memory")
_SMALLER_HINT = "Split the file, or remove columns you do not need."


@dataclass(frozen=True, slots=True)
class ReaderResult:
    """A file as read: the Parquet file on this machine, and what is known about it."""

    parquet: Path
    content_hash: str
    n_rows: int
    n_columns: int
    codebook: dict[str, Any]
    columns_metadata: dict[str, Any]
    preview: dict[str, Any]
    report: dict[str, Any]


class ReaderFailedError(Exception):
    """The reader ended without a verdict: a fault of ours, or of the machine; `refusal` is what to say should it happen again."""

    def __init__(self, said: str, refusal: FileRefused | None = None) -> None:
        super().__init__(said)
        self.refusal = refusal


@asynccontextmanager
async def scratch_folder(settings: IngestionSettings) -> AsyncIterator[Path]:
    """Yield an empty folder of this import; removed afterwards, as are those that killed workers left."""
    parent = Path(settings.scratch_folder or tempfile.gettempdir())
    await asyncio.to_thread(_sweep, parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)


async def read_table(
    source: Path,
    work: Path,
    settings: IngestionSettings,
    note: Note,
    *,
    options: Mapping[str, Any] | None = None,
    may_be_document: bool = False,
) -> ReaderResult:
    """Return what is in a file; raises FileRefused with a reason, ReaderFailedError when the reader crashed.

    The slug is `IS_DOCUMENT` where the file may be a document and is one.
    """
    child = "services.ingestion.domain.import_child"
    how = json.dumps({"options": dict(options or {}), "may_be_document": may_be_document})
    result = await run_limited(child, source, work, settings, note, how)
    return ReaderResult(**{**result, "parquet": Path(result["parquet"])})


async def run_limited(
    module: str, source: Path, work: Path, settings: IngestionSettings, note: Note, *more: str
) -> dict[str, Any]:
    """Return the result of a program that works on one file in a limited process of its own.

    Raises FileRefused with a reason, ReaderFailedError when the program crashed.
    """
    limits = {
        "memory_bytes": settings.import_memory_bytes,
        "cpu_s": int(settings.import_timeout_s * settings.import_threads) + 1,
        "n_threads": settings.import_threads,
    }
    arguments = [str(source), str(work), json.dumps(limits), *more]
    try:
        async with (
            asyncio.timeout(settings.import_timeout_s),
            server().running(module, arguments, work) as process,
        ):
            words = await _follow(process, note)
            code = await process.ended()
    except TimeoutError:
        detail = f"This takes longer than the {settings.import_timeout_s:.0f} s that one file may take."
        raise FileRefused(TOO_COMPLEX, detail, _SMALLER_HINT) from None
    except ServerDiedError as died:
        raise ReaderFailedError(str(died)) from died
    return verdict(code, work, words)


async def _follow(process: LimitedProcess, note: Note) -> str:
    """Pass the progress on until nothing more is written; return the end of what went to standard error."""
    errors = asyncio.ensure_future(process.errors.read())
    try:
        async for line in process.output:
            with contextlib.suppress(ValueError, KeyError):
                progress = json.loads(line)
                await note(progress["phase"], progress["done"], progress["total"])
        return (await errors)[-STDERR_BYTES:].decode("utf-8", "replace")
    finally:
        errors.cancel()


def verdict(code: int, work: Path, words: str) -> dict[str, Any]:
    """Return the result of a limited program that ended so; raises FileRefused, ReaderFailedError."""
    path = work / RESULT
    if code == REFUSED and path.exists():
        refusal = json.loads(path.read_text(encoding="utf-8"))
        raise FileRefused(refusal["slug"], refusal["detail"], refusal["hint"])
    too_large = FileRefused(
        TOO_COMPLEX, "This needs more memory or time than one file may use.", _SMALLER_HINT
    )
    if code == -signal.SIGKILL:
        # The kernel for lack of memory, or somebody by hand: another attempt tells which.
        raise ReaderFailedError("it was killed", too_large)
    if code == -signal.SIGXCPU or (code < 0 and any(word in words for word in _MEMORY_WORDS)):
        raise too_large
    if code != 0 or not path.exists():
        log.error("reader_failed", code=code, words=words)
        raise ReaderFailedError(
            f"exit code {code}: {words.strip().splitlines()[-1] if words.strip() else 'no words'}"
        )
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result
