"""The process that makes the next version of a dataset, by deriving or merging: see `limited_child`.

    python -m services.ingestion.domain.change_child <request file> <work folder> <limits as JSON>

The request file is JSON: `derivations`, `corrections`, and either `base` (`parquet`, `codebook`), `read` (`source`,
`options`) or `merge` (`append` or `join`, and `sources`). The file lies beside the paths that it names.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.ingestion.domain.limited_child import Limits, Report, run

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def main() -> int:
    """Make the version that the request file describes; returns the exit code."""
    request_file, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    request = json.loads(request_file.read_text(encoding="utf-8"))

    def change(engine: Limits, report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.derivations.deriving import Derivation, derive
        from services.ingestion.domain.engine import engine_of

        parquet, codebook, read = _read(request, work, engine, report)
        with engine_of(work, engine) as connection:
            if "merge" in request:
                report("merging", 0, 1)
                parquet = work / "merged.parquet"
                codebook = _merged(connection, request["merge"], parquet)
            wanted = [Derivation(**one) for one in request["derivations"]]
            codebook = {**codebook, "corrections": request["corrections"]}
            made = derive(connection, parquet, codebook, wanted, work / "changed.parquet", report)
        return {
            "parquet": str(made.parquet),
            "content_hash": made.content_hash,
            "n_rows": made.n_rows,
            "codebook": made.codebook,
            "read": read,
        }

    return run(work, limits, change)


def _read(
    request: Mapping[str, Any], work: Path, engine: Limits, report: Report
) -> tuple[Path, Mapping[str, Any], Mapping[str, Any] | None]:
    """The rows and codebook to begin with; where a file is read for them, also what is told about it."""
    if "read" not in request:
        base = request.get("base") or {"parquet": "", "codebook": {}}
        return Path(base["parquet"]), base["codebook"], None
    from services.ingestion.domain.importing import import_table
    from services.ingestion.domain.reading_options import read_options

    wanted = request["read"]
    options = read_options(wanted["options"])
    table = import_table(Path(wanted["source"]), work, engine, report, options)
    told = {"columns_metadata": table.columns_metadata, "preview": table.preview, "report": table.report}
    return table.parquet, {**table.codebook, "reading": wanted["options"]}, told


def _merged(connection: "DuckDBPyConnection", merge: Mapping[str, Any], target: Path) -> dict[str, Any]:
    from services.ingestion.domain.merging.append import Wave, append
    from services.ingestion.domain.merging.join import Key, join
    from services.ingestion.domain.merging.sources import Source

    sources = [
        Source.opened(connection, one["dataset_id"], one["name"], Path(one["parquet"]), one["codebook"])
        for one in merge["sources"]
    ]
    if "join" in merge:
        wanted = merge["join"]
        keys = [Key(**key) for key in wanted["keys"]]
        left, right = sources
        how, suffix = wanted["how"], wanted["suffix"]
        return join(connection, left, right, target, keys=keys, how=how, suffix=suffix)
    wanted = merge["append"]
    waves = [
        Wave(source, each["code"], each["label"])
        for source, each in zip(sources, wanted["waves"], strict=True)
    ]
    return append(connection, waves, target, wave_variable=wanted["wave_variable"], exclude=wanted["exclude"])


if __name__ == "__main__":
    sys.exit(main())
