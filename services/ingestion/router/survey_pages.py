"""`/s/<uuid>`: the respondent's page. Plain HTML and forms: it works without JavaScript, and nothing on it is inline.

A GET never creates anything. The first form sent begins the interview; its token travels in an HttpOnly cookie that only this
survey's page receives.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi import status as http
from fastapi.responses import RedirectResponse

from kernel.clock import utc_now
from kernel.db import public_database
from kernel.forms import form_fields, is_same_origin
from kernel.ids import hash_token
from kernel.problems import Invalid, NotFound, Problem, TooManyRequests
from kernel.resources import Resources
from services.ingestion.dependencies import max_response_file_bytes
from services.ingestion.domain.survey.attachments import Attached, file_questions
from services.ingestion.domain.survey.form_tokens import (
    NONCE_BYTES,
    device_token,
    make_form_token,
    read_form_token,
    session_token,
    shown_at_s,
)
from services.ingestion.domain.survey.ordering import seed_of
from services.ingestion.domain.survey.questions import FileQuestion
from services.ingestion.domain.survey.themes import stylesheet
from services.ingestion.domain.survey.turning import Action, Sent, Turned
from services.ingestion.errors import SurveyNotOpen
from services.ingestion.errors.entrance import AlreadyAnswered, PersonalLinkNeeded, SurveyPasswordNeeded
from services.ingestion.queries.participants import OwnParticipant
from services.ingestion.router import survey_cookies as cookies
from services.ingestion.router import survey_html as html
from services.ingestion.router.page_forms import Admission, PageForm, carries_files, read_page_form
from services.ingestion.router.survey_sessions import (
    Known,
    identifier_of,
    known,
    secret_of,
    snapshot,
    tenancy,
)
from services.ingestion.service import attachments, entrance, interviews, pages, respondents
from services.ingestion.service.attachments import Arrivals, Arrived, given_up_on_failure
from services.ingestion.service.files import IncomingFile
from services.ingestion.service.interviews import Interview, Visit

router = APIRouter(prefix="/s", tags=["respondents"], include_in_schema=False)

TURNED_AWAY = (SurveyNotOpen, SurveyPasswordNeeded, PersonalLinkNeeded, AlreadyAnswered)
MOST_FIELDS = 5_000
LONGEST_POSITION = 5
TRAP = "website"
"""A field that only programs see, and fill in."""


@router.get("/static/{name}")
async def static_file(name: str, request: Request) -> Response:
    """A file of the page, by a name on the list; `?v=` names its content, so it may be kept for ever."""
    found = html.asset(name)
    if found is None:
        raise NotFound(f"There is no file {name} here.")
    content, media_type = found
    keep = request.query_params.get("v") == html.asset_version(name)
    kept = "public, max-age=31536000, immutable" if keep else "public, max-age=86400"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


@router.get("/{survey_uuid}/theme.css")
async def theme(survey_uuid: UUID, request: Request) -> Response:
    """The survey's colours and fonts as a stylesheet; `?v=` names the version, so it may be kept for ever."""
    async with snapshot(request, survey_uuid) as session:
        seen = await interviews.visit(session, survey_uuid)
    keep = request.query_params.get("v") == seen.questionnaire.digest[: html.DIGEST_LENGTH]
    headers = {"Cache-Control": "public, max-age=31536000, immutable" if keep else "no-cache"}
    return Response(stylesheet(seen.questionnaire.theme), media_type="text/css", headers=headers)


@router.api_route("/{survey_uuid}", methods=["GET", "HEAD"])
async def show_page(survey_uuid: str, request: Request) -> Response:
    """The page where the interview stands, the first page for somebody new, or why there is none."""
    try:
        identifier = identifier_of(survey_uuid)
        if survey_uuid != str(identifier):  # the cookie's path is the canonical one
            return RedirectResponse(f"/s/{identifier}", status_code=http.HTTP_308_PERMANENT_REDIRECT)
        who = known(request, identifier)
        seen, interview, participant = await _find(request, identifier, who)
        if interview is not None and (interview.is_finished or seen.survey.rules.is_open):
            return _interview_page(request, identifier, interview)
        nonce = secrets.token_bytes(NONCE_BYTES)
        coming = who.token if participant else session_token(secret_of(request), str(identifier), nonce)
        form_token = _form_token(request, identifier, nonce=nonce)
        link = respondents.link_with(html.link_of(request), participant)
        return html.first_page(
            request, seen, form_token=form_token, seed=seed_of(hash_token(coming)), link=link
        )
    except TURNED_AWAY as problem:
        return await _turned_away(request, identifier, problem)
    except Problem as problem:
        return html.problem_page(request, problem)


