"""The process that reads one file: limited, told apart from its verdicts, and gone when it should be."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from services.ingestion.domain.refusals import FileRefused
from services.ingestion.service.reading import ReaderFailedError, ReaderResult, read_table, scratch_folder
from services.ingestion.settings import IngestionSettings


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


async def read(
    content: bytes, folder: Path, **changes: Any
) -> tuple[ReaderResult, list[tuple[str, int, int]]]:
    settings = IngestionSettings(scratch_folder=str(folder), **changes)
    notes: list[tuple[str, int, int]] = []

    async def note(phase: str, done: int, total: int) -> None:
        notes.append((phase, done, total))

    source = await asyncio.to_thread(written, folder / "source", content)
    async with scratch_folder(settings) as scratch:
        return await read_table(source, scratch, settings, note), notes


async def test_a_file_is_read_in_another_process_that_reports_progress(tmp_path: Path) -> None:
    result, notes = await read(b"a,b\n1,x\n2,y\n", tmp_path)
    assert (result.n_rows, result.n_columns) == (2, 2)
    assert {phase for phase, _, _ in notes} >= {"reading", "understanding columns", "writing"}
    assert os.listdir(tmp_path) == ["source"]  # noqa: PTH208 - a test may look at a folder, and pathlib is flagged in coroutines


async def test_a_refusal_crosses_the_process_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        await read(b"", tmp_path)
    assert (refused.value.slug, refused.value.detail) == ("file-empty", "The file is empty: 0 bytes.")


async def test_a_reader_that_takes_too_long_is_ended_and_the_file_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        await read(b"a,b\n1,x\n2,y\n", tmp_path, import_timeout_s=0.01)
    assert refused.value.slug == "file-too-complex"


async def test_a_reader_that_crashes_is_our_fault_not_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingestion.service.reading._ROOT", tmp_path)
    with pytest.raises(ReaderFailedError, match="No module named 'services'"):
        await read(b"a,b\n1,x\n", tmp_path)


async def test_folders_that_killed_workers_left_are_swept(tmp_path: Path) -> None:
    left = tmp_path / "plugzero-import-999999999-abc"
    left.mkdir()
    await read(b"a,b\n1,x\n2,y\n", tmp_path)
    assert os.listdir(tmp_path) == ["source"]  # noqa: PTH208 - as above
