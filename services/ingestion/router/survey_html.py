"""The respondent's pages as HTML: templates, headers, and which page a state leads to. No session, no database."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi import status as http
from fastapi.responses import RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kernel.problems import Problem
from services.ingestion.dependencies import max_response_file_bytes
from services.ingestion.domain.survey import engine
from services.ingestion.domain.survey.answers import plain
from services.ingestion.domain.survey.entrance import why_not
from services.ingestion.domain.survey.looks import Reader, question_looks, skipped
from services.ingestion.domain.survey.phrases import CATALOGUES
from services.ingestion.domain.survey.piping import Pipes, redirect_origins
from services.ingestion.domain.survey.published import Questionnaire
from services.ingestion.domain.survey.signing import redirect_key, signed_address
from services.ingestion.domain.survey.texts import choose_language, direction, own_name
from services.ingestion.domain.survey.turning import Turned
from services.ingestion.errors.entrance import AlreadyAnswered
from services.ingestion.service.interviews import Interview, Visit

DIGEST_LENGTH = 16
RETRY_AFTER_S = 600
SCRIPT = "survey.js"
"""What our script says about who asks."""
ENGINE_LANGUAGES = tuple(CATALOGUES)
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ROOT = Path(__file__).parents[1]

_templates = Environment(
    loader=FileSystemLoader(_ROOT / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@lru_cache(maxsize=1)
def _assets() -> dict[str, tuple[bytes, str]]:
    """Name → (content, media type) of every file that may be served."""
    files = (path for path in (_ROOT / "static").iterdir() if path.suffix in MEDIA_TYPES)
    return {path.name: (path.read_bytes(), MEDIA_TYPES[path.suffix]) for path in files}


def asset(name: str) -> tuple[bytes, str] | None:
    """Content and media type of a static file, None when there is none of that name."""
    return _assets().get(name)


@lru_cache(maxsize=16)
def asset_version(name: str) -> str:
    """A short hash of a static file's content: an address that names it may be kept for ever."""
    return hashlib.sha256(_assets()[name][0]).hexdigest()[:DIGEST_LENGTH]


def asset_address(name: str) -> str:
    """Where a static file is fetched; a new one has a new address."""
    return f"/s/static/{name}?v={asset_version(name)}"


_templates.globals |= {"asset_address": asset_address, "plain": plain}


def link_of(request: Request) -> dict[str, str]:
    """The parameters of the survey's link, which hidden fields read."""
    return dict(request.query_params)


def own_address(request: Request, *, below: str = "") -> str:
    """Path and parameters of this page, or of one below it, for forms and redirects."""
    parameters = urlencode(list(request.query_params.multi_items()))
    path = f"{request.url.path}{below}"
    return f"{path}?{parameters}" if parameters else path


def is_secure(request: Request) -> bool:
    """Whether the respondent's browser speaks HTTPS, also where the gateway ends it."""
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"


def first_page(
    request: Request, seen: Visit, *, form_token: str, seed: int, link: Mapping[str, str]
) -> Response:
    """The first step for somebody without a session; nothing is stored, and the form's own session will have this seed."""
    state = engine.open_interview(seen.questionnaire.definition, link, seed=seed)
    viewed = _Viewed(seen.questionnaire, seed, None)
    return _step(request, viewed, Turned(state, 0), form_token=form_token)


def step_page(
    request: Request,
    interview: Interview,
    turned: Turned,
    *,
    form_token: str,
    status_code: int = http.HTTP_200_OK,
) -> Response:
    """The step at which an interview stands, with faults when there are some; the review behind the last."""
    viewed = _Viewed(interview.questionnaire, interview.response.seed, interview.response.language)
    return _step(request, viewed, turned, form_token=form_token, status_code=status_code)


@dataclass(frozen=True)
class _Viewed:
    """What is shown to whom: a questionnaire, the seed of the respondent's orders, the language of the interview if it began."""

    asked: Questionnaire
    seed: int
    language: str | None


def _step(
    request: Request,
    viewed: _Viewed,
    turned: Turned,
    *,
    form_token: str,
    status_code: int = http.HTTP_200_OK,
    **shown_as: Any,
) -> Response:
    """One step, or the review behind the last one; `shown_as` says what the template shows otherwise."""
    asked, seed = viewed.asked, viewed.seed
    definition, state = asked.definition, turned.state
    reader = _reader(request, asked, viewed.language, state)
    shown = list(engine.steps(definition, state, asked.layout, seed))
    step = engine.step_at(shown, turned.cursor)
    position = step.position if step else engine.end_position(definition, asked.layout)
    questions = question_looks(step.questions if step else (), state, reader, turned=turned, seed=seed)
    goes_on = step is not None and engine.may_go_on(definition, shown, step, asked.layout, seed)
    context = {
        "step": step,
        "position": position,
        "questions": questions,
        "errors": [question for question in questions if question.error],
        "warnings": [question for question in questions if question.warning],
        "progress": engine.progress(shown, position),
        "is_first": engine.step_before(shown, position) is None,
        "action": "next" if goes_on else "submit",
        "form_token": form_token,
        "skipped": [] if step else skipped(state, reader),
    }
    return _page("step.html", request, reader, asked=asked, status_code=status_code, **context, **shown_as)


