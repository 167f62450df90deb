"""Commands of imports by address: ask for one, find what is to be fetched."""

from dataclasses import dataclass

from contracts.ingestion import FileType, ImportRequested, UploadStatus
from kernel.access import Permission, require_project
from kernel.db import Session, Snapshot
from kernel.events import record
from kernel.limits import Limit, PlanLimits, require_room
from kernel.outbound import OutboundPolicy, UnusableUrl
from kernel.problems import Invalid
from services.ingestion.domain.addresses import FileAddress, file_address, name_of
from services.ingestion.domain.names import clean_file_name
from services.ingestion.models import RawDataFile
from services.ingestion.queries import files as queries
from services.ingestion.schemas.uploads import OnDuplicate
from services.ingestion.service.files import new_key
from services.ingestion.service.originals import is_awaited

FETCHING = "fetching"


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What somebody wants to import; `name` is empty where it is to be found out."""

    url: str
    name: str
    on_duplicate: OnDuplicate


@dataclass(frozen=True, slots=True)
class Fetch:
    """What the worker needs to fetch a file."""

    file_id: int
    given_url: str
    address: FileAddress
    key: str
    must_be_new: bool
    is_named: bool


async def request_import(
    session: Session,
    limits: PlanLimits,
    project_id: int,
    wish: ImportWish,
    *,
    policy: OutboundPolicy,
    user_id: int,
) -> RawDataFile:
    """Add a file that is to be fetched, and ask for that.

    Raises NotFound, Forbidden, PlanLimitReached, and Invalid for an address that this installation may not fetch, as far
    as that shows without asking DNS.
    """
    grant = await require_project(session, project_id, Permission.WRITE)
    await require_room(session, limits, grant.team_id, Limit.STORAGE_BYTES, adding=1)
    address = _checked_address(wish.url, policy)
    file = RawDataFile(
        project_id=project_id,
        uploaded_by_id=user_id,
        file=new_key(grant),
        file_type=FileType.TABULAR,  # judged when the bytes are there
        upload_status=UploadStatus.PENDING,
        original_name=clean_file_name(wish.name) if wish.name else name_of(address.url, ""),
        progress={"phase": FETCHING, "done": 0, "total": 0},
        source={
            "url": wish.url,
            "fetched_url": address.url.href,
            "on_duplicate": wish.on_duplicate.value,
            "is_named": bool(wish.name),
        },
    )
    session.add(file)
    await session.flush()  # the event carries the id
    await tell_import_requested(session, file, team_id=grant.team_id)
    return file


def _checked_address(url: str, policy: OutboundPolicy) -> FileAddress:
    try:
        address = file_address(url)
    except UnusableUrl as error:
        raise Invalid.at("/url", f"This cannot be fetched: {error}.") from None
    if refusal := policy.refusal(address.url):
        way_out = "Name a public address; an operator can allow private ones with INGESTION_ALLOW_PRIVATE_NETWORKS=1."
        raise Invalid.at("/url", f"This cannot be fetched: {refusal}. {way_out}")
    return address


async def tell_import_requested(session: Session, file: RawDataFile, *, team_id: int) -> None:
    """Record that a file is to be fetched."""
    event = ImportRequested(project_id=file.project_id, file_id=file.id)
    await record(session, event, team_id=team_id, project_id=file.project_id)


async def find_fetch(session: Snapshot, file_id: int) -> Fetch | None:
    """Return what is to be fetched, None when it is there or the file is gone."""
    file = await queries.find_file(session, file_id)
    if file is None or not is_awaited(file):
        return None
    return Fetch(
        file_id=file.id,
        given_url=file.source["url"],
        address=file_address(file.source["url"]),
        key=file.file,
        must_be_new=file.source["on_duplicate"] == OnDuplicate.REFUSE,
        is_named=file.source["is_named"],
    )
