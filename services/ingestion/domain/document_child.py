"""The process that reads one document: see `limited_child`.

python -m services.ingestion.domain.document_child <source> <work folder> <limits as JSON>
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import Limits, Report, run

# Of the time that reading one file may take: the rest is for what comes before and after.
_OCR_SHARE = 0.6


def main() -> int:
    """Read the document named on the command line; returns the exit code."""
    source, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    ocr_budget_s = limits["cpu_s"] / limits["n_threads"] * _OCR_SHARE

    def read(_: Limits, report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.documents.importing import import_document

        document = import_document(source, work, report, ocr_budget_s=ocr_budget_s)
        return {**asdict(document), "pieces": [str(piece) for piece in document.pieces]}

    return run(work, limits, read)


if __name__ == "__main__":
    sys.exit(main())
