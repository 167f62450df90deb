"""`Idempotency-Key`: a POST that is repeated with the same key gets the first answer, and has its effect once.

The key is claimed as the first write of the request's transaction and the answer is stored as its last one, so key,
effect and answer commit together or not at all. A repeat that arrives while the first still runs waits for it at the
claim (PostgreSQL's unique index), then gets the same answer. Keys are kept for a day.
After draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import utc_now
from kernel.models import IdempotencyKey
from kernel.problems import Conflict, Invalid

HEADER = "idempotency-key"
LONGEST_KEY = 255
KEPT_FOR = timedelta(hours=24)
_KEPT_HEADERS = ("content-type", "location", "etag")


class IdempotencyKeyReused(Conflict):
    """This `Idempotency-Key` came with another request before. Use a new key for a new request."""

    slug = "idempotency-key-reused"
    title = "This idempotency key belongs to another request"


class SecretShownOnce(Conflict):
    """The first request with this `Idempotency-Key` was done; its answer held a secret, which is shown once and not kept.

    If that answer was lost, revoke what was made and make another, with a new key.
    """

    slug = "secret-shown-once"
    title = "The first answer held a secret that is not kept"


class ReplayedError(Exception):
    """Not an error: the request was answered before, and `response` is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


class Claim:
    """A key that this request holds until its transaction ends."""

    def __init__(self, session: AsyncSession, caller: str, key: str) -> None:
        self._session, self._caller, self._key = session, caller, key

    async def store(self, response: Response) -> None:
        """Keep the answer for repeats; of one that no cache may hold (`no-store`: it shows a secret) keep only that it was given."""
        if response.headers.get("cache-control") == "no-store":
            location = response.headers.get("location", "")
            refusal = SecretShownOnce(f"What was made is at {location or 'the address of this request'}.")
            response = refusal.response(instance="")
        kept = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        await self._session.flush()
        await self._session.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.caller == self._caller, IdempotencyKey.key == self._key)
            .values(status_code=response.status_code, headers=kept, body=bytes(response.body))
            .execution_options(synchronize_session=False)
        )


async def claim(session: AsyncSession, request: Request, *, caller: str) -> None:
    """Claim the request's key, if it is a POST with one.

    Raises ReplayedError with the first answer, and IdempotencyKeyReused when the key came with another request.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Invalid.at("/header/Idempotency-Key", f"A key has 1 to {LONGEST_KEY} characters.")
    request_hash = await _request_hash(request)
    await session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.caller == caller,
            IdempotencyKey.key == key,
            IdempotencyKey.created_at < utc_now() - KEPT_FOR,
        )
    )
    claimed = await session.execute(
        insert(IdempotencyKey)
        .values(caller=caller, key=key, request_hash=request_hash)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if claimed.scalar_one_or_none() is not None:
        request.state.idempotency_claim = Claim(session, caller, key)
        return
    raise ReplayedError(await _first_answer(session, caller, key, request_hash))


async def _first_answer(session: AsyncSession, caller: str, key: str, request_hash: str) -> Response:
    statement = select(IdempotencyKey).where(IdempotencyKey.caller == caller, IdempotencyKey.key == key)
    stored = (await session.scalars(statement)).one()
    if stored.request_hash != request_hash:
        raise IdempotencyKeyReused(
            "The same Idempotency-Key came with another address or body within the last day."
        )
    headers = {**stored.headers, "Idempotency-Replayed": "true"}
    return Response(stored.body or b"", status_code=stored.status_code or 200, headers=headers)


async def _request_hash(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    if not request.headers.get("content-type", "").startswith("multipart/"):
        digest.update(await request.body())
    return digest.hexdigest()


class IdempotentRoute(APIRoute):
    """A route that stores its answer under the request's key before its transaction commits."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, followed by the store; both run before function-scoped dependencies end."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            held: Claim | None = getattr(request.state, "idempotency_claim", None)
            if held is not None:
                await held.store(response)
            return response

        return handle


async def keep_answer(request: Request, answer: Response) -> None:
    """Store the answer of a route that opens its transaction itself, before that ends; without a claimed key do nothing."""
    held: Claim | None = getattr(request.state, "idempotency_claim", None)
    if held is not None:
        await held.store(answer)
        # The route would store it once more, when the transaction is over.
        request.state.idempotency_claim = None


async def purge_expired(session: AsyncSession) -> None:
    """Remove keys that nobody may repeat any more."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < utc_now() - KEPT_FOR))
