"""Who calls: the principal behind a request, from a verified access token or an API key.

Tokens are Ed25519 JWTs (RFC 7519, RFC 8037) made by identity and verified here against its JWKS, so no service
asks identity on a request path. Keys are looked up in the database (`kernel.api_keys`). What a principal may do in a
team is `kernel.access`.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from kernel.api_keys import KeyFinder, looks_like_key
from kernel.problems import Forbidden, Unauthenticated, Unavailable
from kernel.settings import Settings

ALGORITHM = "Ed25519"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068 §2.1, a media type and no secret
LONGEST_TOKEN_CHARACTERS = 4_096
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REFETCH_AT_MOST_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token or key was verified. One with a key acts in one team only, within the key's scopes."""

    user_id: int
    session_id: str = ""
    authentication_methods: tuple[str, ...] = ()
    key_id: int | None = None
    only_team_id: int | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        """Name of the caller in cursors, idempotency keys and logs."""
        return f"user:{self.user_id}" if self.key_id is None else f"key:{self.key_id}"


class KeySource(Protocol):
    """Where public keys come from: identity's JWKS over HTTP, or identity's own table."""

    async def key_set(self, *, missing_kid: str | None = None) -> KeySet:
        """Return the present keys; `missing_kid` says that a token names a key the cached set lacks."""
        ...


class JwksKeys:
    """Keys of identity's JWKS document, cached; fetched again when old, or early when a token names an unknown key."""

    def __init__(self, settings: Settings, *, transport: Any = None) -> None:
        self._url = settings.jwks_url
        self._cache_s = settings.jwks_cache_s
        self._transport = transport
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key_set(self, *, missing_kid: str | None = None) -> KeySet:
        """Return the cached keys or fetch them; raises Unavailable when there are none and identity is silent."""
        if self._keys is not None and not self._is_stale(missing_kid):
            return self._keys
        async with self._lock:
            if self._keys is None or self._is_stale(missing_kid):
                await self._fetch()
            if self._keys is None:
                raise Unavailable("The keys that verify access tokens cannot be read at the moment.")
            return self._keys

    def _is_stale(self, missing_kid: str | None) -> bool:
        age_s = time.monotonic() - self._fetched_at
        return age_s > (self._cache_s if missing_kid is None else _REFETCH_AT_MOST_EVERY_S)

    async def _fetch(self) -> None:
        import httpx2

        try:
            async with httpx2.AsyncClient(transport=self._transport, timeout=5, trust_env=False) as client:
                answer = await client.get(self._url)
                answer.raise_for_status()
                self._keys = KeySet.import_key_set(answer.json())
                self._fetched_at = time.monotonic()
        except (httpx2.HTTPError, ValueError, JoseError):
            # An outage of identity must not log everybody out: old keys serve until it answers again.
            if self._keys is not None:
                self._fetched_at = time.monotonic() - self._cache_s + _REFETCH_AT_MOST_EVERY_S


class TokenVerifier:
    """Turns an access token into a Principal, or refuses it."""

    def __init__(self, settings: Settings, keys: KeySource) -> None:
        self._keys = keys
        self._registry = JWSRegistry(algorithms=[ALGORITHM])
        self._claims = jwt.JWTClaimsRegistry(
            leeway=5,
            iss={"essential": True, "value": settings.token_issuer},
            aud={"essential": True, "value": settings.token_audience},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
        )

    async def verify(self, token: str) -> Principal:
        """Return the caller; raises Unauthenticated without saying which check failed."""
        if len(token) > LONGEST_TOKEN_CHARACTERS:
            raise Unauthenticated("The access token is too long to be one of ours.")
        try:
            return await self._verify(token)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated(
                "The access token is not valid or has expired; refresh it or log in again."
            ) from error

    async def _verify(self, token: str) -> Principal:
        keys = await self._keys.key_set()
        kid = _key_id(token)
        if kid not in {key.kid for key in keys.keys}:
            keys = await self._keys.key_set(missing_kid=kid)
        decoded = jwt.decode(token, keys, registry=self._registry)
        if decoded.header.get("typ") != TOKEN_TYPE or "crit" in decoded.header:
            raise ValueError("another kind of token, or one that asks for what we do not know")
        self._claims.validate(decoded.claims)
        claims = decoded.claims
        return Principal(int(claims["sub"]), str(claims["sid"]), tuple(claims.get("amr", ())))


def _key_id(token: str) -> str:
    from joserfc import jws

    return str(jws.extract_compact(token.encode()).headers()["kid"])


async def current_principal(request: Request) -> Principal:
    """Return who calls, from the `Authorization: Bearer` header; raises Unauthenticated."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "Send `Authorization: Bearer <access token or API key>`; POST /api/accounts/login gives a token."
        )
    if looks_like_key(token):
        principal = await _principal_of_key(request, token)
    else:
        verifier: TokenVerifier = request.app.state.resources.verifier
        principal = await verifier.verify(token)
    request.state.principal = principal
    require_scope(request, principal)
    return principal


async def _principal_of_key(request: Request, key: str) -> Principal:
    finder: KeyFinder = request.app.state.resources.key_finder
    found = await finder.find(key)
    if found is None:
        raise Unauthenticated("The API key is not valid, has expired or was revoked.")
    return Principal(
        found.user_id, key_id=found.key_id, only_team_id=found.team_id, scopes=frozenset(found.scopes)
    )


def require_scope(request: Request, principal: Principal) -> None:
    """Refuse what an API key's scopes do not name: a route's first tag, with `:read` or `:write`; raises Forbidden."""
    if principal.key_id is None:
        return
    tags = getattr(request.scope.get("route"), "tags", None) or ["nothing"]
    needed = f"{tags[0]}:{'read' if request.method in SAFE_METHODS else 'write'}"
    if needed not in principal.scopes:
        held = ", ".join(sorted(principal.scopes)) or "none"
        raise Forbidden(
            f"This needs the scope {needed}; this key has {held}. Make a key with that scope, or log in.",
            team_id=principal.only_team_id,
            needed=needed,
        )


Caller = Annotated[Principal, Depends(current_principal)]
