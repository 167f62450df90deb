"""What is noted of originals that come by themselves (in parts, or fetched from an address) when they are there, or refused.

Until then such a file is PENDING without a SHA-256; its key is reserved, and nothing may lie there yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.ingestion import FileType, UploadStatus
from kernel.db import Session
from kernel.limits import Limit, PlanLimits, require_room
from services.ingestion.domain.refusals import FileRefused
from services.ingestion.models import RawDataFile
from services.ingestion.service.files import fail_import, require_new_content, tell_uploaded


@dataclass(frozen=True, slots=True)
class Verified:
    """An original as it lies in the object store."""

    key: str
    size_bytes: int
    sha256: str
    file_type: FileType
    must_be_new: bool
    """Whether it is refused where the project has this content."""
    name: str = ""
    """What it is called, where that became known with it."""
    source: Mapping[str, Any] | None = None
    """Where it was fetched from."""


def is_awaited(file: RawDataFile) -> bool:
    """True while a file's original is still on its way."""
    return file.upload_status == UploadStatus.PENDING and not file.sha256


async def accept_original(
    session: Session, limits: PlanLimits, file: RawDataFile, verified: Verified, *, team_id: int
) -> None:
    """Note that a file's original is stored and right, in the transaction that owns the event's effect.

    Raises PlanLimitReached, and DuplicateFile where its content must be new in the project.
    """
    more = verified.size_bytes - file.size_bytes
    if more > 0:
        await require_room(session, limits, team_id, Limit.STORAGE_BYTES, adding=more)
    if verified.must_be_new:
        await require_new_content(session, file.project_id, verified.sha256)
    file.file = verified.key
    file.sha256 = verified.sha256
    file.size_bytes = verified.size_bytes
    file.file_type = verified.file_type
    file.original_name = verified.name or file.original_name
    file.source = dict(verified.source) if verified.source is not None else file.source
    file.progress = {"phase": "waiting", "done": 0, "total": verified.size_bytes}
    await tell_uploaded(session, file, team_id=team_id)


async def refuse_original(session: Session, file: RawDataFile, refused: FileRefused, *, team_id: int) -> None:
    """Note why nothing of a file is kept, in the transaction that owns the event's effect."""
    file.size_bytes = 0
    await fail_import(
        session,
        file,
        refused.slug,
        detail=refused.detail,
        hint=refused.hint,
        team_id=team_id,
        **refused.members,
    )
