"""aiohttp's, asyncio's and the system's errors, told apart as outcomes."""

import asyncio
import errno

import aiohttp
from aiohttp.http_exceptions import LineTooLong

from kernel.outbound.decoding import BadEncoding, BodyTooLarge
from kernel.outbound.policy import Outcome
from kernel.outbound.resolver import AddressRefused

FETCH_ERRORS = (aiohttp.ClientError, OSError, asyncio.TimeoutError, BadEncoding, BodyTooLarge, ValueError)
"""Everything that a fetch of a stranger's server can raise. Anything else is a defect of ours and stays loud."""

# First match decides; subclasses stand before their bases.
_BY_TYPE: tuple[tuple[type[BaseException], Outcome], ...] = (
    (AddressRefused, Outcome.BLOCKED_ADDRESS),
    (BadEncoding, Outcome.BAD_ENCODING),
    (BodyTooLarge, Outcome.TOO_LARGE),
    (aiohttp.ClientConnectorDNSError, Outcome.DNS_ERROR),
    (aiohttp.ClientSSLError, Outcome.TLS_ERROR),
    (aiohttp.ServerFingerprintMismatch, Outcome.TLS_ERROR),
    (TimeoutError, Outcome.TIMEOUT),
    (aiohttp.InvalidURL, Outcome.BAD_URL),
    (aiohttp.ServerDisconnectedError, Outcome.DISCONNECTED),
    (aiohttp.ClientPayloadError, Outcome.DISCONNECTED),
    (ConnectionResetError, Outcome.DISCONNECTED),
    (BrokenPipeError, Outcome.DISCONNECTED),
    (ConnectionRefusedError, Outcome.REFUSED),
    (aiohttp.ClientResponseError, Outcome.BAD_RESPONSE),
    (LineTooLong, Outcome.BAD_RESPONSE),
    (ValueError, Outcome.BAD_RESPONSE),
)


def outcome_of(error: BaseException) -> tuple[Outcome, str]:
    """Return the outcome that an error of a fetch stands for, and its reason for people."""
    cause = _root(error)
    for kind, outcome in _BY_TYPE:
        if isinstance(cause, kind):
            return outcome, _reason(cause, outcome)
    if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
        return Outcome.REFUSED, _reason(cause, Outcome.REFUSED)
    return Outcome.UNREACHABLE, _reason(cause, Outcome.UNREACHABLE)


def _root(error: BaseException) -> BaseException:
    """The system's own error inside aiohttp's connector errors, where that says more."""
    inner = getattr(error, "os_error", None)
    keeps_its_name = isinstance(error, aiohttp.ClientConnectorDNSError | aiohttp.ClientSSLError)
    if isinstance(inner, AddressRefused) or (isinstance(inner, OSError) and not keeps_its_name):
        return inner
    return error


def _reason(error: BaseException, outcome: Outcome) -> str:
    said = {
        Outcome.TIMEOUT: "the server did not answer in time",
        Outcome.DNS_ERROR: "the host name has no address",
        Outcome.REFUSED: "nothing accepts connections there",
        Outcome.DISCONNECTED: "the server closed the connection before its answer was complete",
    }
    text = " ".join(str(error).split())[:300]
    return said.get(outcome) or text or type(error).__name__
