"""Signed form tokens of the respondent's page, and the session token that the first form of an interview leads to.

Why: a GET must not create anything, so the page that shows the first form has no session yet. It carries a random nonce instead, and
the session's token is derived from it: sending that form twice, even at the same moment, leads to one interview. The signature tells
our forms from forged ones, together with the SameSite cookie and the Origin check.
"""

import base64
import hashlib
import hmac
import struct

LIFETIME_S = 7 * 24 * 3600
NONCE_BYTES = 16
_SIGNATURE_BYTES = 16
_TIME = struct.Struct(">Q")


def make_form_token(secret: str, survey: str, *, nonce: bytes, issued_at_s: int) -> str:
    """A token for forms of one survey: nonce, time of issue (Unix seconds) and HMAC-SHA-256, URL-safe."""
    payload = nonce + _TIME.pack(issued_at_s)
    return _encode(payload + _mac(secret, "form", survey, payload)[:_SIGNATURE_BYTES])


def read_form_token(secret: str, survey: str, token: str, *, now_s: int) -> bytes | None:
    """The nonce of a token that was made for this survey within LIFETIME_S, else None."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    payload, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
    if len(payload) != NONCE_BYTES + _TIME.size:
        return None
    if not hmac.compare_digest(signature, _mac(secret, "form", survey, payload)[:_SIGNATURE_BYTES]):
        return None
    (issued_at_s,) = _TIME.unpack(payload[NONCE_BYTES:])
    return payload[:NONCE_BYTES] if now_s - issued_at_s <= LIFETIME_S else None


def shown_at_s(token: str) -> int:
    """When the page of a token that `read_form_token` accepted was shown, in Unix seconds."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    (issued_at_s,) = _TIME.unpack(raw[NONCE_BYTES : NONCE_BYTES + _TIME.size])
    return int(issued_at_s)


def session_token(secret: str, survey: str, nonce: bytes) -> str:
    """The session token that the form with this nonce leads to: 256 bits that nobody without the secret can compute."""
    return _encode(_mac(secret, "session", survey, nonce))


def device_token(secret: str, survey: str, nonce: bytes) -> str:
    """The token by which a browser is known again as a device; like the session's, sending a form twice makes one."""
    return _encode(_mac(secret, "device", survey, nonce))


def _mac(secret: str, purpose: str, survey: str, payload: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) over a purpose, a survey and a payload, so that one kind of token never passes for another."""
    message = b"\0".join((b"survey", purpose.encode(), survey.encode(), payload))
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
