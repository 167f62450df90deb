"""S3 multipart uploads whose parts a client sends itself: begin, sign, look, assemble, abort.

The bytes never pass through our processes. A part's link is signed together with its length, so that the object store
itself refuses a part of another size. Nothing exists under the key before the parts are assembled.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Connect = Callable[[str | None], Awaitable[Any]]
_GONE = frozenset({"NoSuchUpload", "404"})


@dataclass(frozen=True, slots=True)
class PartUpload:
    """An upload that was begun: the key its object will have, and the object store's name for it."""

    key: str
    multipart_id: str


@dataclass(frozen=True, slots=True)
class ArrivedPart:
    """A part that the object store has whole."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """An upload that was neither assembled nor aborted."""

    upload: PartUpload
    begun_at: datetime


class PartUploads:
    """The multipart uploads of one bucket; made by `Objects`."""

    def __init__(self, connect: Connect, bucket: str, public_endpoint_url: str) -> None:
        self._connect = connect
        self._bucket = bucket
        self._public_endpoint_url = public_endpoint_url or None

    async def begin(self, key: str, content_type: str) -> PartUpload:
        """Begin an upload; until it is assembled its parts are no object."""
        client = await self._connect(None)
        begun = await client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        return PartUpload(key, begun["UploadId"])

    async def presign(self, upload: PartUpload, *, number: int, size_bytes: int, expires_s: int) -> str:
        """Return a link to which a PUT of exactly so many bytes sends one part, without any login, for a while."""
        client = await self._connect(self._public_endpoint_url)
        part = {**self._named(upload), "PartNumber": number, "ContentLength": size_bytes}
        url: str = await client.generate_presigned_url("upload_part", Params=part, ExpiresIn=expires_s)
        return url

    async def arrived(self, upload: PartUpload) -> list[ArrivedPart] | None:
        """Return the parts that have arrived, by number; None where there is no such upload (any more)."""
        from botocore.exceptions import ClientError

        client = await self._connect(None)
        parts: list[ArrivedPart] = []
        try:
            async for page in client.get_paginator("list_parts").paginate(**self._named(upload)):
                parts += [
                    ArrivedPart(part["PartNumber"], part["Size"], part["ETag"])
                    for part in page.get("Parts", ())
                ]
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        return parts

    async def assemble(self, upload: PartUpload, parts: list[ArrivedPart]) -> bool:
        """Make the parts one object; False where there is no such upload any more: it was assembled or aborted."""
        from botocore.exceptions import ClientError

        client = await self._connect(None)
        listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        try:
            await client.complete_multipart_upload(**self._named(upload), MultipartUpload={"Parts": listed})
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return False
            raise
        return True

    async def abort(self, upload: PartUpload) -> None:
        """Throw the parts away; an upload that is gone already is fine."""
        from botocore.exceptions import ClientError

        client = await self._connect(None)
        try:
            await client.abort_multipart_upload(**self._named(upload))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise

    async def unfinished(self, prefix: str) -> AsyncIterator[UnfinishedUpload]:
        """Yield the uploads below a prefix that were neither assembled nor aborted."""
        client = await self._connect(None)
        paginator = client.get_paginator("list_multipart_uploads")
        async for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Uploads", ()):
                yield UnfinishedUpload(PartUpload(entry["Key"], entry["UploadId"]), entry["Initiated"])

    def _named(self, upload: PartUpload) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": upload.key, "UploadId": upload.multipart_id}
