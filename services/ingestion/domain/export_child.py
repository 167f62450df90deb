"""The process that writes one export: see `limited_child`.

    python -m services.ingestion.domain.export_child <parquet> <work folder> <limits as JSON> <request file>

The request file holds codebook, format, variables and answers as JSON: a codebook is too long for a command line.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import Limits, Report, run


def main() -> int:
    """Write the export that the command line names; returns the exit code."""
    parquet, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    request = json.loads(Path(sys.argv[4]).read_text(encoding="utf-8"))

    def write(engine: Limits, report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.engine import engine_of
        from services.ingestion.domain.exports.request import Wish
        from services.ingestion.domain.exports.writing import write_export

        with engine_of(work, engine) as connection:
            wish = Wish.of_json(request["format"], request)
            made = write_export(connection, parquet, request["codebook"], wish, work, report)
        return {
            "path": str(made.path),
            "content_type": made.content_type,
            "n_rows": made.n_rows,
            "notes": made.notes,
        }

    return run(work, limits, write)


if __name__ == "__main__":
    sys.exit(main())
