"""Interviews as a transaction of the respondent's role sees them: the row, what it asks, and what follows from its answers."""

from dataclasses import dataclass
from datetime import datetime

from contracts.ingestion import ResponseStatus
from kernel.clock import utc_now
from kernel.db import Session, Snapshot
from kernel.problems import NotFound
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import Ending
from services.ingestion.domain.survey.parts import QUOTA_FULL
from services.ingestion.domain.survey.published import Questionnaire, questionnaire
from services.ingestion.domain.survey.quality import with_time
from services.ingestion.models import SurveyResponse, SurveyVersion
from services.ingestion.queries import responses as queries
from services.ingestion.queries.responses import PublicSurvey

END = "@end"
"""Where interviews stand behind their last page."""


@dataclass(frozen=True)
class Visit:
    """Somebody looks at a survey: the survey, and what it asks."""

    survey: PublicSurvey
    version: int
    questionnaire: Questionnaire


@dataclass
class Interview:
    """An interview in a transaction: its row, what it asks, and what follows from its answers."""

    survey: PublicSurvey
    version: int
    questionnaire: Questionnaire
    response: SurveyResponse
    state: engine.State

    @property
    def steps(self) -> list[engine.Step]:
        """The steps shown with the present answers, in order."""
        asked = self.questionnaire
        return list(engine.steps(asked.definition, self.state, asked.layout, self.response.seed))

    def note_time(self, page: str, *, since: datetime | None = None) -> None:
        """Count the time since the last answer, or since a moment, as spent on a page; nowhere in particular, it is not counted."""
        if page:
            spent = utc_now() - (since or self.response.updated_at)
            self.response.paradata = with_time(self.response.paradata, page, spent.total_seconds())

    def note_place(self) -> None:
        """Note the page at which the interview stands: where people leave who do not come back."""
        step = engine.step_at(self.steps, self.response.cursor)
        self.response.paradata = {**self.response.paradata, "page": step.page.code if step else END}

    @property
    def ending(self) -> Ending:
        """How it ended, or will as the answers stand."""
        if self.response.status == ResponseStatus.QUOTA_FULL:
            return self.questionnaire.definition.ending(QUOTA_FULL) or Ending(code="quota_full")
        return engine.ending_of(self.questionnaire.definition, self.state)

    @property
    def is_finished(self) -> bool:
        """Whether it was submitted."""
        return self.response.status != ResponseStatus.IN_PROGRESS


def _questionnaire_of(version: SurveyVersion) -> Questionnaire:
    """The parsed form of a version's row."""
    return questionnaire(
        version.definition_hash,
        title=version.title,
        layout=version.layout_style,
        definition=version.definition,
        theme=version.theme_config,
    )


async def visit(session: Session | Snapshot, identifier: object) -> Visit:
    """Return the survey of this public session with its present version; raises NotFound."""
    survey = await queries.find_public_survey(session)
    if survey is None:
        raise NotFound.of("survey", identifier)
    version = await queries.get_version(session, survey.published_version_id)
    return Visit(survey, version.number, _questionnaire_of(version))


async def find_interview(session: Session | Snapshot, token_hash: str) -> Interview | None:
    """Return the interview of a session token as it stands, None when there is none."""
    response = await queries.find_interview(session, token_hash)
    return None if response is None else await interview_of(session, response)


async def get_interview(session: Session | Snapshot, token_hash: str) -> Interview:
    """Return the interview of a session token as it stands; raises NotFound."""
    interview = await find_interview(session, token_hash)
    if interview is None:
        raise NotFound("There is no interview with this token.")
    return interview


async def interview_of(session: Session | Snapshot, response: SurveyResponse) -> Interview:
    """Return the interview of a row; raises NotFound where its survey is gone."""
    survey = await queries.find_public_survey(session)
    if survey is None:
        raise NotFound("The survey of this interview is gone.")
    version = await queries.get_version(session, response.survey_version_id)
    asked = _questionnaire_of(version)
    state = engine.apply(asked.definition, response.answers, {}, seed=response.seed).state
    return Interview(survey, version.number, asked, response, state)
