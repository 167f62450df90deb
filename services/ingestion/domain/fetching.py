"""What a fetch of a file brought: the file, a reason why not, or a fault that may be over soon."""

from kernel.outbound import Fetched, Outcome
from services.ingestion.domain.addresses import is_sign_in, looks_like_html
from services.ingestion.domain.refusals import (
    ADDRESS_REFUSED,
    FETCH_FAILED,
    NOT_PUBLIC,
    TOO_LARGE,
    WEB_PAGE,
    FileRefused,
)

_PASSING = frozenset(
    {
        Outcome.DNS_ERROR,
        Outcome.REFUSED,
        Outcome.UNREACHABLE,
        Outcome.TIMEOUT,
        Outcome.DISCONNECTED,
    }
)
_OK, _TOO_MANY_REQUESTS, _SERVER_ERRORS = 200, 429, range(500, 600)
_LOG_IN_NEEDED = frozenset({401, 403, 407})
_GONE = frozenset({404, 410})
_SHARE_HINT = "Share the sheet as 'anyone with the link', or publish it to the web; then import it again."
_ADDRESS_HINT = "Open the address in a private browser window: it must save a file there, without any log-in."


def may_pass(fetched: Fetched) -> bool:
    """Return True for a fault that another attempt may not meet."""
    status = fetched.status or 0
    return fetched.outcome in _PASSING or (
        fetched.ok and (status == _TOO_MANY_REQUESTS or status in _SERVER_ERRORS)
    )


def require_file(fetched: Fetched, head: bytes, *, is_sheet: bool, limit_bytes: int) -> None:
    """Raise FileRefused unless a fetch brought a file whose first bytes are `head`."""
    if not fetched.ok:
        raise _failed(fetched, limit_bytes)
    if _asks_for_log_in(fetched, head, is_sheet=is_sheet):
        raise _not_public(is_sheet=is_sheet)
    if fetched.status != _OK:
        what = "there is nothing" if fetched.status in _GONE else "the server does not give it out"
        detail = f"{fetched.final_url} answers with status {fetched.status}: {what}."
        raise FileRefused(FETCH_FAILED, detail, _ADDRESS_HINT, status_there=fetched.status)
    if looks_like_html(head):
        detail = f"{fetched.final_url} gives a web page, not a file."
        raise FileRefused(WEB_PAGE, detail, "Give the address of the file itself, or download and upload it.")


def _asks_for_log_in(fetched: Fetched, head: bytes, *, is_sheet: bool) -> bool:
    if is_sign_in(fetched.final_url) or fetched.status in _LOG_IN_NEEDED:
        return True
    return is_sheet and (fetched.status in _GONE or looks_like_html(head))


def _not_public(*, is_sheet: bool) -> FileRefused:
    if is_sheet:
        detail = "The sheet is not public: Google asks for a log-in, or knows no such sheet."
        return FileRefused(NOT_PUBLIC, detail, _SHARE_HINT)
    return FileRefused(NOT_PUBLIC, "The address asks for a log-in.", _ADDRESS_HINT)


def _failed(fetched: Fetched, limit_bytes: int) -> FileRefused:
    if fetched.outcome is Outcome.TOO_LARGE:
        detail = f"What is at the address is larger than the limit of {limit_bytes} bytes."
        hint = "Split the file, or ask the operator to raise the limit."
        return FileRefused(TOO_LARGE, detail, hint, limit_bytes=limit_bytes)
    where = fetched.final_url or fetched.url
    if fetched.outcome in {Outcome.BLOCKED_ADDRESS, Outcome.BAD_URL}:
        hint = "Name a public address; an operator can allow private ones."
        return FileRefused(ADDRESS_REFUSED, f"{where} is not fetched: {fetched.detail}.", hint)
    detail = f"{where} could not be fetched: {fetched.detail}."
    return FileRefused(FETCH_FAILED, detail, _ADDRESS_HINT, outcome=fetched.outcome.value)
