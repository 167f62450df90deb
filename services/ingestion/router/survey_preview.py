"""`/api/surveys/{id}/preview`: the page of any version in any state of answers, for researchers. Nothing is stored."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Body, Request, Response
from fastapi.responses import HTMLResponse

from kernel.db import ReadOnly
from kernel.http import ACCESS_PROBLEMS
from kernel.problems import Invalid, NotFound, problems_of
from kernel.routing import Router
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.definition import definition_hash
from services.ingestion.domain.survey.published import Questionnaire, questionnaire
from services.ingestion.domain.survey.turning import Turned
from services.ingestion.queries import surveys as queries
from services.ingestion.router import survey_html as html
from services.ingestion.schemas.surveys import PreviewCreate
from services.ingestion.service import surveys as service

router = Router(prefix="/api/surveys/{survey_id}", tags=["surveys"], responses=ACCESS_PROBLEMS)


@router.post("/preview", response_class=HTMLResponse, responses=problems_of(Invalid))
async def preview_survey(
    survey_id: int,
    *,
    session: ReadOnly,
    request: Request,
    body: Annotated[PreviewCreate | None, Body()] = None,
) -> Response:
    """Show the page that a respondent with these answers sees, marked as a preview; refused answers are shown with their fault."""
    wanted = body or PreviewCreate()
    survey = await queries.get_survey(session, survey_id)
    versions = await queries.list_versions(session, survey_id)
    shown = next((one for one in versions if one.number == wanted.version), None)
    if wanted.version is not None and shown is None:
        raise NotFound.of("version", wanted.version)
    if shown is None:
        service.publishable(survey, versions)
    asked = _asked(shown or survey)
    if wanted.layout_style is not None:
        asked = replace(asked, layout=wanted.layout_style.value)
    current = next((one for one in versions if one.id == survey.published_version_id), None)
    is_current = current is not None and current.definition_hash == asked.digest
    theme = f"/s/{survey.uuid}/theme.css?v={asked.digest[: html.DIGEST_LENGTH]}" if is_current else ""
    return html.preview_page(
        request, asked, _turned(asked, wanted), seed=wanted.seed, language=wanted.language, theme=theme
    )


def _asked(frozen: Any) -> Questionnaire:
    """What a draft or a version asks."""
    layout, theme = frozen.layout_style, frozen.theme_config
    digest = definition_hash(frozen.definition, layout_style=layout, theme=theme, title=frozen.title)
    return questionnaire(digest, title=frozen.title, layout=layout, definition=frozen.definition, theme=theme)


def _turned(asked: Questionnaire, wanted: PreviewCreate) -> Turned:
    """Where a respondent with these answers stands, with what is wrong with them."""
    applied = engine.apply(asked.definition, {}, wanted.answers)
    steps = list(engine.steps(asked.definition, applied.state, asked.layout, wanted.seed))
    position = wanted.position
    if position is None:
        reached = engine.position_after(steps, wanted.answers, 0) if wanted.answers else 0
        step = engine.next_step(steps, applied.state, reached)
        position = step.position if step else engine.end_position(asked.definition, asked.layout)
    faults = {code: refused[0] for code, refused in applied.faults.items()}
    return Turned(applied.state, position, faults)
