"""The process that reads one file: see `limited_child`.

python -m services.ingestion.domain.import_child <source> <work folder> <limits as JSON> [auto]

With `auto` the file may turn out to be a document, which is refused as such (`IS_DOCUMENT`).
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import Limits, Report, run

AUTO = "auto"


def main() -> int:
    """Read the file named on the command line; returns the exit code."""
    source, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])

    may_be_document = AUTO in sys.argv[4:]

    def read(engine: Limits, report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.importing import import_table

        table = import_table(source, work, engine, report, may_be_document=may_be_document)
        return {**asdict(table), "parquet": str(table.parquet)}

    return run(work, limits, read)


if __name__ == "__main__":
    sys.exit(main())
