"""Forms of our own HTML pages: read whole, and only from our own origin."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

from kernel.problems import BadRequest, UnsupportedMedia

FORM_TYPE = "application/x-www-form-urlencoded"


async def form_fields(request: Request, *, most_fields: int = 100) -> Mapping[str, list[str]]:
    """Return the form's values by field, in the order they were sent; raises UnsupportedMedia and BadRequest."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise UnsupportedMedia(f"A form is sent as {FORM_TYPE}.")
    body = (await request.body()).decode("ascii", errors="replace")
    try:
        return parse_qs(body, keep_blank_values=True, max_num_fields=most_fields)
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error


def is_same_origin(request: Request) -> bool:
    """Whether a form comes from our own page: by Origin, else by Sec-Fetch-Site; browsers without both rely on other checks."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    hosts = {request.headers.get("x-forwarded-host", ""), request.headers.get("host", "")}
    return urlsplit(origin).netloc.lower() in {host.lower() for host in hosts if host}
