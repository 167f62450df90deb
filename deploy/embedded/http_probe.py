"""One GET over a fresh connection: all that readiness needs."""

import http.client
from urllib.parse import urlsplit, urlunsplit

from deploy.embedded.part import NotReadyError


def get(url: str, *, timeout_s: float = 3) -> tuple[int, bytes]:
    """Return status and body. Raises OSError while nobody listens, NotReadyError on an answer that is not HTTP."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
    try:
        connection.request(
            "GET",
            urlunsplit(("", "", parts.path or "/", parts.query, "")),
            headers={"Accept": "application/json"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise NotReadyError(f"{url}: {error!r}") from error
    finally:
        connection.close()
