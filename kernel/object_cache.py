"""Copies of stored Parquet files on this machine's disk: fetched once, named by content, bounded in size.

A file is named by its content hash, so it can never be an older version; any of them may be deleted at any time.
"""

import asyncio
import os
import stat
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from kernel.ids import uuid7
from kernel.objects import Objects

SUFFIX = ".parquet"


def private_folder(service: str) -> Path:
    """A folder below the system's temporary one that only this user can write; kept over restarts.

    A folder of that name that somebody else made, or may write, is not trusted: a new one is made.
    """
    folder = Path(tempfile.gettempdir()) / f"plugzero-{service}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    is_ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077
    return folder if is_ours else Path(tempfile.mkdtemp(prefix=f"plugzero-{service}-"))


def forget(folder: Path, content_hashes: Iterable[str]) -> None:
    """Delete the copies of these contents from a folder; one in use stays readable until it is closed."""
    for content_hash in content_hashes:
        (folder / f"{content_hash}{SUFFIX}").unlink(missing_ok=True)


class ObjectCache:
    """The folder of one process or of several on one machine."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def fetch(self, objects: Objects, *, key: str, content_hash: str) -> Path:
        """Return the local path of an object, downloaded at first use; raises NotFound where the object is gone."""
        path = self._folder / f"{content_hash}{SUFFIX}"
        async with self._locks[content_hash]:
            if not path.exists():
                await self._download(objects, key, path)
        await asyncio.to_thread(self._touch, path)
        return path

    async def _download(self, objects: Objects, key: str, path: Path) -> None:
        """Download beside the target and rename, so that a half-written file is never read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{uuid7().hex}.partial")
        try:
            await objects.download(key, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        await asyncio.to_thread(self._shrink, path)

    def _touch(self, path: Path) -> None:
        """The time of last use decides what goes first."""
        os.utime(path)

    def _shrink(self, newest: Path) -> None:
        """Delete the longest unused files until the folder fits; a file in use stays readable until it is closed."""
        files = sorted(self._files(), key=lambda file: file[1])
        size_bytes = sum(size for _, _, size in files)
        for path, _, size in files:
            if size_bytes <= self._max_bytes:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                size_bytes -= size

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        for path in self._folder.glob(f"*{SUFFIX}"):
            try:
                facts = path.stat()
            except FileNotFoundError:  # another worker was faster
                continue
            yield path, facts.st_mtime, facts.st_size
