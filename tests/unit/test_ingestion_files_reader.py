"""The process that reads one file: limited, told apart from its verdicts, and gone when it should be."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from services.ingestion.domain.refusals import FileRefused
from services.ingestion.service.limited_processes import ServerDiedError, server
from services.ingestion.service.reading import (
    ReaderFailedError,
    ReaderResult,
    read_table,
    run_limited,
    scratch_folder,
)
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


async def run(module: str, folder: Path, *more: str) -> dict[str, Any]:
    """What a program says that is run like a reader."""

    async def note(*_: object) -> None:
        """Progress is of no interest."""

    return await run_limited(module, folder / "source", folder, IngestionSettings(), note, *more)


async def test_a_reader_that_crashes_is_our_fault_not_the_files(tmp_path: Path) -> None:
    with pytest.raises(ReaderFailedError, match=r"No module named 'services\.nothing'"):
        await run("services.nothing", tmp_path)


async def test_a_reader_that_is_killed_is_given_another_try_and_one_without_time_is_not(
    tmp_path: Path,
) -> None:
    with pytest.raises(ReaderFailedError) as failed:
        await run("tests.reading_child", tmp_path, "SIGKILL")
    assert failed.value.refusal is not None, "killed again, the file is too large"
    assert failed.value.refusal.slug == "file-too-complex"
    with pytest.raises(FileRefused) as refused:
        await run("tests.reading_child", tmp_path, "SIGXCPU")
    assert refused.value.slug == "file-too-complex"


async def test_a_reader_knows_nothing_of_the_workers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server().close()
    monkeypatch.setenv("PLUGZERO_SECRET", "known")
    told = await run("tests.reading_child", tmp_path)
    assert set(told["environment"]) <= {"PATH", "PYTHONPATH", "TMPDIR", "HOME", "LC_CTYPE"}
    assert told["folder"] == told["temporary"] == str(tmp_path)
    assert told["n_open"] <= 4, "the socket to the server, or another file's pipes, are open in the reader"


async def test_readers_die_with_the_server_and_the_next_one_finds_another(tmp_path: Path) -> None:
    assert (await run("tests.reading_child", tmp_path))["environment"]
    before = server().pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert (await read(b"a,b\n1,x\n", tmp_path))[0].n_rows == 1
    assert server().pid != before


async def test_a_server_that_is_killed_below_a_reader_is_no_verdict_on_the_file(tmp_path: Path) -> None:
    async with asyncio.timeout(30), server().running("tests.reading_child", ["stay"], tmp_path) as process:
        assert await process.output.readline() == b"here\n"
        pid = server().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ServerDiedError):
            await process.ended()
        # Its pipes close with it.
        assert await process.output.read() == b""


async def test_a_reader_that_nobody_waits_for_any_more_is_killed(tmp_path: Path) -> None:
    async with server().running("tests.reading_child", ["stay"], tmp_path) as process:
        assert await process.output.readline() == b"here\n"
    assert await process.ended() == -signal.SIGKILL
    assert str(process.pid) not in os.listdir("/proc")  # noqa: PTH208 - as above


async def test_folders_that_killed_workers_left_are_swept(tmp_path: Path) -> None:
    left = tmp_path / "plugzero-import-999999999-abc"
    left.mkdir()
    await read(b"a,b\n1,x\n2,y\n", tmp_path)
    assert os.listdir(tmp_path) == ["source"]  # noqa: PTH208 - as above
