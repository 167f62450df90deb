"""The worker's folder of datasets: fetched once, bounded, trusted only where it is ours."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest

from kernel.object_cache import ObjectCache, private_folder


class Bucket:
    """Objects of eight bytes; counts downloads."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    async def download(self, key: str, path: Path) -> int:
        self.fetched.append(key)
        await asyncio.sleep(0.01)
        if key == "gone":
            raise FileNotFoundError(key)
        return await asyncio.to_thread(path.write_bytes, b"8 bytes!")


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_dataset_wanted_by_many_at_once_is_fetched_once(tmp_path: Path) -> None:
    bucket: Any = Bucket()
    cache = ObjectCache(tmp_path / "new", max_bytes=100)
    paths = await asyncio.gather(*(cache.fetch(bucket, key="k", content_hash="a") for _ in range(5)))
    assert bucket.fetched == ["k"]
    assert {path.name for path in paths} == {"a.parquet"}


async def test_the_longest_unused_files_go_first(tmp_path: Path) -> None:
    bucket: Any = Bucket()
    cache = ObjectCache(tmp_path, max_bytes=16)
    for name in ("a", "b", "a", "c"):
        await cache.fetch(bucket, key=name, content_hash=name)
        await asyncio.sleep(0.02)
    assert kept(tmp_path) == ["a.parquet", "c.parquet"]


async def test_a_failed_download_leaves_nothing_behind(tmp_path: Path) -> None:
    bucket: Any = Bucket()
    with pytest.raises(FileNotFoundError):
        await ObjectCache(tmp_path, max_bytes=16).fetch(bucket, key="gone", content_hash="x")
    assert kept(tmp_path) == []


def test_a_folder_that_others_may_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours = private_folder("analytics")
    assert private_folder("analytics") == ours
    ours.chmod(0o777)
    assert private_folder("analytics") != ours
