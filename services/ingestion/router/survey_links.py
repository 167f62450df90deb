"""`/s/<uuid>/p/<token>`, `…/r/<token>`, `…/u/<token>`: personal links, links to go on later, and those that end letters. A GET changes nothing but the browser's cookies, since mail scanners open links too.

The token leaves the address at once (303): it stands in no Referer, no later address and no title of a page.
"""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi import status as http
from fastapi.responses import RedirectResponse

from kernel.db import public_database
from kernel.ids import hash_token
from kernel.problems import NotFound
from services.ingestion.queries.participants import OwnParticipant, find_own_participant, unsubscribe_own
from services.ingestion.router import survey_cookies as cookies
from services.ingestion.router import survey_html as html
from services.ingestion.router.survey_sessions import Known, identifier_of, known, snapshot, tenancy
from services.ingestion.service import interviews
from services.ingestion.service.interviews import Visit

router = APIRouter(prefix="/s", tags=["respondents"], include_in_schema=False)


@router.api_route("/{survey_uuid}/p/{token}", methods=["GET", "HEAD"])
async def open_personal_link(survey_uuid: str, token: str, request: Request) -> Response:
    """Let the browser be the participant's, and lead it to the page: to the first question, or where the interview stands."""
    try:
        seen, participant = await _participant(request, survey_uuid, token)
    except NotFound:
        return html.no_link_page(request)
    identifier = seen.survey.uuid
    parameters = dict(request.query_params)
    if participant.language:
        parameters.setdefault("lang", participant.language)
    response = _to_page(request, str(identifier), parameters)
    cookies.keep(request, response, identifier, cookies.PARTICIPANT, token)
    cookies.forget(response, identifier, cookies.INTERVIEW)
    return response


@router.api_route("/{survey_uuid}/r/{token}", methods=["GET", "HEAD"])
async def resume(survey_uuid: str, token: str, request: Request) -> Response:
    """Let the browser go on with the interview whose link a respondent has saved."""
    try:
        identifier = identifier_of(survey_uuid)
        async with snapshot(request, identifier, Known(token)) as session:
            interview = await interviews.find_interview(session, hash_token(token))
    except NotFound:
        return html.no_link_page(request)
    if interview is None:
        return html.no_link_page(request)
    response = _to_page(request, str(identifier), {"lang": interview.response.language})
    cookies.keep(request, response, identifier, cookies.INTERVIEW, token)
    cookies.forget(response, identifier, cookies.PARTICIPANT)
    return response


@router.api_route("/{survey_uuid}/saved", methods=["GET", "HEAD"])
async def show_saved(survey_uuid: str, request: Request) -> Response:
    """Show the link by which the interview of this browser goes on later; a participant's own, where there is one."""
    try:
        identifier = identifier_of(survey_uuid)
        who = known(request, identifier)
        async with snapshot(request, identifier, who) as session:
            interview = await interviews.find_interview(session, hash_token(who.token)) if who.token else None
    except NotFound:
        return html.no_link_page(request)
    if interview is None or interview.is_finished:
        return _to_page(request, str(identifier), dict(request.query_params))
    below = f"p/{who.participant}" if who.participant else f"r/{who.token}"
    gateway = str(request.app.state.resources.settings.gateway_url).rstrip("/")
    return html.saved_page(request, interview, link=f"{gateway}/s/{identifier}/{below}")


@router.api_route("/{survey_uuid}/u/{token}", methods=["GET", "HEAD"])
async def ask_to_unsubscribe(survey_uuid: str, token: str, request: Request) -> Response:
    """Ask whether somebody wants no more letters; only the form changes anything."""
    try:
        seen, participant = await _participant(request, survey_uuid, token)
    except NotFound:
        return html.no_link_page(request)
    return html.unsubscribe_page(request, seen, is_done=participant.unsubscribed_at is not None)


@router.post("/{survey_uuid}/u/{token}")
async def unsubscribe(survey_uuid: str, token: str, request: Request) -> Response:
    """Send no more letters to a participant: from the page, or by a mail program's one click (RFC 8058), which has no cookies.

    The token alone says who asks, so there is nothing that another site could make a browser do.
    """
    try:
        seen, _ = await _participant(request, survey_uuid, token)
        who = Known(participant=token)
        async with public_database(request).transaction(tenancy(seen.survey.uuid, who)) as session:
            await unsubscribe_own(session)
    except NotFound:
        return html.no_link_page(request)
    return html.unsubscribe_page(request, seen, is_done=True)


async def _participant(request: Request, survey_uuid: str, token: str) -> tuple[Visit, OwnParticipant]:
    """The survey and the participant of a link; raises NotFound."""
    identifier = identifier_of(survey_uuid)
    async with snapshot(request, identifier, Known(participant=token)) as session:
        seen = await interviews.visit(session, identifier)
        participant = await find_own_participant(session)
    if participant is None:
        raise NotFound("There is no participant with this link.")
    return seen, participant


def _to_page(request: Request, survey: str, parameters: dict[str, str]) -> Response:
    """Lead to the survey's page, with what the link says beside its token."""
    address = f"{request.url.path.partition('/s/')[0]}/s/{survey}"
    response = RedirectResponse(
        f"{address}?{urlencode(parameters)}" if parameters else address,
        status_code=http.HTTP_303_SEE_OTHER,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
