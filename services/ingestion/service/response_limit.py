"""Whether a team may have another interview: asked at the start of each, and counted only when it might matter."""

import time

from kernel.db import Session
from kernel.limits import Limit, PlanLimitReached, PlanLimits
from services.ingestion.queries import interviews as queries
from services.ingestion.queries import response_files

# Far from the limit the count of some seconds ago is good enough; near it every start is counted.
PLENTY, GOOD_FOR_S = 10_000, 10.0
_plenty_until: dict[int, float] = {}


async def require_room_for_interview(session: Session, limits: PlanLimits, project_id: int) -> None:
    """Raise PlanLimitReached when the team of the survey that this transaction is about has as many as its plan allows.

    Respondents are not told the figures, which are the team's own; GET /api/teams/<id>/usage shows them to members.
    """
    if _plenty_until.get(project_id, 0.0) > time.monotonic():
        return
    if not any(Limit.RESPONSES in plan for plan in limits.values()):
        return
    usage = await queries.find_public_responses(session)
    if usage is None or (maximum := limits.get(usage.segment, {}).get(Limit.RESPONSES)) is None:
        return
    if usage.responses >= maximum:
        raise PlanLimitReached("This survey can take no more answers at the moment.", limit=Limit.RESPONSES)
    if maximum - usage.responses > PLENTY:
        _plenty_until[project_id] = time.monotonic() + GOOD_FOR_S


async def require_room_for_files(session: Session, limits: PlanLimits, team_id: int, *, adding: int) -> None:
    """Raise PlanLimitReached when the team would store more than its plan allows; respondents are not told the figures."""
    if not any(Limit.STORAGE_BYTES in plan for plan in limits.values()):
        return
    usage = await response_files.lock_storage(session, team_id)
    if usage is None or (maximum := limits.get(usage.segment, {}).get(Limit.STORAGE_BYTES)) is None:
        return
    if usage.storage_bytes + adding > maximum:
        raise PlanLimitReached("This survey can take no more files at the moment.", limit=Limit.STORAGE_BYTES)
