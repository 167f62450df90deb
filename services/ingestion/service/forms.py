"""Surveys written as workbooks: read by a limited process, since a hostile workbook exhausts memory in the library that reads it.

The process is started anew for each: the server that forks readers for workers (`limited_processes`) holds the engine in memory, which
an API process does without.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernel.problems import Invalid
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused
from services.ingestion.service.reading import STDERR_BYTES, ReaderFailedError, scratch_folder, verdict
from services.ingestion.settings import IngestionSettings

_CHILD = "services.ingestion.domain.sheets_child"
_SHEETS = ("survey", "choices", "choices and columns", "settings")
_ROOT = Path(__file__).parents[3]
_UNREADABLE = "The workbook cannot be read. Save it once more as .xlsx, with the sheets of the survey only."
_CPU_S, _TIMEOUT_S = 10, 15.0


class Forms:
    """Reads the sheets of workbooks, one workbook after the other, with as much memory as rows of datasets get."""

    def __init__(self, settings: IngestionSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()

    async def read(self, content: bytes) -> dict[str, Sequence[Sequence[str]]]:
        """Return the rows of the sheets of an XLSForm, by name; raises Invalid where the workbook cannot be read."""
        async with self._turn, scratch_folder(self._settings) as work:
            source = work / "form.xlsx"
            await asyncio.to_thread(source.write_bytes, content)
            try:
                code, words = await self._run(source, work)
                result = verdict(code, work, words)
            except FileRefused as refused:
                raise Invalid.at("/document", f"{refused.detail} {refused.hint}") from refused
            except ReaderFailedError as failed:
                # Nobody tries this again by himself, and what crashes a reader is hardly a survey.
                raise Invalid.at("/document", _UNREADABLE) from failed
        sheets: dict[str, Sequence[Sequence[str]]] = result["sheets"]
        return sheets

    async def _run(self, source: Path, work: Path) -> tuple[int, str]:
        """Return how the process ended, and the end of what it said; raises FileRefused when it takes too long."""
        memory = self._settings.rows_memory_bytes
        limits: dict[str, Any] = {
            "memory_bytes": memory,
            "cpu_s": _CPU_S,
            "n_threads": 1,
            "parent_pid": os.getpid(),
        }
        arguments = [str(source), str(work), json.dumps(limits), json.dumps({"sheets": _SHEETS})]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _CHILD,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=work,
            # Nothing of this process's environment: what reads foreign files knows no password.
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "HOME": str(work)},
        )
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                _, words = await process.communicate()
        except TimeoutError:
            detail = f"Reading the workbook takes longer than {_TIMEOUT_S:.0f} s."
            raise FileRefused(TOO_COMPLEX, detail, "Keep only the sheets of the survey.") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return process.returncode or 0, words[-STDERR_BYTES:].decode("utf-8", "replace")
