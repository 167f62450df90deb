"""Links in mails: what they allow is signed into them, so no table of pending tokens is needed.

The token is Base64url of a JSON object and an HMAC-SHA-256 over it, bound to one purpose.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta

from services.identity.errors import LinkExpired

TAG_BYTES = 32


class LinkSigner:
    """Makes and reads tokens of one purpose."""

    def __init__(self, secret: str, *, purpose: str) -> None:
        self._key = hashlib.sha256(f"plugzero/link/{purpose}\0{secret}".encode()).digest()

    def make(self, *, user_id: int, bound_to: str, now: datetime, lifetime: timedelta) -> str:
        """Return the token for one user, bound to what must not have changed until it is used."""
        expires_at = int((now + lifetime).timestamp())
        payload = json.dumps([user_id, bound_to, expires_at], ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(self._tag(payload) + payload).decode().rstrip("=")

    def read(self, token: str, *, now: datetime) -> tuple[int, str]:
        """Return user id and what it is bound to; raises LinkExpired when cut, forged or too old."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError as error:
            raise LinkExpired from error
        tag, payload = raw[:TAG_BYTES], raw[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(payload)):
            raise LinkExpired
        user_id, bound_to, expires_at = json.loads(payload)
        if now.timestamp() > expires_at:
            raise LinkExpired
        return int(user_id), str(bound_to)

    def _tag(self, payload: bytes) -> bytes:
        return hmac.new(self._key, payload, hashlib.sha256).digest()
