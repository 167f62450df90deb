"""Objects on the real S3: streams, checksums, links, and nothing left behind."""

import hashlib
from collections.abc import AsyncIterator

import httpx2
import pytest

from kernel.objects import PART_BYTES, Objects
from kernel.problems import NotFound
from kernel.settings import Settings
from tests.environment import Stack


@pytest.fixture(scope="module")
async def objects(stack: Stack) -> AsyncIterator[Objects]:
    opened = Objects(Settings(**stack.settings("ingestion")))
    await opened.ensure_bucket()
    yield opened
    await opened.close()


async def chunks_of(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize(
    "size_bytes", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 17]
)
async def test_a_stream_is_stored_whole_with_its_checksum(objects: Objects, size_bytes: int) -> None:
    content = bytes(i % 251 for i in range(1000)) * (size_bytes // 1000 + 1)
    content = content[:size_bytes]
    stored = await objects.put_stream(f"streams/{size_bytes}", chunks_of(content, 777_777), "text/plain")
    assert stored.size_bytes == size_bytes
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert await objects.get(stored.key) == content
    assert b"".join([chunk async for chunk in objects.open(stored.key)]) == content


async def test_a_stream_that_breaks_off_leaves_nothing(objects: Objects) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * (2 * PART_BYTES)
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        await objects.put_stream("broken/upload", broken(), "text/plain")
    assert await objects.keys("broken/") == []


async def test_a_link_downloads_under_the_given_name_and_only_that_object(objects: Objects) -> None:
    await objects.put("links/a", b"content", "text/csv")
    link = await objects.presign_get("links/a", filename='wähler "1".csv')
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(link)
        assert (answer.status_code, answer.content) == (200, b"content")
        assert "w%C3%A4hler" in answer.headers["content-disposition"]
        assert (await client.get(link.replace("links/a", "links/b"))).status_code == 403
        assert (await client.get(link.partition("?")[0])).status_code == 403


async def test_removing_a_prefix_keeps_its_neighbours(objects: Objects) -> None:
    for key in ("projects/1/a", "projects/1/b", "projects/10/a"):
        await objects.put(key, b"x", "text/plain")
    assert await objects.delete_prefix("projects/1/") == 2
    assert await objects.keys("projects/") == ["projects/10/a"]
    with pytest.raises(ValueError, match="whole bucket"):
        await objects.delete_prefix("")


async def test_a_missing_object_is_a_problem(objects: Objects) -> None:
    with pytest.raises(NotFound):
        await objects.get("nowhere/at-all")
