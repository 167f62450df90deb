"""Cells of experiments: each interview is given one when it begins, and holds its seat in it like one in a quota.

The database holds the door (`access.allocate`): interviews of one experiment come one after the other, and each sees what those
before it were given. A seat that nobody goes on with lapses, so who leaves is made up for by who comes.
"""

from sqlalchemy import text

from kernel.db import Session
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.allocating import experiments, wished
from services.ingestion.service.interviews import Interview
from services.ingestion.service.seats import LEASE

_ALLOCATE = text("SELECT access.allocate(CAST(:seats AS text[]), :lease)")


async def allocate(session: Session, interview: Interview) -> None:
    """Give an interview its cell of each experiment of its survey; asked again, it keeps those that it has."""
    definition, response = interview.questionnaire.definition, interview.response
    given: dict[str, str] = {}
    for question in experiments(definition):
        cells = wished(question, response.answers, response.seed)
        seat = await session.scalar(_ALLOCATE, {"seats": list(cells), "lease": LEASE})
        given[question.code] = cells[str(seat)]
    if given:
        state = engine.apply(definition, {**response.answers, **given}, {}, seed=response.seed).state
        response.answers, response.not_asked = state.answers, list(state.not_asked)
        interview.state = state
