"""How many different texts a large column has is an estimate, and a possible one."""

import duckdb
import pytest

from services.ingestion.domain import cells
from tests.imported_file import Imported

N_ROWS = 9_000


def test_no_column_has_more_different_texts_than_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect() as connection:
        texts = f"SELECT CAST(i AS VARCHAR) AS text FROM range({N_ROWS}) AS r (i)"
        estimate = connection.execute(f"SELECT approx_count_distinct(text) FROM ({texts})").fetchall()[0][0]
    assert estimate > N_ROWS, "this many rows show nothing: choose others that the sketch counts too high"
    # A bound of memory, not of meaning: so few rows are estimated like many.
    monkeypatch.setattr(cells, "_EXACT_DISTINCT_ROWS", 0)
    found = Imported(b"id,n\n" + b"".join(b"%d,1\n" % n for n in range(N_ROWS)))
    assert (found.described["id"]["distinct"], found.described["id"]["distinct_is_exact"]) == (N_ROWS, False)
