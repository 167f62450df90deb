"""Signing keys of access tokens: kept sealed in the database, shared by all replicas, rotated with overlap.

A new key is made when the newest is older than `signing_key_days`. It is published for a minute before it signs, so that
every replica and every service knows it by then; the one before stays published until every token that it signed has
expired.
"""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from kernel.clock import utc_now
from kernel.db import Database, Tenancy
from kernel.principals import ALGORITHM, TOKEN_TYPE
from services.identity.queries import keys as key_queries
from services.identity.service.sealing import Sealer
from services.identity.settings import IdentitySettings

PUBLISHED_AHEAD = timedelta(minutes=1)
_REREAD_AFTER_S = 10.0
_REREAD_FOR_UNKNOWN_AFTER_S = 1.0


class SigningKeys:
    """The key that signs now, and those that verify; a KeySource for identity's own requests."""

    def __init__(self, database: Database, settings: IdentitySettings) -> None:
        self._database = database
        self._settings = settings
        self._sealer = Sealer(settings.secret_key.get_secret_value(), purpose="signing-key")
        self._signing: OKPKey | None = None
        self._public: list[dict[str, Any]] = []
        self._verifying = KeySet([])
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def ensure(self) -> None:
        """Make the first key, or the next when the newest is too old; one replica wins, the others read its key."""
        limit = utc_now() - timedelta(days=self._settings.signing_key_days)
        async with self._database.transaction(Tenancy.none()) as session:
            await key_queries.lock_signing_keys(session)
            newest = await key_queries.find_newest_key(session)
            if newest is None or newest.created_at < limit:
                key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, private=True)
                key.ensure_kid()
                kid = str(key.kid)
                sealed = self._sealer.seal(json.dumps(key.as_dict(private=True)), context=kid)
                key_queries.add_key(
                    session, kid=kid, public_jwk=dict(key.as_dict(private=False)), sealed=sealed
                )
                lifetime = timedelta(seconds=self._settings.access_token_s)
                retires_at = utc_now() + 5 * PUBLISHED_AHEAD + lifetime
                await key_queries.retire_other_keys(session, kid=kid, retires_at=retires_at)
        await self._read()

    async def key_set(self, *, missing_kid: str | None = None) -> KeySet:
        """Return the public keys that verify tokens now."""
        await self._read_if_older(_REREAD_AFTER_S if missing_kid is None else _REREAD_FOR_UNKNOWN_AFTER_S)
        return self._verifying

    async def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWKS document (RFC 7517 §5)."""
        await self._read_if_older(_REREAD_AFTER_S)
        return {"keys": self._public}

    async def sign(self, *, user_id: int, session_id: str, methods: list[str]) -> str:
        """Return an access token (RFC 9068) for a session."""
        await self._read_if_older(_REREAD_AFTER_S)
        if self._signing is None:
            await self.ensure()
        now = int(time.time())
        claims = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "sub": str(user_id),
            "sid": session_id,
            "amr": methods,
            "iat": now,
            "exp": now + self._settings.access_token_s,
        }
        key = self._signing
        if key is None:
            raise RuntimeError("there is no signing key although one was just made")
        return jwt.encode(
            {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": str(key.kid)}, claims, key, algorithms=[ALGORITHM]
        )

    async def _read_if_older(self, seconds: float) -> None:
        if time.monotonic() - self._read_at > seconds:
            async with self._lock:
                if time.monotonic() - self._read_at > seconds:
                    await self._read()

    async def _read(self) -> None:
        async with self._database.snapshot(Tenancy.none()) as session:
            rows = await key_queries.list_live_keys(session)
        self._public = [dict(row.public_jwk) for row in rows]
        self._verifying = KeySet([OKPKey.import_key(jwk) for jwk in self._public])
        self._signing = None
        if rows:
            known = (row for row in rows if row.created_at < utc_now() - PUBLISHED_AHEAD)
            row = next(known, rows[-1])  # the first key of all signs at once
            self._signing = OKPKey.import_key(
                json.loads(self._sealer.open(row.private_key_encrypted, context=row.kid))
            )
        self._read_at = time.monotonic()
