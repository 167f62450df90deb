"""Identifiers and secrets: time-ordered UUIDs, tokens, and the hashes under which tokens are stored."""

import hashlib
import secrets
import time
import uuid
from typing import Annotated

from pydantic import Field

LARGEST_BIGINT = 2**63 - 1

RowId = Annotated[int, Field(ge=1, le=LARGEST_BIGINT)]
"""The id of a row, as requests name it in bodies and queries."""

_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_RANDOM = (0xFFF << 64) | (2**62 - 1)


def uuid7() -> uuid.UUID:
    """Return a UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Time-ordered keys keep B-tree inserts on the right edge.
    """
    unix_ms = time.time_ns() // 1_000_000
    random = int.from_bytes(secrets.token_bytes(10))
    return uuid.UUID(int=(unix_ms << 80) | (random & _RANDOM) | _VERSION_AND_VARIANT)


def new_token() -> str:
    """Return a URL-safe secret of 256 random bits (43 characters)."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token as 64 hexadecimal digits.

    A plain hash is enough: tokens carry 256 random bits, so there is nothing to guess.
    """
    return hashlib.sha256(token.encode()).hexdigest()
