"""Links that open a file's report in a browser, which sends no access token with an address.

A link names the file and the log-in it was made in, and is signed. It opens nothing by itself: whoever follows it acts as
the person who asked for it, so a membership or a session that has ended ends the link too.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

LIFE_S = 300
_MAC_BYTES = 32
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Whom a link acts for: a user within a log-in, or the holder of an API key within one team."""

    user_id: int
    session_id: str
    only_team_id: int | None


def make_link_token(secret: str, file_id: int, holder: LinkHolder, *, now_s: int) -> str:
    """Return the token of a link to one file's report, good for LIFE_S seconds."""
    content = [file_id, holder.user_id, holder.session_id, holder.only_team_id, now_s + LIFE_S]
    payload = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(secret, payload) + payload).decode().rstrip("=")


def read_link_token(secret: str, file_id: int, token: str, *, now_s: int) -> LinkHolder | None:
    """Return whom a token acts for; None where it is not ours, of another file, or older than LIFE_S seconds."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, payload)):
        return None
    for_file, user_id, session_id, only_team_id, expires_s = json.loads(payload)
    if for_file != file_id or now_s > expires_s:
        return None
    return LinkHolder(user_id, session_id, only_team_id)


def _mac(secret: str, payload: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104), over the purpose too, so that no other signed token passes for a link."""
    return hmac.new(secret.encode(), b"file-report\0" + payload, hashlib.sha256).digest()
