"""Datasets for analytics: made as ingestion would leave them, so that these tests need no other service's work."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import pytest

from tests.conftest import Clients, Person

Variables = Sequence[Mapping[str, Any]]
MakeDataset = Callable[..., Awaitable[int]]
Analyse = Callable[..., Awaitable[dict[str, Any]]]

VOTERS: Variables = (
    {
        "alias": "region",
        "kind": "category",
        "codes": [{"code": c, "label": c.title()} for c in ("north", "south", "east")],
    },
    {
        "alias": "vote",
        "kind": "category",
        "codes": [{"code": "y", "label": "Yes"}, {"code": "n", "label": "No"}],
    },
    {"alias": "age", "kind": "integer"},
    {
        "alias": "media",
        "kind": "multiple",
        "codes": [{"code": c, "label": c.upper()} for c in ("tv", "web", "radio")],
    },
    {
        "alias": "happy",
        "kind": "ordered",
        "codes": [{"code": str(i), "label": f"Level {i}", "value": i} for i in (1, 2, 3)],
    },
    {"alias": "member", "kind": "boolean"},
    {"alias": "joined", "kind": "date"},
    {"alias": "remark", "kind": "text"},
    {"alias": "w", "kind": "decimal"},
)
VOTERS_SQL = """
    SELECT CASE i % 3 WHEN 0 THEN 'north' WHEN 1 THEN 'south' ELSE 'east' END AS region,
           CASE WHEN i % 11 = 0 THEN NULL WHEN i % 3 = 1 AND i % 4 > 0 THEN 'y' WHEN i % 5 = 0 THEN 'y' ELSE 'n' END AS vote,
           18 + (i * 7) % 60 AS age,
           CASE WHEN i % 13 = 0 THEN NULL
                ELSE list_filter(['tv', 'web', 'radio'], lambda m, k: (i + k) % (k + 1) > 0) END AS media,
           CASE WHEN i % 13 = 0 THEN 'not_asked' END AS media__missing,
           CAST(1 + i % 3 AS VARCHAR) AS happy, i % 2 = 0 AS member, DATE '2024-01-01' + CAST(i % 4 AS INTEGER) AS joined,
           'remark ' || i AS remark, 0.5 + (i % 4) * 0.75::DOUBLE AS w
    FROM range({n}) t(i)
"""


@pytest.fixture
def make_dataset(
    clients: Clients, project: int, team: int, owner: asyncpg.Connection, tmp_path: Path
) -> MakeDataset:
    """A factory of datasets from a SELECT; `dataset_id` adds a version to one that exists."""

    async def make(sql: str, variables: Variables = VOTERS, *, dataset_id: int | None = None) -> int:
        path = tmp_path / "dataset.parquet"
        path.unlink(missing_ok=True)
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        key = f"teams/{team}/projects/{project}/datasets/{digest}.parquet"
        await clients.apps["analytics"].state.resources.objects.put(
            key, content, "application/vnd.apache.parquet"
        )
        if dataset_id is None:
            dataset_id = await owner.fetchval(
                "INSERT INTO data_ingestion_dataset (project_id, name) VALUES ($1, 'test') RETURNING id",
                project,
            )
        number = await owner.fetchval(
            "UPDATE data_ingestion_dataset SET version = version + 1 WHERE id = $1 RETURNING version",
            dataset_id,
        )
        codebook = {"variables": [{"name": v["alias"], "label": v["alias"].title(), **v} for v in variables]}
        await owner.execute(
            """INSERT INTO data_ingestion_datasetversion
               (project_id, dataset_id, number, parquet_key, codebook, n_rows, content_hash)
               VALUES ($1, $2, $3, $4, $5, 0, $6)""",
            project,
            dataset_id,
            number,
            key,
            json.dumps(codebook),
            digest,
        )
        return int(dataset_id)

    return make


@pytest.fixture
async def voters(make_dataset: MakeDataset) -> int:
    """Six hundred voters with every kind of variable."""
    return await make_dataset(VOTERS_SQL.format(n=600))


@pytest.fixture
def analyse(clients: Clients, project: int, alice: Person, drain: Callable[[], Awaitable[None]]) -> Analyse:
    """Request an analysis, let the workers finish it, and return it as read afterwards."""

    async def run(
        dataset_id: int, calculation_type: str, parameters: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        body = {
            "dataset_id": dataset_id,
            "calculation_type": calculation_type,
            "parameters": parameters,
            **more,
        }
        answer = await clients.analytics.post(
            f"/api/projects/{project}/analyses", json=body, headers=alice.headers
        )
        assert answer.status_code in {200, 202}, answer.text
        await drain()
        read = await clients.analytics.get(f"/api/analyses/{answer.json()['id']}", headers=alice.headers)
        result: dict[str, Any] = read.json()
        return result

    return run
