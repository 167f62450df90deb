"""Seats in quotas: leased when a respondent falls into a cell, kept with the complete interview, never one too many.

The database holds the one door (`access.take_seats`): interviews that want a seat in the same quota come one after the other, each
sees what those before it committed, and a lease ends by itself, so a respondent who goes away or a process that is killed blocks
nobody for longer. Targets are those of the survey's present version, also for interviews that began on an older one. The largest number
of responses that a survey wants is one more cell, which everybody falls into.
"""

from datetime import timedelta

from sqlalchemy import text

from kernel.db import Session
from services.ingestion.domain.survey.allocating import seats_held
from services.ingestion.service.interviews import Interview

LEASE = timedelta(minutes=30)
"""How long a seat is kept for a respondent who does nothing; every answer renews it."""
_KEEP_CELLS = text("SELECT access.keep_cells(:lease, :for_good)")
_TAKE = text("SELECT access.take_seats(CAST(:wanted AS text[]), :lease, :for_good)")


async def take_seats(session: Session, interview: Interview, *, for_good: bool = False) -> bool:
    """Hold a seat in each cell that the respondent falls into, or none; False where a cell is full.

    `for_good` keeps them: asked in the transaction that completes the interview.
    """
    definition = interview.questionnaire.definition
    held = seats_held(definition, interview.state.effective)
    if held:
        await session.execute(_KEEP_CELLS, {"lease": LEASE, "for_good": for_good})
    if not definition.quotas and interview.survey.rules.max_responses is None:
        return True
    asked = {"wanted": [*interview.state.cells, *held], "lease": LEASE, "for_good": for_good}
    full: list[str] = await session.scalar(_TAKE, asked) or []
    return not full