@router.post("/{survey_uuid}")
async def send_form(survey_uuid: str, request: Request) -> Response:
    """Take a form in, then show the next page (303), or the same one with what is wrong (422)."""
    try:
        identifier = identifier_of(survey_uuid)
        form = PageForm()
        async with given_up_on_failure(_resources(request), form.arrived):
            await _read_form(request, identifier, form)
            nonce = _read_form_token(request, identifier, form.fields)
            if nonce is None or not is_same_origin(request):
                return html.expired_page(request)
            if "password" in form.fields:
                return await _enter(request, identifier, password=form.fields["password"][0])
            return await _take_in(request, identifier, nonce=nonce, form=form)
    except TURNED_AWAY as problem:
        return await _turned_away(request, identifier, problem)
    except Problem as problem:
        return html.problem_page(request, problem)


async def _enter(request: Request, identifier: UUID, *, password: str) -> Response:
    """Take a password in; the browser keeps the proof that it was right."""
    try:
        entry = await entrance.prove_password(
            public_database(request),
            identifier,
            password,
            secret=secret_of(request),
            hashing=request.app.state.hashing,
        )
    except (SurveyPasswordNeeded, TooManyRequests) as refused:
        return await _turned_away(request, identifier, refused, is_told=True)
    response = RedirectResponse(html.own_address(request), status_code=http.HTTP_303_SEE_OTHER)
    cookies.keep(request, response, identifier, cookies.ENTRY, entry)
    return response


async def _turned_away(
    request: Request, identifier: UUID, problem: Problem, *, is_told: bool = False
) -> Response:
    """The page for somebody who does not get in (yet); `is_told` says what was wrong with their password."""
    async with snapshot(request, identifier) as session:
        seen = await interviews.visit(session, identifier)
    if isinstance(problem, SurveyNotOpen):
        return html.not_open_page(request, seen)
    if isinstance(problem, SurveyPasswordNeeded | TooManyRequests):
        form_token = _form_token(request, identifier)
        refused = problem if is_told else None
        return html.password_page(request, seen, form_token=form_token, refused=refused)
    return html.turned_away_page(request, seen, problem)


async def _read_form(request: Request, identifier: UUID, form: PageForm) -> None:
    """Read a form into `form`; files are stored where the interview is there to take them, or may begin."""
    if not carries_files(request):
        form.fields |= await form_fields(request, most_fields=MOST_FIELDS)
        return
    seen, interview, _ = await _find(request, identifier, known(request, identifier))
    takes_files = seen.survey.rules.is_open and not (interview and interview.is_finished)
    definition = (interview or seen).questionnaire.definition
    resources = _resources(request)
    most_bytes = max_response_file_bytes(resources)

    def is_ours(fields: Mapping[str, list[str]]) -> bool:
        return is_same_origin(request) and _read_form_token(request, identifier, fields) is not None

    async def store(question: FileQuestion, incoming: IncomingFile) -> Arrived:
        return await attachments.store(resources, seen.survey, question, incoming, most_bytes=most_bytes)

    questions = file_questions(definition) if takes_files else {}
    await read_page_form(request, form, Admission(questions, is_ours, most_bytes, MOST_FIELDS, store))


async def _take_in(request: Request, identifier: UUID, *, nonce: bytes, form: PageForm) -> Response:
    """Store what a form of ours says, in the cookie's interview or in the one that the form begins."""
    sent, secret, who = _sent(form), secret_of(request), known(request, identifier)
    arrivals = Arrivals(tuple(form.arrived), _resources(request).settings.plan_limits)
    device, taken = "", None
    if who.token:
        taken = await _send(request, identifier, who, sent=sent, arrivals=arrivals)
    if taken is None:
        if not who.participant:
            who = Known(session_token(secret, str(identifier), nonce))
        device = cookies.device_of(request) or device_token(secret, str(identifier), nonce)
        shown_at = datetime.fromtimestamp(shown_at_s(form.fields["form"][0]), UTC)
        arrival = _arrival(request, who, device=device, shown_at=shown_at)
        taken = await _send(request, identifier, who, sent=sent, arrivals=arrivals, arrival=arrival)
    interview, turned = cast("tuple[Interview, Turned]", taken)
    form.arrived.clear()  # they are the interview's now: nothing that fails from here on takes them away
    await attachments.discard(_resources(request), interview.unreferred)
    response = _answer(request, identifier, interview, turned)
    if not who.participant:
        cookies.keep(request, response, identifier, cookies.INTERVIEW, who.token)
    if device and interview.survey.rules.one_per == "DEVICE":
        cookies.keep_device(request, response, identifier, device)
    return response


