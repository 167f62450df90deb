"""`/s/<uuid>/p/<token>`: personal links. A GET changes nothing but the browser's cookies, since mail scanners open links too.

The token leaves the address at once (303): it stands in no Referer, no later address and no title of a page.
"""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi import status as http
from fastapi.responses import RedirectResponse

from kernel.problems import NotFound, Problem
from services.ingestion.queries.participants import find_own_participant
from services.ingestion.router import survey_cookies as cookies
from services.ingestion.router import survey_html as html
from services.ingestion.router.survey_sessions import Known, identifier_of, snapshot
from services.ingestion.service import interviews

router = APIRouter(prefix="/s", tags=["respondents"], include_in_schema=False)


@router.api_route("/{survey_uuid}/p/{token}", methods=["GET", "HEAD"])
async def open_personal_link(survey_uuid: str, token: str, request: Request) -> Response:
    """Let the browser be the participant's, and lead it to the page: to the first question, or where the interview stands."""
    try:
        identifier = identifier_of(survey_uuid)
        async with snapshot(request, identifier, Known(participant=token)) as session:
            await interviews.visit(session, identifier)
            participant = await find_own_participant(session)
        if participant is None:
            raise NotFound("There is no participant with this link.")
    except Problem as problem:
        return html.problem_page(request, problem)
    parameters = dict(request.query_params)
    if participant.language:
        parameters.setdefault("lang", participant.language)
    response = _to_page(request, str(identifier), parameters)
    cookies.keep(request, response, identifier, cookies.PARTICIPANT, token)
    cookies.forget(response, identifier, cookies.INTERVIEW)
    return response


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
