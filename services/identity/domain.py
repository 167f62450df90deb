"""Rules of accounts without any I/O: what an email and a password must be, and what a refresh token may still do."""

import re
import unicodedata
from datetime import datetime, timedelta
from enum import Enum, auto

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
PARALLEL_TABS_GRACE = timedelta(seconds=10)
# The head of every public list of leaked passwords that is long enough to pass the length rule (NIST SP 800-63B-4 §3.1.1.2).
COMMON_PASSWORDS = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789123",
        "1234567891011",
        "111111111111",
        "000000000000",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiop1234",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "passwordpassword",
        "password1234",
        "password12345",
        "password123456",
        "iloveyouiloveyou",
        "administrator",
        "letmeinletmein",
        "changemechangeme",
        "welcomewelcome",
        "correcthorsebatterystaple",
        "qwertyqwerty",
        "abcdefghijkl",
        "abcdefghijklm",
        "q1w2e3r4t5y6",
        "zaq12wsxcde3",
        "googlegoogle",
        "unknownunknown",
        "princessprincess",
        "football1234",
        "michaelmichael",
        "sunshine1234",
        "superman1234",
        "trustno1trustno1",
    ]
)
_REPEATED = re.compile(r"^(.{1,4})\1+$")


def normalized_email(email: str) -> str:
    """Return the address as it is stored and compared: NFC, without surrounding space, lower case."""
    return unicodedata.normalize("NFC", email.strip()).lower()


def password_fault(password: str, *, email: str) -> str | None:
    """Return why a password cannot be used, as a sentence with the way out, or None.

    Rules of NIST SP 800-63B-4 §3.1.1: length and a blocklist, no rules of composition.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return (
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one has {len(password)}. "
            "Several words in a row make a good one."
        )
    folded = password.casefold()
    if folded in COMMON_PASSWORDS or _REPEATED.match(folded):
        return "This password is on every attacker's list; choose one that nobody else would."
    context = {"plugzero", email.partition("@")[0].casefold()} - {""}
    remainder = folded
    for word in context:
        remainder = remainder.replace(word, "")
    if len(remainder) < SHORTEST_PASSWORD // 2:
        return (
            "This password is mostly your email or our name; add words that have nothing to do with either."
        )
    return None


class RefreshDecision(Enum):
    """What to do with a refresh token that was presented."""

    REPEAT_SUCCESSOR = auto()
    REVOKE_FAMILY = auto()


def decide_on_rotated_token(*, rotated_at: datetime, now: datetime) -> RefreshDecision:
    """Return what a second use of a rotated refresh token means.

    Tabs of one browser refresh at the same moment, so within 10 s the *same* successor is given again (there is never
    a fork); later use is theft and ends the family (RFC 9700 §4.14.2).
    """
    if now - rotated_at <= PARALLEL_TABS_GRACE:
        return RefreshDecision.REPEAT_SUCCESSOR
    return RefreshDecision.REVOKE_FAMILY
