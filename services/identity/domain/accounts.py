"""What an email is compared by, and what a refresh token may still do."""

import unicodedata
from datetime import datetime, timedelta
from enum import Enum, auto

PARALLEL_TABS_GRACE = timedelta(seconds=10)


def normalized_email(email: str) -> str:
    """Return the address as it is stored and compared: NFC, without surrounding space, lower case."""
    return unicodedata.normalize("NFC", email.strip()).lower()


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
