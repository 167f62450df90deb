"""The refresh token as a browser's cookie: scripts cannot read it, other sites cannot send it.

`SameSite=Strict` keeps it out of requests that other sites cause. A page on another origin of the same site (a sister
subdomain) is refused by what the browser says of the request: `Sec-Fetch-Site` (W3C Fetch Metadata) and `Origin`.
"""

from datetime import datetime

from fastapi import Request, Response

from kernel.clock import utc_now
from kernel.problems import Forbidden

NAME = "__Secure-plugzero-refresh"
PATH = "/api/accounts"


def set_refresh_cookie(response: Response, refresh_token: str, *, expires_at: datetime) -> None:
    """Put the token into the browser until its session ends."""
    seconds = max(int((expires_at - utc_now()).total_seconds()), 0)
    response.set_cookie(
        NAME, refresh_token, max_age=seconds, path=PATH, secure=True, httponly=True, samesite="strict"
    )


def clear_refresh_cookie(response: Response) -> None:
    """Take the token out of the browser."""
    response.delete_cookie(NAME, path=PATH, secure=True, httponly=True, samesite="strict")


def refresh_cookie(request: Request, *, own_origin: str) -> str | None:
    """Return the token that the browser sent along, None without one; raises Forbidden when a foreign page caused it."""
    token = request.cookies.get(NAME)
    if token is None:
        return None
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in {None, "same-origin", "none"} or origin not in {None, own_origin}:
        raise Forbidden(
            "The cookie works on our own pages only; other clients send `refresh_token` in the body."
        )
    return token
