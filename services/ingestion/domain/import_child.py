"""The process that reads one file: see `limited_child`.

python -m services.ingestion.domain.import_child <source> <work folder> <limits as JSON> [<how to read it, as JSON>]

How: `options` that a person has told, and whether the file `may_be_document`, which is refused as such (`IS_DOCUMENT`).
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import Limits, Report, run


def main() -> int:
    """Read the file named on the command line; returns the exit code."""
    source, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    how = json.loads(sys.argv[4]) if sys.argv[4:] else {}

    def read(engine: Limits, report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.importing import import_table
        from services.ingestion.domain.reading_options import read_options

        told = how.get("options", {})
        table = import_table(
            source,
            work,
            engine,
            report,
            read_options(told),
            may_be_document=how.get("may_be_document", False),
        )
        codebook = {**table.codebook, "reading": told} if told else table.codebook
        return {**asdict(table), "codebook": codebook, "parquet": str(table.parquet)}

    return run(work, limits, read)


if __name__ == "__main__":
    sys.exit(main())
