"""A table written by columns for DuckDB is read back equal: every text, blanks as missing, no row lost."""

from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingestion.domain.delimited import load_strict, write_strict_columns
from services.ingestion.domain.headers import Header

CELLS = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8),
    st.sampled_from(["", '"', '""', ",", "\n", "\r\n", "\r", " x ", "'", "NULL", "\\", "a,b", 'a"b', "=1+1"]),
)
TABLES = st.integers(1, 4).flatmap(
    lambda n_columns: st.lists(st.tuples(*[CELLS] * n_columns).filter(any), min_size=1, max_size=12)
)


def header(n_columns: int) -> Header:
    names = tuple(f"n{i}" for i in range(n_columns))
    return Header(n_skipped=0, has_header=False, names=names, aliases=names)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(TABLES)
def test_whatever_stands_in_the_cells_comes_back(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    path = tmp_path / "strict.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        write_strict_columns(columns, out)
    with duckdb.connect() as connection:
        assert load_strict(connection, path, header(len(columns))) == len(rows)
        found = connection.execute("SELECT * FROM raw ORDER BY rowid").fetchall()
    assert found == [tuple(cell or None for cell in row) for row in rows]
