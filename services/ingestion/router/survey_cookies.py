"""The cookies of a survey's page: HttpOnly, and sent to that survey's addresses only."""

from uuid import UUID

from fastapi import Request, Response

from services.ingestion.router import survey_html as html

INTERVIEW = "plugzero_interview"
ENTRY = "plugzero_entry"
"""The proof that the survey's password was known."""
DEVICE = "plugzero_device"
PARTICIPANT = "plugzero_participant"
"""The token of the personal link by which the browser came."""
LIFETIME_S = 30 * 24 * 3600
DEVICE_LIFETIME_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""


def keep(
    request: Request, response: Response, survey: UUID, name: str, value: str, *, below: str = "/s"
) -> None:
    """Let the browser keep a value for this survey."""
    response.set_cookie(
        name,
        value,
        max_age=DEVICE_LIFETIME_S if name == DEVICE else LIFETIME_S,
        path=f"{below}/{survey}",
        httponly=True,
        samesite="lax",
        secure=html.is_secure(request),
    )


def forget(response: Response, survey: UUID, name: str) -> None:
    """Let the browser forget a value."""
    response.delete_cookie(name, path=f"/s/{survey}", httponly=True, samesite="lax")


def device_of(request: Request) -> str:
    """The token by which this browser is known to the survey, empty for one that is new."""
    return request.cookies.get(DEVICE, "")


def keep_device(request: Request, response: Response, survey: UUID, device: str) -> None:
    """Let the browser be known again, at the page and at the JSON door."""
    for below in ("/s", "/public/surveys"):
        keep(request, response, survey, DEVICE, device, below=below)
