"""What keeps reading a file fast, where a slip would cost time and show nowhere else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.domain.dialects import detect_dialect
from services.ingestion.domain.formats import FORMATS, ValueFormat

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ("fastapi", "sqlalchemy", "pydantic", "nats", "kernel")


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@settings(max_examples=20)
@given(data=st.data())
def test_every_cell_of_a_format_has_the_mark_by_which_the_format_is_looked_for(
    form: ValueFormat, data: st.DataObject
) -> None:
    cell = data.draw(st.from_regex(form.pattern, fullmatch=True))
    assert re.search(form.mark, cell)


def test_the_program_that_reads_a_file_loads_no_framework() -> None:
    program = f"import sys, services.ingestion.domain.importing; print([m for m in {FRAMEWORKS} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_where_one_delimiter_fits_nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clevercsv", None)
    assert detect_dialect('a,b,c\n1,"x, y",3\n4,z,6\n').delimiter == ","
