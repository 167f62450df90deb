"""The process that reads the sheets of a small workbook as texts, such as a survey written as one: see `limited_child`.

    python -m services.ingestion.domain.sheets_child <workbook> <work folder> <limits as JSON> <what is wanted as JSON>

Wanted: `sheets` by name, in lower case. What is too large for that purpose is refused: the result goes into an API process.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.ingestion.domain.limited_child import Limits, Report, run
from services.ingestion.domain.refusals import TOO_COMPLEX, FileRefused

MAX_UNPACKED_BYTES = 64 << 20
MAX_CELLS = 500_000
MAX_CHARACTERS = 8_000_000
_HINT = "Keep only the sheets of the survey, and delete the empty rows and columns around them."


def main() -> int:
    """Read the workbook that the command line names; returns the exit code."""
    source, work, limits = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    wanted = json.loads(sys.argv[4])

    def read(_engine: Limits, _report: Report) -> Mapping[str, Any]:
        from services.ingestion.domain.sheets import opened_workbook, refuse_bomb

        refuse_bomb(source, MAX_UNPACKED_BYTES, _HINT)
        with opened_workbook(source) as book:
            names = [name for name in book.sheet_names if name.strip().lower() in wanted["sheets"]]
            sheets = {name: _texts(book.get_sheet_by_name(name)) for name in names}
        n_characters = sum(len(cell) for rows in sheets.values() for row in rows for cell in row)
        if n_characters > MAX_CHARACTERS:
            raise _too_large(f"{n_characters:,} characters; at most {MAX_CHARACTERS:,} are read")
        return {"sheets": sheets}

    return run(work, limits, read)


def _texts(sheet: Any) -> list[list[str]]:
    from services.ingestion.domain.sheets import cell_text

    n_cells = sheet.total_height * sheet.total_width
    if n_cells > MAX_CELLS:
        raise _too_large(f"{n_cells:,} cells in {sheet.name!r}; at most {MAX_CELLS:,} are read")
    return [[cell_text(cell, is_moment=False) for cell in row] for row in sheet.to_python()]


def _too_large(found: str) -> FileRefused:
    return FileRefused(TOO_COMPLEX, f"The workbook has {found}.", _HINT)


if __name__ == "__main__":
    sys.exit(main())
