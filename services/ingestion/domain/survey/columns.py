"""A table of responses as a Parquet file in memory. For workers only: it imports pyarrow."""

import io
from datetime import date, time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from services.ingestion.domain.survey.tables import Column, Table

TYPES = {
    "string": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list": pa.list_(pa.string()),
}


def parquet_bytes(table: Table) -> bytes:
    """The file: one column per variable (and per typed missing), zstd, rows in the table's order."""
    arrays = [pa.array(_typed(column), type=TYPES[column.storage]) for column in table.columns]
    written = io.BytesIO()
    pq.write_table(pa.table(arrays, names=[c.name for c in table.columns]), written, compression="zstd")
    return written.getvalue()


def _typed(column: Column) -> list[Any]:
    """Days and times, which are stored as text, as what they are."""
    if column.storage == "date":
        return [None if value is None else date.fromisoformat(value) for value in column.values]
    if column.storage == "time":
        return [None if value is None else time.fromisoformat(value) for value in column.values]
    return column.values
