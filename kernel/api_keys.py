"""API keys: what one looks like, and whose it is.

A key is `plz_`, 40 random characters of base 62 (238 bits) and a checksum of 6 (CRC-32 in base 62), so that secret
scanners recognise one with certainty and a mistyped one never reaches the database. The database keeps its SHA-256.
"""

import re
import secrets
import string
import zlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import hash_token

PREFIX = "plz_"
PATTERN = re.compile(r"plz_[0-9A-Za-z]{46}")
"""What secret scanners look for; the last 6 characters must be the checksum of the 40 before."""
SHOWN_CHARACTERS = 12
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_CHARACTERS, _CHECKSUM_CHARACTERS = 40, 6
_USE = text("SELECT key_id, user_id, team_id, scopes FROM access.use_api_key(:hash)")


def new_key() -> str:
    """Return a new key; it is shown once and never stored."""
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    return f"{PREFIX}{secret}{checksum(secret)}"


def checksum(secret: str) -> str:
    """Return the CRC-32 of a key's random part as 6 characters of base 62."""
    number = zlib.crc32(secret.encode())
    digits = ""
    for _ in range(_CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def looks_like_key(token: str) -> bool:
    """Return whether somebody means this to be a key rather than an access token."""
    return token.startswith(PREFIX)


def is_well_formed(key: str) -> bool:
    """Return whether length, alphabet and checksum are a key's."""
    secret = key[len(PREFIX) : len(PREFIX) + _RANDOM_CHARACTERS]
    return PATTERN.fullmatch(key) is not None and key.endswith(checksum(secret))


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """Whose key it is, and what for."""

    key_id: int
    user_id: int
    team_id: int
    scopes: tuple[str, ...]


class KeyFinder:
    """Looks keys up, each time anew: a revoked key is refused by the next request in every service."""

    def __init__(self, transaction: Callable[[], AbstractAsyncContextManager[AsyncSession]]) -> None:
        self._transaction = transaction

    async def find(self, key: str) -> KeyGrant | None:
        """Return the grant of a key that works now, and note its use; None for any other."""
        if not is_well_formed(key):
            return None
        async with self._transaction() as session:
            row = (await session.execute(_USE, {"hash": hash_token(key)})).one_or_none()
        return None if row is None else KeyGrant(row.key_id, row.user_id, row.team_id, tuple(row.scopes))
