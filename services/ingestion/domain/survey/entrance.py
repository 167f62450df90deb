"""Who gets into a survey: why it takes no answers, the proof of a password, how wrong ones are counted, and what looks alike.

The database decides whether an interview may begin or go on; what is here says why not, and signs what a browser keeps.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Literal

Reason = Literal["paused", "closed", "not_yet", "over", "full"]
LONGEST_PASSWORD = 200


@dataclass(frozen=True)
class Rules:
    """The rules of a survey, with what the database makes of them at this moment."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    max_responses: int | None = None
    one_per: str = ""
    password_hash: str = ""
    now: datetime | None = None
    is_open: bool = True
    """Whether interviews under way may go on."""
    may_begin: bool = True


def why_not(status: str, rules: Rules) -> Reason | None:
    """Why no interview may begin; None where one may."""
    if rules.may_begin:
        return None
    if status != "PUBLISHED":
        return "paused" if status == "PAUSED" else "closed"
    if rules.opens_at and rules.now and rules.opens_at > rules.now:
        return "not_yet"
    return "over" if rules.closes_at and rules.now and rules.closes_at <= rules.now else "full"


def entry_token(secret: str, survey_uuid: str, password_hash: str) -> str:
    """What a browser keeps instead of the password: HMAC-SHA-256 (RFC 2104), void as soon as the password is another."""
    message = f"survey-entry/{survey_uuid}/{password_hash}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def knows_password(secret: str, survey_uuid: str, password_hash: str, entry: str) -> bool:
    """Whether no password is asked, or the token was given for the present one."""
    expected = entry_token(secret, survey_uuid, password_hash)
    return not password_hash or hmac.compare_digest(expected.encode(), entry.encode())


def attempt_key(secret: str, survey_uuid: str, counted: str) -> str:
    """The key under which attempts are counted: it does not show the address, nor lets anybody compute it from one."""
    message = f"survey-attempt/{survey_uuid}/{counted}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def fingerprint(secret: str, survey_uuid: str, *, address: str, user_agent: str, accept_language: str) -> str:
    """What interviews from one network and browser have in common within one survey; empty where the address is none.

    HMAC-SHA-256 (RFC 2104), 64 hexadecimal digits: it shows neither, is another one in every survey, and nobody without the secret
    can try addresses out. No header has a line break, so that equal messages have equal parts.
    """
    network = _network(address)
    if not network:
        return ""
    message = "\n".join((f"survey-fingerprint/{survey_uuid}", network, user_agent, accept_language))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def _network(address: str) -> str:
    """The network that one connection has: an IPv4 address; 64 bits of IPv6, whose other half devices change by themselves (RFC 8981)."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or IPv6Network((int(found), 64), strict=False))
    return str(found)


@dataclass(frozen=True)
class Allowance:
    """How many wrong passwords cost nothing, and how long the next one waits at most."""

    n_free: int
    longest_s: int


OF_ADDRESS = Allowance(n_free=5, longest_s=900)
OF_EVERYBODY = Allowance(n_free=50, longest_s=5)
"""Many addresses that try one survey: slow enough to find nothing, short enough to shut nobody out."""
