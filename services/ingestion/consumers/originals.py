"""How a file whose original came by itself is believed or refused: row, event and inbox in one transaction."""

from kernel.limits import PlanLimitReached
from kernel.subscriptions import Delivery
from services.ingestion.domain.refusals import DUPLICATE, FileRefused
from services.ingestion.errors import DuplicateFile
from services.ingestion.models import RawDataFile
from services.ingestion.queries import files as queries
from services.ingestion.service import originals as service
from services.ingestion.service.files import folder_of

_DUPLICATE_HINT = "Use the file that is there, or send this one again with `on_duplicate` `keep`."
_LIMIT_HINT = "Delete files that are not needed, or ask for a larger plan; then send the file again."


async def accept(delivery: Delivery, file_id: int, verified: service.Verified) -> None:
    """Note a stored original, which is then read; where the file is gone or refuses it, its object goes."""
    try:
        async with delivery.effect() as session:
            file = await queries.lock_file(session, file_id)
            if file is not None and service.is_awaited(file):
                limits = delivery.resources.settings.plan_limits
                await service.accept_original(session, limits, file, verified, team_id=delivery.team_id)
    except DuplicateFile as known:
        refused = FileRefused(DUPLICATE, known.detail, _DUPLICATE_HINT, **known.members)
        await refuse(delivery, file_id, verified.key, refused)
    except PlanLimitReached as reached:
        await refuse(delivery, file_id, verified.key, FileRefused(reached.slug, reached.detail, _LIMIT_HINT))
    else:
        await _remove_unless_kept(delivery, file, verified.key)


async def refuse(delivery: Delivery, file_id: int, key: str, refused: FileRefused) -> None:
    """Note why a file is not taken in, then remove what arrived of it under the key."""
    async with delivery.effect() as session:
        file = await queries.lock_file(session, file_id)
        if file is not None and service.is_awaited(file):
            await service.refuse_original(session, file, refused, team_id=delivery.team_id)
    # Killed in between, the object lies there until the sweep finds that no row refers to it.
    await _remove_unless_kept(delivery, file, key)


async def _remove_unless_kept(delivery: Delivery, file: RawDataFile | None, key: str) -> None:
    """Remove what lies under the key unless it is the file's original: it was deleted or refused, or another came first."""
    if file is None or not file.sha256 or file.file != key:
        await delivery.resources.objects.delete_prefix(folder_of(key))
