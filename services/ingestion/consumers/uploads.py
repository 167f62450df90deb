"""What happens to a completed upload in the background: its parts are put together, read once, and believed or refused."""

import asyncio
import hashlib

from contracts.ingestion import UploadCompleted
from kernel.subscriptions import AlreadyHandled, Delivery
from services.ingestion.consumers.notes import progress_notes
from services.ingestion.consumers.originals import accept, refuse
from services.ingestion.consumers.registry import consumers
from services.ingestion.domain.refusals import MISMATCH, FileRefused
from services.ingestion.domain.signatures import HEAD_BYTES
from services.ingestion.queries import files
from services.ingestion.service import uploads as service
from services.ingestion.service.files import file_type_of
from services.ingestion.service.originals import Verified

_HINT = (
    "Nothing of it is kept. Send the file again, and compute its SHA-256 over the very bytes that are sent."
)


@consumers.on(UploadCompleted, name="verify-upload", ack_wait_s=60, concurrency=2)
async def verify_upload(event: UploadCompleted, delivery: Delivery) -> None:
    """Put an upload's parts together and compare what lies there with what was announced.

    Killed at any point and delivered again, it goes on: parts that are one object already stay one, and reading changes
    nothing. Row and event are written in the one transaction that also enters the inbox.
    """
    if await delivery.is_handled():
        raise AlreadyHandled(f"upload {event.upload_id} is verified")
    async with delivery.snapshot() as session:
        verification = await service.find_verification(session, event.file_id)
    if verification is None:
        return
    try:
        await _assemble(verification, delivery)
        verified = await _read(verification, delivery)
    except FileRefused as refused:
        await refuse(delivery, event.file_id, verification.parts.key, refused)
    else:
        await accept(delivery, event.file_id, verified)


async def _assemble(verification: service.Verification, delivery: Delivery) -> None:
    store = delivery.resources.objects.parts
    arrived = await store.arrived(verification.parts)
    if arrived is None:
        return  # an earlier delivery has put them together, or they are gone, which reading will tell
    sizes = {part.number: part.size_bytes for part in arrived}
    if verification.plan.missing(sizes) or verification.plan.misfits(sizes):
        detail = "Parts were sent anew after the upload was completed, with other sizes."
        await store.abort(verification.parts)
        raise FileRefused(MISMATCH, detail, _HINT)
    await store.assemble(verification.parts, arrived)


async def _read(verification: service.Verification, delivery: Delivery) -> Verified:
    """Read the whole object; raises FileRefused when it is not what was announced."""
    objects, total = delivery.resources.objects, verification.plan.size_bytes
    found = await objects.size_bytes(verification.parts.key)
    if found != total:
        what = "nothing" if found is None else f"{found} bytes"
        detail = f"{total} bytes were announced, {what} arrived."
        raise FileRefused(MISMATCH, detail, _HINT, expected=total, found=found or 0)
    note = progress_notes(delivery, files.set_progress, verification.file_id)
    digest, head, done = hashlib.sha256(), b"", 0
    async for chunk in objects.open(verification.parts.key):
        head += chunk[: HEAD_BYTES - len(head)]
        await asyncio.to_thread(digest.update, chunk)
        done += len(chunk)
        await note(service.VERIFYING, done, total)
    sha256 = digest.hexdigest()
    if verification.sha256 and verification.sha256 != sha256:
        detail = (
            f"The announced SHA-256 is {verification.sha256}, that of the bytes that arrived is {sha256}."
        )
        raise FileRefused(MISMATCH, detail, _HINT, expected=verification.sha256, found=sha256)
    return Verified(
        key=verification.parts.key,
        size_bytes=done,
        sha256=sha256,
        file_type=file_type_of(head),
        must_be_new=verification.must_be_new,
    )
