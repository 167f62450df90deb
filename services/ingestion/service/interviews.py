"""Interviews as a transaction of the respondent's role sees them: the row, what it asks, and what follows from its answers."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts.ingestion import ResponseStatus
from kernel.clock import utc_now
from kernel.db import Session, Snapshot
from kernel.problems import NotFound
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import Ending
from services.ingestion.domain.survey.parts import QUOTA_FULL
from services.ingestion.domain.survey.published import Questionnaire, questionnaire, remembered
from services.ingestion.domain.survey.quality import with_time
from services.ingestion.models import SurveyResponse
from services.ingestion.queries import interviews as queries
from services.ingestion.queries.interviews import PublicSurvey, StandingInterview, VersionKey

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
    unreferred: list[str] = field(default_factory=list)
    """Keys of files that nothing refers to once the transaction is committed."""

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
        """Note the page and question at which the interview stands: where people leave who do not come back."""
        step = engine.step_at(self.steps, self.response.cursor)
        page = step.page.code if step else END
        place = {"page": page, "question": engine.next_question(step, self.state) if step else END}
        self.response.paradata = {**self.response.paradata, **place}

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


async def _asked(session: Session | Snapshot, version: VersionKey) -> Questionnaire:
    """What a version asks; its row is read only where nobody has needed it lately."""
    known = remembered(version.digest)
    if known is not None:
        return known
    row = await queries.get_version(session, version.id)
    return questionnaire(
        row.definition_hash,
        title=row.title,
        layout=row.layout_style,
        definition=row.definition,
        theme=row.theme_config,
    )


async def visit(session: Session | Snapshot, identifier: object) -> Visit:
    """Return the survey of this public session with its present version; raises NotFound."""
    found = await queries.find_public_survey(session)
    if found is None:
        raise NotFound.of("survey", identifier)
    survey, version = found
    return Visit(survey, version.number, await _asked(session, version))


async def find_interview(session: Session | Snapshot, token_hash: str) -> Interview | None:
    """Return the interview of a session token as it stands, None when there is none."""
    standing = await queries.find_interview(session, token_hash)
    return None if standing is None else await interview_of(session, standing)


async def get_interview(session: Session | Snapshot, token_hash: str) -> Interview:
    """Return the interview of a session token as it stands; raises NotFound."""
    interview = await find_interview(session, token_hash)
    if interview is None:
        raise NotFound("There is no interview with this token.")
    return interview


async def interview_of(session: Session | Snapshot, standing: StandingInterview) -> Interview:
    """Return an interview with what follows from its answers."""
    asked = await _asked(session, standing.version)
    response = standing.response
    state = engine.apply(asked.definition, response.answers, {}, seed=response.seed).state
    return Interview(standing.survey, standing.version.number, asked, response, state)
