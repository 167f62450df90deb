"""The database: engines per role, tenancy settings, write and read sessions, and the only commit.

A request or message has one transaction. Its first statement tells PostgreSQL who acts (`app.user_id`,
`app.team_id` …); the policies read that, so a forgotten WHERE shows nothing of other teams. The settings are
local to the transaction: a pooled connection never carries them on.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, NoReturn, Protocol, Self

from fastapi import Depends, Request
from sqlalchemy import Executable, Row, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from kernel.idempotency import claim
from kernel.principals import Caller, Principal
from kernel.problems import Forbidden, Invalid, Problem, Unauthenticated, Unavailable
from kernel.settings import Settings, async_database_url

INSUFFICIENT_PRIVILEGE = "42501"
_UNSTORABLE_TEXT = frozenset({"22021", "22P05"})
_INVALID_TEXT = "22P02"
_RETRY_LATER = frozenset({"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300", "25P04"})


@dataclass(frozen=True, slots=True)
class Tenancy:
    """In whose name a transaction acts: pairs of setting name and value that the policies read.

    `session_id` names the log-in that must still be open when the transaction begins.
    """

    settings: tuple[tuple[str, str], ...]
    session_id: str = ""

    @classmethod
    def of_caller(cls, caller: Principal) -> Self:
        """A request of somebody who is logged in, or of a key: rows of their teams, or of the key's team, now."""
        own = (("app.user_id", str(caller.user_id)),)
        if caller.only_team_id is not None:
            return cls((*own, ("app.only_team", str(caller.only_team_id))))
        return cls(own, caller.session_id)

    @classmethod
    def of_user(cls, user_id: int) -> Self:
        """A user who proves who they are in this very request: rows of the teams they belong to at this moment."""
        return cls((("app.user_id", str(user_id)),))

    @classmethod
    def of_team(cls, team_id: int) -> Self:
        """A worker's message: rows of one team."""
        return cls((("app.team_id", str(team_id)),))

    @classmethod
    def of_public(cls, **settings: str) -> Self:
        """A public page: `survey_uuid`, `session_hash` or `report_uuid`, for the narrow roles only."""
        return cls(tuple((f"app.{name}", value) for name, value in settings.items()))

    def also(self, **settings: str) -> Self:
        """Return the same with further settings, such as the hash of a mailed token."""
        return replace(self, settings=(*self.settings, *((f"app.{k}", v) for k, v in settings.items())))

    @classmethod
    def none(cls) -> Self:
        """Nobody: tenant tables show no rows."""
        return cls(())


class Executor(Protocol):
    """Executes a statement: a write session within its transaction, or the database in a transaction of its own."""

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the rows of a statement that returns some."""
        ...


class Session(AsyncSession):
    """A write session. It may flush; only this module commits."""

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the rows of a statement that returns some, as Database.rows does outside a transaction."""
        return (await self.execute(statement, values)).all()

    async def commit(self) -> NoReturn:
        """Refuse: the transaction ends where it was opened."""
        raise RuntimeError("only kernel.db commits; flush if you need the database's answer earlier")


class Snapshot(AsyncSession):
    """A read session: one repeatable-read snapshot through which PostgreSQL itself refuses writes."""

    async def commit(self) -> NoReturn:
        """Refuse: there is nothing to commit."""
        raise RuntimeError("a snapshot cannot write")