def _arrival(request: Request, who: Known, *, device: str, shown_at: datetime) -> pages.Arrival:
    """How somebody arrives who begins."""
    return pages.Arrival(
        link=html.link_of(request),
        language=request.query_params.get("lang"),
        accept_language=request.headers.get("accept-language"),
        limits=_resources(request).settings.plan_limits,
        visitor=_visitor(request, who, device=device),
        shown_at=shown_at,
    )


def _visitor(request: Request, who: Known, *, device: str = "") -> entrance.Visitor:
    """What somebody shows at the entrance."""
    return entrance.Visitor(
        secret_of(request),
        entry=request.cookies.get(cookies.ENTRY, ""),
        device=device or cookies.device_of(request),
        has_personal_link=bool(who.participant),
    )


async def _send(
    request: Request,
    identifier: UUID,
    who: Known,
    *,
    sent: Sent,
    arrivals: Arrivals,
    arrival: pages.Arrival | None = None,
) -> tuple[Interview, Turned] | None:
    """Run the command for one session token; None when it names no interview and none may begin (`arrival`: one may)."""
    async with public_database(request).transaction(tenancy(identifier, who)) as session:
        return await pages.send_form(
            session,
            identifier,
            token_hash=hash_token(who.token),
            sent=sent,
            arrival=arrival,
            arrivals=arrivals,
        )


def _answer(request: Request, identifier: UUID, interview: Interview, turned: Turned) -> Response:
    """A redirect to the next page, or the page with its faults."""
    if (turned.faults or turned.warnings) and not interview.is_finished:
        code = http.HTTP_422_UNPROCESSABLE_CONTENT if turned.faults else http.HTTP_200_OK
        form_token = _form_token(request, identifier)
        return html.step_page(request, interview, turned, form_token=form_token, status_code=code)
    if turned.saves and not interview.is_finished:
        return RedirectResponse(
            html.own_address(request, below="/saved"), status_code=http.HTTP_303_SEE_OTHER
        )
    anchor = f"#q-{turned.anchor}" if turned.anchor else ""
    # Relative to this very address, whatever host name the gateway answers under.
    return RedirectResponse(f"{html.own_address(request)}{anchor}", status_code=http.HTTP_303_SEE_OTHER)


def _interview_page(request: Request, identifier: UUID, interview: Interview) -> Response:
    """The page where an interview stands."""
    if interview.is_finished:
        return html.finished_page(request, interview)
    turned = Turned(interview.state, interview.response.cursor)
    return html.step_page(request, interview, turned, form_token=_form_token(request, identifier))


async def _find(
    request: Request, identifier: UUID, who: Known
) -> tuple[Visit, Interview | None, OwnParticipant | None]:
    """The survey, the interview of the cookies when there is one, and the participant who may begin one.

    Raises what `admit` raises for somebody who may not begin.
    """
    participant = None
    async with snapshot(request, identifier, who) as session:
        seen = await interviews.visit(session, identifier)
        interview = await interviews.find_interview(session, hash_token(who.token)) if who.token else None
        if interview is None or not (interview.is_finished or seen.survey.rules.is_open):
            participant = await entrance.admit(session, seen.survey, _visitor(request, who))
    return seen, interview, participant


def _sent(form: PageForm) -> Sent:
    """What the form says about itself; raises Invalid for a form that is none of ours."""
    fields = form.fields
    at = next(iter(fields.get("at", ())), "")
    action = next(iter(fields.get("action", ())), "next")
    if (
        not at.isascii()
        or not at.isdigit()
        or len(at) > LONGEST_POSITION
        or action not in {"next", "back", "submit", "save"}
    ):
        raise Invalid.at("/at", "This form was not made by this page.")
    shown, warned = (tuple(next(iter(fields.get(name, ())), "").split()) for name in ("shown", "warned"))
    is_trapped = any(fields.get(TRAP, ()))
    arrived: dict[str, tuple[Attached, ...]] = {}
    for each in form.arrived:
        arrived[each.question] = (*arrived.get(each.question, ()), each.attached)
    return Sent(int(at), cast("Action", action), shown, fields, warned, is_trapped, arrived, form.refused)


def _resources(request: Request) -> Resources:
    """What this process holds open."""
    held: Resources = request.app.state.resources
    return held


def _form_token(request: Request, identifier: UUID, *, nonce: bytes | None = None) -> str:
    """A new token for a form."""
    now_s = int(utc_now().timestamp())
    fresh = nonce or secrets.token_bytes(NONCE_BYTES)
    return make_form_token(secret_of(request), str(identifier), nonce=fresh, issued_at_s=now_s)


def _read_form_token(request: Request, identifier: UUID, fields: Mapping[str, list[str]]) -> bytes | None:
    """The nonce of the form's token, None when it is not ours or too old."""
    token = next(iter(fields.get("form", ())), "")
    return read_form_token(secret_of(request), str(identifier), token, now_s=int(utc_now().timestamp()))