def preview_page(
    request: Request, asked: Questionnaire, turned: Turned, *, seed: int, language: str | None, theme: str
) -> Response:
    """A step as a respondent with these answers sees it, marked as a preview; its form leads nowhere."""
    shown_as: dict[str, Any] = {"is_preview": True, "theme_address": theme, "address": "#", "languages": []}
    return _step(request, _Viewed(asked, seed, language), turned, form_token="", **shown_as)


def finished_page(request: Request, interview: Interview) -> Response:
    """Thanks, for a finished interview, however often it is opened."""
    asked, ending = interview.questionnaire, interview.ending
    reader = _reader(request, asked, interview.response.language, interview.state)
    leads_to = leads_elsewhere(request, interview)
    if leads_to and ending.message is None:
        return _led_on(request, leads_to)
    title, text = {
        "complete": ("thanks_title", "thanks_text"),
        "screened_out": ("screened_title", "screened_text"),
        "quota_full": ("screened_title", "quota_text"),
    }[ending.outcome]
    is_complete = ending.outcome == "complete"
    own_text = reader.text(ending.message or (asked.definition.completion if is_complete else None))
    message = (title, own_text or reader.say(text))
    tone = "good" if is_complete else "calm"
    return _message(request, reader, message, asked=asked, tone=tone, leads_to=leads_to)


def _led_on(request: Request, address: str) -> Response:
    """A redirect; to our script, which may not follow one to elsewhere, the address instead."""
    redirect = RedirectResponse(address, status_code=http.HTTP_303_SEE_OTHER)
    if request.headers.get("x-requested-with") != SCRIPT:
        return redirect
    headers = {"Survey-Leads-To": redirect.headers["location"], "Cache-Control": "no-store"}
    return Response(status_code=http.HTTP_204_NO_CONTENT, headers=headers)


def leads_elsewhere(request: Request, interview: Interview) -> str:
    """The address to which the interview's ending leads, with stored values in it, signed if wanted; '' where it leads nowhere."""
    pipes = Pipes(interview.questionnaire.definition, interview.state.effective, interview.response.language)
    address = pipes.into_address(interview.ending.redirect or "")
    if not address or not interview.ending.signed:
        return address
    secret: str = request.app.state.resources.settings.secret_key.get_secret_value()
    return signed_address(address, redirect_key(secret, str(interview.survey.uuid)))