class Database:
    """The connections of one process under one role."""

    def __init__(self, url: str, settings: Settings) -> None:
        timeout_ms = int(settings.database_statement_timeout_s * 1000)
        self.engine: AsyncEngine = create_async_engine(
            async_database_url(url),
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={
                "timeout": 10,
                "server_settings": {
                    "application_name": f"plugzero-{settings.service}",
                    "statement_timeout": str(timeout_ms),
                    "idle_in_transaction_session_timeout": str(timeout_ms * 2),
                    "jit": "off",
                },
            },
        )
        self._read_engine = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._single_engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self, tenancy: Tenancy) -> AsyncIterator[Session]:
        """Open a write transaction in somebody's name; commits at the end, rolls back on any exception."""
        async with Session(self.engine, expire_on_commit=False) as session, session.begin():
            await act_as(session, tenancy)
            yield session

    @asynccontextmanager
    async def snapshot(self, tenancy: Tenancy) -> AsyncIterator[Snapshot]:
        """Open a read-only snapshot in somebody's name."""
        async with Snapshot(self._read_engine, expire_on_commit=False) as session, session.begin():
            await act_as(session, tenancy)
            yield session

    async def rows(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the rows of a statement that is a transaction of its own, in nobody's name.

        One round trip instead of three, and no ORM: for the few paths that every client walks all the time.
        """
        async with self._single_engine.connect() as connection:
            return (await connection.execute(statement, values)).all()

    async def ping(self) -> None:
        """Ask PostgreSQL for a sign of life."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def act_as(session: AsyncSession, tenancy: Tenancy) -> None:
    """Tell PostgreSQL who acts from here to the end of the transaction; raises Unauthenticated for an ended session."""
    if not tenancy.settings:
        return
    acting = _acting(len(tenancy.settings), asks_session=bool(tenancy.session_id))
    values = {
        f"{key}{i}": word
        for i, pair in enumerate(tenancy.settings)
        for key, word in zip("nv", pair, strict=True)
    }
    if not tenancy.session_id:
        await session.execute(acting, values)
    elif not await session.scalar(acting, {**values, "session": tenancy.session_id}):
        raise Unauthenticated("This session has ended. Log in again.")


@cache
def _acting(n_settings: int, *, asks_session: bool) -> TextClause:
    """The statement that every transaction begins with."""
    calls = [f"set_config(:n{i}, :v{i}, true)" for i in range(n_settings)]
    asked = ["access.is_session_open(CAST(:session AS uuid))"] if asks_session else []
    return text(f"SELECT {', '.join(asked + calls)}")


def problem_of_database(error: DBAPIError) -> Problem | None:
    """Return the problem for what PostgreSQL refused for reasons outside the request's fields, or None."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""
    if state == INSUFFICIENT_PRIVILEGE:
        return Forbidden("The database refuses this to your role in the team.")
    if state in _UNSTORABLE_TEXT or (state == _INVALID_TEXT and "type json" in str(error.orig)):
        return unstorable_text()
    if _is_out_of_range(error):
        return Invalid.at("", "A whole number is larger than any that is stored here (64 bits).")
    if error.connection_invalidated or state.startswith("08") or state in _RETRY_LATER:
        return Unavailable("The database is not reachable or too busy at the moment. Nothing was written.")
    return None


def unstorable_text() -> Invalid:
    """Return the problem for characters that JSON can write but PostgreSQL cannot hold."""
    return Invalid.at(
        "", "Texts cannot hold the character NUL (\\u0000) or half a surrogate pair; take it out."
    )


def _is_out_of_range(error: DBAPIError) -> bool:
    """Whether asyncpg refused to encode an integer: it raises that from an OverflowError, without a state."""
    refused = getattr(error.orig, "__cause__", None)
    return isinstance(getattr(refused, "__cause__", None), OverflowError)


def current_database(request: Request) -> Database:
    """Return this process's database under its service's role."""
    database: Database = request.app.state.resources.database
    return database


def public_database(request: Request) -> Database:
    """Return the database under the narrow role of public pages."""
    database: Database = request.app.state.resources.public_database
    return database


async def open_transaction(request: Request, caller: Caller) -> AsyncIterator[Session]:
    """Yield the request's write transaction; it commits after the handler and before the response is sent."""
    async with current_database(request).transaction(Tenancy.of_caller(caller)) as session:
        await claim(session, request, caller=caller.subject)
        yield session


async def open_snapshot(request: Request, caller: Caller) -> AsyncIterator[Snapshot]:
    """Yield the request's read-only snapshot."""
    async with current_database(request).snapshot(Tenancy.of_caller(caller)) as session:
        yield session


async def _whole_database(request: Request) -> Database:
    return current_database(request)


async def _public_database(request: Request) -> Database:
    return public_database(request)


CurrentDatabase = Annotated[Database, Depends(_whole_database)]
PublicDatabase = Annotated[Database, Depends(_public_database)]
# scope="function": with FastAPI's default scope the commit would run after the response was sent, and a failing
# commit would reach the client as a success.
Transaction = Annotated[Session, Depends(open_transaction, scope="function")]
ReadOnly = Annotated[Snapshot, Depends(open_snapshot, scope="function")]
