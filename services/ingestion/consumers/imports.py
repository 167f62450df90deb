"""What happens to a requested import in the background: the file is fetched through the guarded client, judged, stored."""

import asyncio
from pathlib import Path
from typing import Any

from contracts.ingestion import ImportRequested
from kernel.clock import utc_now
from kernel.outbound import Fetched
from kernel.outbound.client import Outbound
from kernel.subscriptions import AlreadyHandled, Delivery
from services.ingestion.consumers.notes import progress_notes
from services.ingestion.consumers.originals import accept, refuse
from services.ingestion.consumers.registry import consumers
from services.ingestion.domain.addresses import name_of
from services.ingestion.domain.fetching import may_pass, require_file
from services.ingestion.domain.refusals import FileRefused
from services.ingestion.domain.signatures import HEAD_BYTES
from services.ingestion.queries import files
from services.ingestion.service import imports as service
from services.ingestion.service.files import ORIGINAL_TYPE, another_key, file_type_of
from services.ingestion.service.originals import Verified
from services.ingestion.service.reading import scratch_folder
from services.ingestion.settings import IngestionSettings

_ATTEMPTS = 3


class FetchInterrupted(Exception):  # noqa: N818 - reads as what happened; another attempt follows
    """The other side failed in a way that may be over soon."""


@consumers.on(ImportRequested, name="fetch-file", ack_wait_s=60, concurrency=4)
async def fetch_file(event: ImportRequested, delivery: Delivery) -> None:
    """Fetch a file from the address that its row names, and take it in as if it had been uploaded, or note why not.

    Each attempt stores under a key of its own, which becomes the file's in the transaction that also enters the inbox:
    what an attempt that was killed has left, the sweep removes.
    """
    if await delivery.is_handled():
        raise AlreadyHandled(f"file {event.file_id} is fetched")
    async with delivery.snapshot() as session:
        fetch = await service.find_fetch(session, event.file_id)
    if fetch is None:
        return
    settings = delivery.resources.settings
    if not isinstance(settings, IngestionSettings):
        raise TypeError("ingestion's worker runs with IngestionSettings")
    key = another_key(fetch.key)
    try:
        async with scratch_folder(settings) as folder:
            verified = await _take_in(fetch, key, folder / "fetched", delivery, settings)
    except FileRefused as refused:
        await refuse(delivery, event.file_id, key, refused)
    else:
        await accept(delivery, event.file_id, verified)


async def _take_in(
    fetch: service.Fetch, key: str, path: Path, delivery: Delivery, settings: IngestionSettings
) -> Verified:
    """Fetch and store; raises FileRefused, FetchInterrupted."""
    fetched = await _fetch(fetch, path, delivery, settings)
    head = await asyncio.to_thread(_head_of, path)
    if may_pass(fetched) and delivery.attempt < _ATTEMPTS:
        raise FetchInterrupted(f"{fetch.address.url}: {fetched.detail or fetched.status}")
    require_file(fetched, head, is_sheet=fetch.address.is_sheet, limit_bytes=settings.max_upload_bytes)
    stored = await delivery.resources.objects.upload(key, path, ORIGINAL_TYPE)
    disposition = fetched.header("content-disposition")
    return Verified(
        key=key,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        file_type=file_type_of(head),
        must_be_new=fetch.must_be_new,
        name="" if fetch.is_named else name_of(fetch.address.url, disposition),
        source=_source(fetch, fetched),
    )


async def _fetch(
    fetch: service.Fetch, path: Path, delivery: Delivery, settings: IngestionSettings
) -> Fetched:
    note = progress_notes(delivery, files.set_progress, fetch.file_id)
    done = 0
    with path.open("wb") as file:

        async def write(piece: bytes) -> None:
            nonlocal done
            await asyncio.to_thread(file.write, piece)
            done += len(piece)
            await note(service.FETCHING, done, 0)

        async with Outbound(settings.outbound_policy) as client:
            return await client.download(fetch.address.url, write)


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _source(fetch: service.Fetch, fetched: Fetched) -> dict[str, Any]:
    return {
        "url": fetch.given_url,
        "fetched_url": fetched.url,
        "final_url": fetched.final_url,
        "content_type": fetched.header("content-type"),
        "etag": fetched.header("etag"),
        "last_modified": fetched.header("last-modified"),
        "fetched_at": utc_now().isoformat(),
    }