def not_open_page(request: Request, seen: Visit) -> Response:
    """A survey that takes no answers: paused or not open yet (503, come back), closed or full (410)."""
    reader, rules = _reader(request, seen.questionnaire, None), seen.survey.rules
    reason = why_not(seen.survey.status, rules) or "closed"
    title = reason if reason in {"paused", "not_yet"} else "closed"
    moment = rules.opens_at if reason == "not_yet" else rules.closes_at
    when = f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
    message = (f"{title}_title", reader.say(f"{reason}_text", when=when))
    if title == "closed":
        return _message(request, reader, message, asked=seen.questionnaire, status_code=http.HTTP_410_GONE)
    response = _message(
        request,
        reader,
        message,
        asked=seen.questionnaire,
        status_code=http.HTTP_503_SERVICE_UNAVAILABLE,
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def password_page(
    request: Request, seen: Visit, *, form_token: str, refused: Problem | None = None
) -> Response:
    """The form that asks for the survey's password, with what was wrong about the last one."""
    reader, error, status_code = _reader(request, seen.questionnaire, None), "", http.HTTP_200_OK
    if refused is not None:
        seconds = refused.headers.get("Retry-After", "")
        error = reader.say("password_wait" if seconds else "password_wrong", seconds=seconds)
        status_code = refused.status
    response = _page(
        "password.html",
        request,
        reader,
        asked=seen.questionnaire,
        status_code=status_code,
        form_token=form_token,
        error=error,
    )
    response.headers.update(refused.headers if refused is not None else {})
    return response


def turned_away_page(request: Request, seen: Visit, problem: Problem) -> Response:
    """Somebody who may not begin: the device has answered already, or a personal link is needed."""
    reader = _reader(request, seen.questionnaire, None)
    name = "already" if isinstance(problem, AlreadyAnswered) else "personal"
    message = (f"{name}_title", reader.say(f"{name}_text"))
    return _message(request, reader, message, asked=seen.questionnaire, status_code=problem.status)


def unsubscribe_page(request: Request, seen: Visit, *, is_done: bool) -> Response:
    """The form that ends letters, or that they have ended."""
    reader = _reader(request, seen.questionnaire, None)
    if is_done:
        message = ("unsubscribed_title", reader.say("unsubscribed_text"))
        return _message(request, reader, message, asked=seen.questionnaire, tone="good")
    return _page("unsubscribe.html", request, reader, asked=seen.questionnaire, status_code=http.HTTP_200_OK)


def saved_page(request: Request, interview: Interview, *, link: str) -> Response:
    """The link by which a respondent goes on later."""
    asked = interview.questionnaire
    reader = _reader(request, asked, interview.response.language)
    shown = {"link": link, "leads_to": own_address(request).replace("/saved", "", 1)}
    return _page("saved.html", request, reader, asked=asked, status_code=http.HTTP_200_OK, **shown)


def no_link_page(request: Request) -> Response:
    """A personal link that is not known (any more)."""
    reader = _reader(request, None, None)
    message = ("link_title", reader.say("link_text"))
    return _message(request, reader, message, status_code=http.HTTP_404_NOT_FOUND)


def expired_page(request: Request) -> Response:
    """A form that is not ours or too old."""
    reader = _reader(request, None, None)
    message = ("origin_title", reader.say("origin_text"))
    return _message(request, reader, message, status_code=http.HTTP_403_FORBIDDEN)


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem as a readable page with the problem's own status."""
    reader = _reader(request, None, None)
    if problem.status == http.HTTP_404_NOT_FOUND:
        return _message(
            request, reader, ("unknown_title", reader.say("unknown_text")), status_code=problem.status
        )
    response = _message(request, reader, (problem.title, problem.detail), status_code=problem.status)
    response.headers.update(problem.headers)
    return response


def _reader(
    request: Request, asked: Questionnaire | None, stored: str | None, state: engine.State | None = None
) -> Reader:
    """Reads texts in the respondent's language: the link's, the interview's, the browser's, the survey's; with answers in them."""
    languages = asked.definition.languages if asked else ENGINE_LANGUAGES
    wanted = request.query_params.get("lang") or stored
    accepted = request.headers.get("accept-language")
    language = choose_language(languages, wanted=wanted, accept_language=accepted)
    pipes = Pipes(asked.definition, state.effective if state else {}, language) if asked else None
    most_bytes = max_response_file_bytes(request.app.state.resources)
    return Reader(language, languages[0], pipes, most_bytes)


def _message(
    request: Request,
    reader: Reader,
    message: tuple[str, str],
    *,
    asked: Questionnaire | None = None,
    status_code: int = http.HTTP_200_OK,
    tone: str = "calm",
    leads_to: str = "",
) -> Response:
    """A page that only says something; the title is a phrase's key, or a text."""
    key, text = message
    title = reader.say(key) if key.endswith("_title") else key
    return _page(
        "message.html",
        request,
        reader,
        asked=asked,
        status_code=status_code,
        title=title,
        text=text,
        tone=tone,
        leads_to=leads_to,
    )


def _page(
    template: str,
    request: Request,
    reader: Reader,
    *,
    asked: Questionnaire | None,
    status_code: int,
    **context: Any,
) -> Response:
    """The rendered page with its headers."""
    survey_path = "/".join(request.url.path.split("/")[:3])
    content = _templates.get_template(template).render(
        {
            "asked": asked,
            "r": reader,
            "language": reader.language,
            "direction": direction(reader.language),
            "languages": _language_links(request, asked, reader.language),
            "theme_address": f"{survey_path}/theme.css?v={asked.digest[:DIGEST_LENGTH]}" if asked else "",
            "address": own_address(request),
            "is_preview": False,
        }
        | context
    )
    return Response(content, status_code, media_type="text/html", headers=_headers(asked, reader.language))


def _language_links(
    request: Request, asked: Questionnaire | None, current: str
) -> list[tuple[str, str, str]]:
    """(language, what it calls itself, address) of the survey's other languages."""
    others = [] if asked is None else [tag for tag in asked.definition.languages if tag != current]
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return [(tag, own_name(tag), f"{request.url.path}?{urlencode([*kept, ('lang', tag)])}") for tag in others]


def _headers(asked: Questionnaire | None, language: str) -> dict[str, str]:
    """Headers of every page: nothing inline, nothing from elsewhere but the theme's images, no framing, no cache."""
    images = " ".join(["'self'", *(asked.image_origins if asked else ())])
    # Browsers apply the policy to where a sent form is led on to as well.
    targets = " ".join(["'self'", *(redirect_origins(asked.definition) if asked else ())])
    policy = (
        f"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src {images}; form-action {targets}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        # not no-referrer: with that, browsers send the Origin of our own forms as null
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }
