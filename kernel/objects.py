"""S3 objects: stream in with a checksum, read, download, presign, delete.

The bucket holds originals, Parquet and report exports. Keys start with `teams/<team>/projects/<project>/`, so one
project's objects can be listed and removed together.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kernel.part_uploads import PartUploads
from kernel.problems import NotFound
from kernel.settings import Settings

BYTES = "binary/octet-stream"
"""S3's own name for an object of which nothing is known. SeaweedFS compresses a part that comes without a type and looks like
text, which takes longer than all the rest of storing it, and as long again when it is read."""
PART_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was stored; `sha256` is 64 hexadecimal digits over its bytes."""

    key: str
    size_bytes: int
    sha256: str
    etag: str


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as the bucket lists it."""

    key: str
    modified_at: datetime


class Objects:
    """The bucket of this deployment; `parts` are uploads that clients send to it themselves."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.s3_bucket
        self._stack = AsyncExitStack()
        self._clients: dict[str, Any] = {}
        self._lock = asyncio.Lock()
        self.parts = PartUploads(self._client, self._bucket, settings.s3_public_endpoint_url)

    async def _client(self, endpoint: str | None = None) -> Any:
        """Return the connected client; made at first use, since botocore takes half a second to load."""
        url = endpoint or self._settings.s3_endpoint_url
        async with self._lock:
            if url not in self._clients:
                client = await self._stack.enter_async_context(_open_client(self._settings, url))
                client.meta.events.register("before-call.s3.UploadPart", _call_it_bytes)
                self._clients[url] = client
            return self._clients[url]

    async def close(self) -> None:
        """Close all connections."""
        await self._stack.aclose()
        self._clients.clear()

    async def ensure_bucket(self) -> None:
        """Create the bucket where it is missing."""
        from botocore.exceptions import ClientError

        client = await self._client()
        try:
            await client.head_bucket(Bucket=self._bucket)
        except ClientError:
            try:
                await client.create_bucket(Bucket=self._bucket)
            except ClientError as error:  # another process was faster
                if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise

    async def ping(self) -> None:
        """Ask S3 for a sign of life."""
        await (await self._client()).head_bucket(Bucket=self._bucket)

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], content_type: str) -> StoredObject:
        """Store a stream of unknown length in parts of 8 MiB; nothing is left behind when the stream fails."""
        writer = _MultipartWriter(await self._client(), self._bucket, key, content_type)
        try:
            async for chunk in chunks:
                await writer.write(chunk)
            return await writer.finish()
        except BaseException:
            await writer.abort()
            raise

    async def put(self, key: str, content: bytes, content_type: str) -> StoredObject:
        """Store a small object that is in memory already."""
        answer = await (await self._client()).put_object(
            Bucket=self._bucket, Key=key, Body=content, ContentType=content_type
        )
        return StoredObject(
            key, len(content), hashlib.sha256(content).hexdigest(), str(answer["ETag"]).strip('"')
        )

    async def upload(self, key: str, path: Path, content_type: str) -> StoredObject:
        """Store a file from disk."""
        return await self.put_stream(key, _file_chunks(path), content_type)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """Yield an object's bytes in chunks of at most 1 MiB; raises NotFound."""
        body = await self._body(key)
        async with body as stream:
            async for chunk in stream.content.iter_chunked(_CHUNK_BYTES):
                yield chunk

    async def get(self, key: str) -> bytes:
        """Return a small object whole; raises NotFound."""
        async with await self._body(key) as stream:
            content: bytes = await stream.read()
            return content

    async def size_bytes(self, key: str) -> int | None:
        """Return an object's size, None where there is none."""
        from botocore.exceptions import ClientError

        try:
            return int(
                (await (await self._client()).head_object(Bucket=self._bucket, Key=key))["ContentLength"]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise

    async def download(self, key: str, path: Path) -> int:
        """Write an object to a file on this machine and return its size in bytes; raises NotFound."""
        size_bytes = 0
        with path.open("wb") as file:
            async for piece in _gathered(self.open(key)):
                size_bytes += await asyncio.to_thread(file.write, piece)
        return size_bytes

    async def presign_get(self, key: str, *, filename: str, expires_s: int = 300) -> str:
        """Return a link that downloads the object under a file name, without any login, for a while."""
        client = await self._client(self._settings.s3_public_endpoint_url or None)
        url: str = await client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": attachment(filename)},
            ExpiresIn=expires_s,
        )
        return url

    async def delete(self, key: str) -> None:
        """Remove an object; one that is gone already is fine."""
        await (await self._client()).delete_object(Bucket=self._bucket, Key=key)

    async def delete_prefix(self, prefix: str) -> int:
        """Remove all objects whose keys start with the prefix; returns how many."""
        n_deleted = 0
        async for keys in self._listed(prefix):
            await (await self._client()).delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": k} for k in keys], "Quiet": True}
            )
            n_deleted += len(keys)
        return n_deleted

    async def keys(self, prefix: str) -> list[str]:
        """Return all keys that start with the prefix, sorted."""
        return sorted([key async for keys in self._listed(prefix) for key in keys])

    async def folders(self, prefix: str) -> list[str]:
        """Return what follows the prefix up to the next `/`, as prefixes of their own: `teams/` gives `teams/1/`, …."""
        paginator = (await self._client()).get_paginator("list_objects_v2")
        pages = paginator.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        return [entry["Prefix"] async for page in pages for entry in page.get("CommonPrefixes", ())]

    async def listed(self, prefix: str) -> AsyncIterator[ListedObject]:
        """Yield the objects whose keys start with the prefix, by key."""
        async for entries in self._pages(prefix):
            for entry in entries:
                yield ListedObject(entry["Key"], entry["LastModified"])

    async def _listed(self, prefix: str) -> AsyncIterator[list[str]]:
        async for entries in self._pages(prefix):
            yield [entry["Key"] for entry in entries]

    async def _pages(self, prefix: str) -> AsyncIterator[list[dict[str, Any]]]:
        if not prefix:
            raise ValueError("an empty prefix would mean the whole bucket")
        paginator = (await self._client()).get_paginator("list_objects_v2")
        async for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix):
            if page.get("Contents"):
                yield page["Contents"]

    async def _body(self, key: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return (await (await self._client()).get_object(Bucket=self._bucket, Key=key))["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                raise NotFound(f"The stored object {key.rpartition('/')[2]} is gone.") from error
            raise


class _MultipartWriter:
    """Collects chunks into parts, hashing as they pass; small objects become one plain PUT.

    One part is hashed and sent while the next one arrives: three of them at most are in memory.
    """

    def __init__(self, client: Any, bucket: str, key: str, content_type: str) -> None:
        self._client, self._bucket, self._key, self._content_type = client, bucket, key, content_type
        self._buffer = bytearray()
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._under_way: asyncio.Task[None] | None = None

    async def write(self, chunk: bytes) -> None:
        self._size_bytes += len(chunk)
        self._buffer += chunk
        while len(self._buffer) >= PART_BYTES:
            with memoryview(self._buffer) as view:
                part = bytes(view[:PART_BYTES])
            del self._buffer[:PART_BYTES]
            await self._begin_part(part)

    async def finish(self) -> StoredObject:
        await self._settle()
        self._sha256.update(self._buffer)
        if self._upload_id is None:
            answer = await self._client.put_object(
                Bucket=self._bucket, Key=self._key, Body=bytes(self._buffer), ContentType=self._content_type
            )
        else:
            if self._buffer:
                await self._send_part(bytes(self._buffer))
            answer = await self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
            )
            self._upload_id = None
        return StoredObject(
            self._key, self._size_bytes, self._sha256.hexdigest(), str(answer["ETag"]).strip('"')
        )

    async def abort(self) -> None:
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)
        if self._upload_id is not None:
            await self._client.abort_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id
            )

    async def _begin_part(self, content: bytes) -> None:
        await self._settle()
        self._under_way = asyncio.create_task(self._hash_and_send(content))

    async def _settle(self) -> None:
        if self._under_way is not None:
            await self._under_way
            self._under_way = None

    async def _hash_and_send(self, content: bytes) -> None:
        await asyncio.to_thread(self._sha256.update, content)
        await self._send_part(content)

    async def _send_part(self, content: bytes) -> None:
        if self._upload_id is None:
            begun = await self._client.create_multipart_upload(
                Bucket=self._bucket, Key=self._key, ContentType=self._content_type
            )
            self._upload_id = begun["UploadId"]
        number = len(self._parts) + 1
        answer = await self._client.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=content
        )
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})


def attachment(filename: str) -> str:
    """Return a Content-Disposition that saves under a name (RFC 6266): as ASCII for old clients, and whole (RFC 8187)."""
    ascii_name = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='')}"


async def _gathered(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the same bytes in pieces of a few MiB: the network's are so small that a thread for each is the larger cost."""
    piece = bytearray()
    async for chunk in chunks:
        piece += chunk
        if len(piece) >= PART_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


async def _file_chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk


def _call_it_bytes(params: dict[str, Any], **_: Any) -> None:
    """Send a part as `BYTES`."""
    params["headers"]["Content-Type"] = BYTES


def _open_client(settings: Settings, endpoint_url: str) -> Any:
    import aioboto3
    from botocore.config import Config

    return aioboto3.Session().client(
        "s3",
        endpoint_url=endpoint_url or None,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id or None,
        aws_secret_access_key=settings.s3_secret_access_key.get_secret_value() or None,
        config=Config(
            s3={"addressing_style": "path"},
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"max_attempts": 4, "mode": "standard"},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=20,
        ),
    )
