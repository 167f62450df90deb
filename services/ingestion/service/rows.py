"""Pages of rows, read by a process beside this one that holds the engine: started at first use, replaced when it dies."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.datasets.codebook import read_codebook
from contracts.datasets.filters import FilterError, read_filter
from contracts.datasets.stored_filters import inlined, names_in
from kernel.db import Snapshot
from kernel.logs import get_logger
from kernel.object_cache import ObjectCache, forget, private_folder
from kernel.objects import Objects
from kernel.problems import Invalid, Unavailable
from services.ingestion.errors import DatasetWithoutRows
from services.ingestion.models import Dataset, DatasetVersion
from services.ingestion.queries import datasets
from services.ingestion.queries import filters as filter_queries
from services.ingestion.settings import IngestionSettings

log = get_logger(__name__)
CHILD = "services.ingestion.domain.rows_child"
_ROOT = Path(__file__).parents[3]
_LONGEST_ANSWER = 256 << 20
_CPU_S = 3600


@dataclass(frozen=True, slots=True)
class RowsRequest:
    """Which rows of which version: all that the process is told but for the path of the file."""

    version: DatasetVersion
    variables: Sequence[str]
    filter: Mapping[str, Any] | None
    answers: str
    after: int
    limit: int


async def checked_request(
    session: Snapshot,
    dataset: Dataset,
    *,
    version: int | None,
    variables: Sequence[str] | None,
    tree: Any,
    answers: str,
    after: int,
    limit: int,
) -> RowsRequest:
    """Return a request that fits the dataset; raises DatasetWithoutRows, and Invalid with every fault of filter and variables."""
    found = await datasets.find_version(session, dataset.id, dataset.version if version is None else version)
    if found is None:
        raise DatasetWithoutRows(f"Dataset {dataset.id} has no version yet.")
    known = [entry["alias"] for entry in found.codebook.get("variables", ())]
    unknown = [name for name in variables or () if name not in known]
    codebook = read_codebook(found.codebook)
    if unknown:
        raise Invalid([("/variables", codebook.explain_unknown(name)) for name in unknown])
    try:
        if names_in(tree):
            kept = await filter_queries.filters_of(session, dataset.id)
            tree = inlined(tree, {each.name: each.expression for each in kept})
        if tree is not None:
            read_filter(tree, codebook)
    except FilterError as error:
        raise Invalid(error.errors) from error
    return RowsRequest(found, list(variables) if variables else known, tree, answers, after, limit)


def _copies_folder() -> Path:
    return private_folder("ingestion") / "rows"


async def forget_copies(content_hashes: Iterable[str]) -> None:
    """Remove this machine's copies of versions whose rows were erased."""
    await asyncio.to_thread(forget, _copies_folder(), content_hashes)


class Rows:
    """The process that reads rows, and the copies of datasets that it reads; one question at a time."""

    def __init__(self, settings: IngestionSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._cache: ObjectCache | None = None

    async def read(self, objects: Objects, request: RowsRequest) -> dict[str, Any]:
        """Return `rows`, `positions` and `n_rows`; raises Unavailable where that takes too long or too much memory."""
        version = request.version
        path = await self._copies().fetch(objects, key=version.parquet_key, content_hash=version.content_hash)
        question = {
            "parquet": str(path),
            "codebook": version.codebook,
            "variables": request.variables,
            "filter": request.filter,
            "answers": request.answers,
            "after": request.after,
            "limit": request.limit,
        }
        async with self._turn:
            try:
                async with asyncio.timeout(self._settings.rows_timeout_s):
                    answer = await self._asked(question)
            except (TimeoutError, OSError, ValueError) as error:
                log.warning("rows_not_read", dataset_id=version.dataset_id, reason=repr(error))
                await self._end()
                raise Unavailable(
                    "These rows take too long or too much memory; ask for fewer, or export them."
                ) from None
        if "failed" in answer:
            log.error("rows_failed", dataset_id=version.dataset_id, reason=answer["failed"])
            raise Unavailable(
                "These rows cannot be read at the moment; ask for fewer variables, or export them."
            )
        return answer

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    def _copies(self) -> ObjectCache:
        if self._cache is None:
            self._cache = ObjectCache(_copies_folder(), max_bytes=self._settings.rows_cache_max_bytes)
        return self._cache

    async def _asked(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, and once more where the process had died since the question before."""
        line = json.dumps(question).encode() + b"\n"
        try:
            return await self._answer(line)
        except (ValueError, ConnectionError):
            await self._end()
            return await self._answer(line)

    async def _answer(self, line: bytes) -> dict[str, Any]:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._start()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the reader of rows was started without pipes")
        process.stdin.write(line)
        await process.stdin.drain()
        answer: dict[str, Any] = json.loads(await process.stdout.readline())
        return answer

    async def _start(self) -> asyncio.subprocess.Process:
        folder = private_folder("ingestion")
        limits = {
            "memory_bytes": self._settings.rows_memory_bytes,
            "cpu_s": _CPU_S,
            "n_threads": self._settings.import_threads,
            "parent_pid": os.getpid(),
            "folder": str(folder),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            CHILD,
            json.dumps(limits),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=folder,
            limit=_LONGEST_ANSWER,
            # Nothing of this process's environment: what reads rows knows no password.
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "HOME": str(folder)},
        )
        if process.stdout is None or not json.loads(await process.stdout.readline()).get("ready"):
            raise OSError("the reader of rows did not start")
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
