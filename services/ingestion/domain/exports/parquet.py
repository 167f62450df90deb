"""A dataset as Parquet: its own file, with the codebook inside, so that reading it again gives the same dataset."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from services.ingestion.domain.exports.request import Exported, Source
from services.ingestion.domain.own_codebook import CODEBOOK_KEY
from services.ingestion.domain.quoting import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def export_parquet(connection: "DuckDBPyConnection", source: Source, work: Path) -> Exported:
    """Write the chosen variables with what is known about missing values; the codebook is in the file's metadata."""
    columns = [identifier(entry["alias"]) for entry in source.entries]
    columns += [identifier(name) for name in map(source.missing_column, source.entries) if name]
    codebook = {**source.codebook, "variables": source.entries}
    target = work / "export.parquet"
    metadata = f"{{{literal(CODEBOOK_KEY)}: {literal(json.dumps(codebook, ensure_ascii=False))}}}"
    connection.execute(
        f"COPY (SELECT {', '.join(columns)} FROM {source.table_sql}) TO {literal(str(target))} "
        f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {metadata})"
    )
    n_rows = int(connection.execute(f"SELECT count(*) FROM {source.table_sql}").fetchall()[0][0])
    return Exported(target, "application/vnd.apache.parquet", n_rows)
