"""`/api/surveys/{id}/simulate` and `…/test-dataset`: what simulated respondents meet, and their interviews as test data."""

import asyncio
from typing import Annotated, Any

from fastapi import Body

from kernel.db import ReadOnly, Session
from kernel.http import ACCESS_PROBLEMS
from kernel.problems import Invalid, problems_of
from kernel.routing import Router
from services.ingestion.domain.survey.expanding import expanded
from services.ingestion.domain.survey.simulating import simulate
from services.ingestion.errors import SurveyInOtherState
from services.ingestion.queries import surveys as queries
from services.ingestion.router.change_requests import ACCEPTED, ChangeRequest
from services.ingestion.schemas.derived import ChangeRead
from services.ingestion.schemas.surveys import SimulationCreate, SimulationRead, TestDatasetCreate
from services.ingestion.service import simulations as service

USUAL_N = 200
MOST_RECOMPUTED = 400_000
"""Questions that are looked at in one request: a few seconds of one processor."""
router = Router(prefix="/api/surveys/{survey_id}", tags=["surveys"], responses=ACCESS_PROBLEMS)


@router.post("/simulate", responses=problems_of(Invalid))
async def simulate_survey(
    survey_id: int, session: ReadOnly, body: Annotated[SimulationCreate | None, Body()] = None
) -> SimulationRead:
    """Let simulated respondents answer the draft or a version, and say what they met; 422 where the linter finds errors.

    Nothing is stored. A long survey is simulated with fewer respondents; `POST …/test-dataset`, which a worker does, takes more and
    makes a dataset of the same interviews.
    """
    wanted = body or SimulationCreate()
    survey = await queries.get_survey(session, survey_id)
    chosen = service.chosen_version(survey, await queries.list_versions(session, survey_id), wanted.version)
    definition = expanded(chosen.parsed)
    n = _affordable(wanted.n, sum(1 for _ in definition.questions()))
    coverage = await asyncio.to_thread(simulate, definition, n, wanted.seed)
    return SimulationRead.model_validate(coverage.report(definition))


def _affordable(wanted: int | None, n_questions: int) -> int:
    """How many respondents are simulated while somebody waits; raises Invalid for more.

    Each answer recomputes the interview, so that the time grows with the square of the number of questions.
    """
    most = max(1, MOST_RECOMPUTED // max(1, n_questions) ** 2)
    if wanted is not None and wanted > most:
        raise Invalid.at(
            "/n",
            f"a survey of {n_questions} questions is simulated with at most {most} respondents at once; "
            "POST …/test-dataset simulates more, in the background",
        )
    return wanted or min(USUAL_N, most)


@router.post("/test-dataset", responses={**ACCEPTED, **problems_of(Invalid, SurveyInOtherState)})
async def make_test_dataset(
    survey_id: int, change: ChangeRequest, body: Annotated[TestDatasetCreate | None, Body()] = None
) -> ChangeRead:
    """Make a dataset of simulated interviews, with the variables that the real one has; `report` is what `simulate` answers.

    A survey has one test dataset (`dataset_id`, `is_test`), which gets a new version each time. It is never merged with others, and is
    deleted by `DELETE /api/datasets/{id}` or with the survey.
    """
    wanted = body or TestDatasetCreate()

    async def ask(session: Session) -> Any:
        return await service.request_test_dataset(
            session, survey_id, **wanted.model_dump(), user_id=change.user_id
        )

    return await change.hand_over(ask)
