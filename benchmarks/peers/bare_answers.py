"""The ceiling of `benchmarks.surveys`: what FastAPI and asyncpg can store when nothing is asked, checked or decided.

    DATABASE_URL=… uvicorn benchmarks.peers.bare_answers:app

One row for each request, the body as it came, in a transaction of its own; the answer says which row it is.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Request

TABLE = "CREATE TABLE IF NOT EXISTS bare_answers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, answers jsonb NOT NULL)"


@asynccontextmanager
async def _pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_pool)


@app.put("/answers")
async def store(request: Request) -> dict[str, int]:
    """Store a body."""
    body = await request.body()
    number = await request.app.state.pool.fetchval(
        "INSERT INTO bare_answers (answers) VALUES ($1) RETURNING id", body.decode()
    )
    return {"id": number}
