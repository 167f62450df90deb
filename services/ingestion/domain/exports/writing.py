"""One export: the dataset's Parquet file and codebook → a file of the format that was asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.datasets.values import ExportFormat
from services.ingestion.domain.exports.delimited import export_csv
from services.ingestion.domain.exports.lengthening import lengthened
from services.ingestion.domain.exports.parquet import export_parquet
from services.ingestion.domain.exports.request import Exported, Layout, Source, Wish
from services.ingestion.domain.exports.spss import export_sav
from services.ingestion.domain.exports.triples import export_triples
from services.ingestion.domain.exports.workbook import export_xlsx
from services.ingestion.domain.quoting import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def write_export(  # noqa: PLR0917 - the whole of an export
    connection: "DuckDBPyConnection",
    parquet: Path,
    codebook: Mapping[str, Any],
    wish: Wish,
    work: Path,
    progress: Callable[[str, int, int], None],
) -> Exported:
    """Write the file into `work`; raises FileRefused where the format cannot hold the dataset."""
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(parquet))})").fetchall()
    columns = frozenset(row[0] for row in described)
    source = Source(parquet, codebook, columns, wish.variables, wish.answers)
    progress("writing", 0, 1)
    if wish.layout is Layout.LONG:
        source = lengthened(connection, source, work)
    match wish.format:
        case ExportFormat.CSV:
            exported = export_csv(connection, source, work)
        case ExportFormat.XLSX:
            exported = export_xlsx(connection, source, work, progress)
        case ExportFormat.SAV:
            exported = export_sav(connection, source, work)
        case ExportFormat.PARQUET:
            exported = export_parquet(connection, source, work)
        case ExportFormat.TRIPLES:
            exported = export_triples(connection, source, work)
    progress("writing", 1, 1)
    return exported
