"""Days, times, e-mail addresses, telephone numbers, web addresses and strokes of a pen: text → normal form, None when it is none of the kind."""

import re
from datetime import date
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

PAD_WIDTH, PAD_HEIGHT = 600, 200
"""The box in which signatures are drawn; strokes have whole numbers inside it."""
LONGEST_PATH = 20_000
_POINT = r"(\d{1,3}) (\d{1,3})"
_STROKES = re.compile(rf"(?:M{_POINT}(?:L{_POINT})+)+", re.ASCII)
_POINTS = re.compile(rf"[ML]{_POINT}", re.ASCII)
PHONE_DIGITS = range(6, 16)  # E.164 allows at most 15

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day(text: str) -> str | None:
    """`YYYY-MM-DD` when the text is a day of the calendar (RFC 3339 full-date), else None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def time_of_day(text: str) -> str | None:
    """`HH:MM` when the text is a time of day, else None; seconds, which some browsers add, are dropped."""
    return text[:5] if _TIME.fullmatch(text) else None


def email(text: str) -> str | None:
    """The address in the normal form of RFC 5321/6531, None when it is none; no DNS is asked."""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def phone(text: str) -> str | None:
    """Digits, with the + of an international number (ITU-T E.164); None when it is no number."""
    compact = re.sub(r"[\s().\-/]", "", text)
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in PHONE_DIGITS:
        return None
    return compact


def web_address(text: str) -> str | None:
    """The text when it is an http(s) address with a host, else None."""
    if any(character.isspace() or character < "!" for character in text):
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return None
    return text if parts.scheme in {"http", "https"} and host and "." in host.strip(".") else None


def strokes(text: str) -> str | None:
    """The text when it is the path of strokes inside the box (SVG 2 §9.3, of whose commands M and L alone), else None."""
    if len(text) > LONGEST_PATH or not _STROKES.fullmatch(text):
        return None
    is_inside = all(int(x) <= PAD_WIDTH and int(y) <= PAD_HEIGHT for x, y in _POINTS.findall(text))
    return text if is_inside else None
