"""What the server answered. A page that is blocked, challenged or timed out is a class of its own, never "broken"."""

from collections.abc import Iterator

from kernel.outbound import Outcome
from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import PageOutcome, Visit

CLIENT_ERROR = Check(
    "client-error",
    Category.STATUS,
    Severity.ERROR,
    "Page answers with an error (4xx)",
    "The address is linked but there is no page: visitors end in a dead end and search engines drop it.",
    "Restore the page, redirect the address to its successor (301), or correct the links that name it.",
)
SERVER_ERROR = Check(
    "server-error",
    Category.STATUS,
    Severity.ERROR,
    "Page answers with a server error (5xx)",
    "The server failed while making the page. Search engines slow down and finally drop such pages.",
    "Look into the server's log for this address and repair the cause.",
)
TIMED_OUT = Check(
    "timed-out",
    Category.STATUS,
    Severity.ERROR,
    "Page does not answer in time",
    "No complete answer came within the time limit; visitors will have left long before.",
    "Find out what the server waits for on this page; see the evidence for the limit.",
)
UNREACHABLE = Check(
    "unreachable",
    Category.STATUS,
    Severity.ERROR,
    "Page cannot be reached",
    "No HTTP answer came: the name, the connection, the certificate or the answer itself is at fault.",
    "The evidence names the step that failed. Check DNS, the certificate and the server's configuration.",
)
DENIED = Check(
    "denied",
    Category.STATUS,
    Severity.NOTICE,
    "Server refuses the page to our crawler",
    "The page wants a login, or the server limits or blocks crawlers. Its content could not be judged.",
    "If it should be public, allow it; otherwise exclude it in robots.txt and do not link it for everyone.",
)
TOO_LARGE = Check(
    "too-large",
    Category.STATUS,
    Severity.WARNING,
    "Page is larger than search engines read",
    "The document exceeds the size limit; what follows after it is not read, by us or by search engines.",
    "Split the page or move data out of the document.",
)
CHECKS = (CLIENT_ERROR, SERVER_ERROR, TIMED_OUT, UNREACHABLE, DENIED, TOO_LARGE)

_BY_OUTCOME = {
    PageOutcome.DENIED: DENIED,
    Outcome.TIMEOUT: TIMED_OUT,
    Outcome.TOO_LARGE: TOO_LARGE,
}
_HARMLESS = frozenset({PageOutcome.OK, PageOutcome.REDIRECT, PageOutcome.ROBOTS_BLOCKED})


def status_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the answer itself: at most one finding."""
    if visit.outcome in _HARMLESS:
        return
    if visit.outcome == PageOutcome.HTTP_ERROR:
        check = SERVER_ERROR if (visit.status or 0) >= 500 else CLIENT_ERROR  # noqa: PLR2004 - 5xx
    else:
        check = next((c for outcome, c in _BY_OUTCOME.items() if outcome == visit.outcome), UNREACHABLE)
    evidence = {"status": visit.status, "outcome": str(visit.outcome), "detail": visit.detail}
    yield Finding(check, {name: value for name, value in evidence.items() if value})


RULES = (status_rule,)
