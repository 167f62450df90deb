"""Files that are broken, mislabelled or made to exhaust the reader: each is refused with a way out, or read right."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from services.ingestion.domain.refusals import FileRefused
from tests.hostile_files import (
    BILLION_LAUGHS,
    compound,
    docx,
    encrypted_workbook,
    lying_archive,
    parquet,
    row,
    xls,
    xlsx,
)
from tests.imported_file import Imported
from tests.unit.test_ingestion_files_reader import read
from tests.unit.test_ingestion_statfiles import written

MIB = 1 << 20
SHEET = "xl/worksheets/s.xml"
FRAME = pd.DataFrame({"x": [float(n) for n in range(500)], "s": ["text"] * 500})
VALUES: list[list[str | float]] = [["x", float(n)] for n in range(2000)]
OLD: list[list[str | float]] = [["a", "b"], *VALUES]


def cut(content: bytes, share: float = 0.5) -> bytes:
    return content[: int(len(content) * share)]


# Each by what it does to a reader; made when the test runs, since some are large.
REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "no byte": (lambda: b"", "file-empty", "cut off"),
    "a mark and nothing else": (lambda: b"\xef\xbb\xbf", "file-without-table", "rows"),
    "a workbook that unfolds to 1.1 GB": (
        lambda: xlsx(row("a") + row("x"), more={"xl/media/z.bin": bytes(1100 * MIB)}),
        "file-too-complex",
        "CSV",
    ),
    "a Word document that unfolds to 1.1 GB": (
        lambda: docx(bytes(1100 * MIB)),
        "file-format-not-supported",
        "CSV",
    ),
    "a directory that lies about 200 MB": (
        lambda: lying_archive(xlsx(row("a") + row("x" * 200 * MIB)), SHEET, 1000),
        "file-damaged",
        "save it again",
    ),
    "a billion laughs": (
        lambda: xlsx(row("a", "b") + row("&a9;", "1"), doctype=BILLION_LAUGHS),
        "file-damaged",
        "save it again",
    ),
    "100,000 elements in each other": (
        lambda: xlsx(f"{row('a', 'b')}{'<x>' * 100_000}{'</x>' * 100_000}"),
        "file-without-table",
        "rows",
    ),
    "a workbook with a password": (encrypted_workbook, "file-protected", "password"),
    "20,000 columns": (
        lambda: b",".join(b"c%d" % n for n in range(20_000)) + b"\n" + b",".join([b"1"] * 20_000) + b"\n",
        "file-too-complex",
        "Split",
    ),
    "20,000 columns in a workbook": (
        lambda: xlsx(row(*map(str, range(20_000))) + row(*"1" * 20_000)),
        "file-too-complex",
        "Turn",
    ),
    "NUL in the head": (lambda: b"a,b\n1,\x00\n", "file-not-text", "CSV"),
    "NUL far behind": (lambda: b"a,b\n" + b"1,2\n" * 5000 + b"3,\x00\n", "file-not-text", "Export"),
    "half an xlsx": (lambda: cut(xlsx(row("a", "b") + row("x", "1") * 500)), "file-damaged", "save it again"),
    "half an xls": (lambda: cut(xls(OLD)), "file-damaged", "save it again"),
    "the head of an xls": (lambda: xls(OLD)[:600], "file-damaged", "save it again"),
    "an OLE file that is no workbook": (
        lambda: compound({"WordDocument": b"x"}),
        "file-format-not-supported",
        "save it as DOCX or PDF",
    ),
    "half a sav": (lambda: cut(written("sav", FRAME)), "file-damaged", "save it again"),
    "half a dta": (lambda: cut(written("dta", FRAME)), "file-damaged", "save it again"),
    "half a Parquet file": (lambda: cut(parquet()), "file-damaged", "cut off"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_read_is_refused_with_a_way_out_within_the_limits(
    name: str, tmp_path: Path
) -> None:
    make, slug, hint = REFUSED[name]
    content = await asyncio.to_thread(make)
    with pytest.raises(FileRefused) as refused:
        await read(content, tmp_path)
    assert refused.value.slug == slug
    assert refused.value.detail
    assert hint in refused.value.hint


def peak_mib(content: bytes, folder: Path) -> int:
    """Resident memory of a reader at its peak, as the kernel counts it for a process that nobody forked from us."""
    (folder / "source").write_bytes(content)
    (folder / "work").mkdir()
    program = (
        "import os, subprocess, sys, json, resource\n"
        "limits = {'memory_bytes': 1 << 30, 'cpu_s': 600, 'n_threads': 2, 'parent_pid': os.getpid()}\n"
        "done = subprocess.run([sys.executable, '-m', 'services.ingestion.domain.import_child', *sys.argv[1:],"
        " json.dumps(limits)], stdout=subprocess.DEVNULL)\n"
        "print(json.dumps([done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder / "source"), str(folder / "work")],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )
    code, kib = json.loads(done.stdout)
    assert code in {0, 3}
    return int(kib >> 10)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: b'a,b\n1,"' + b"x" * 100 * MIB + b'"\n2,y\n', id="csv-quoted"),
        pytest.param(lambda: b"a,b\n1," + b"x" * 100 * MIB + b"\n2,y\n", id="csv-bare"),
        pytest.param(lambda: xlsx(row("a", "b") + row("x" * 100 * MIB, "1") + row("y", "2")), id="xlsx"),
    ],
)
def test_a_cell_of_100_mb_costs_its_own_row_and_bounded_memory(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    assert peak_mib(make(), tmp_path) <= 1024
    result = json.loads((tmp_path / "work" / "result.json").read_text())
    assert (result["n_rows"], len(result["report"]["rejected"])) == (1, 1)
    assert result["report"]["rejected"][0]["line"] == 2


def test_a_row_of_many_large_cells_is_rejected_and_named() -> None:
    large = "x" * 900_000
    found = Imported(f"a,b,c\n{large},{large},{large}\n1,2,3\n".encode())
    assert (found.rows, found.table.report["rows"]["rejected"]) == ([(1, 2, 3)], 1)
    lines = [json.dumps({"a": large, "b": large, "c": large}), json.dumps({"a": "1", "b": "2", "c": "3"})]
    found = Imported("\n".join(lines * 2).encode())
    assert found.table.report["rows"] == {"read": 2, "rejected": 2, "repaired": 0, "blank": 0}


def test_an_old_workbook_is_read() -> None:
    found = Imported(xls(OLD))
    assert found.rows[:2] == [("x", 0), ("x", 1)]
    assert len(found.rows) == 2000


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfname,n\na,1\nb,2\n", [("a", 1), ("b", 2)], id="two-marks"),
        pytest.param(
            b"\xff\xfe\xff\xfe" + "name,n\na,1\nb,2\n".encode("utf-16-le"),
            [("a", 1), ("b", 2)],
            id="two-marks-16",
        ),
        pytest.param(b"n,name\n1,a\n\xef\xbb\xbf2,b\n", [(1, "a"), (2, "b")], id="mark-in-the-middle"),
        pytest.param("name,n\nZoë,1\nb,2\n".encode("utf-16-le"), [("Zoë", 1), ("b", 2)], id="utf-16-le"),
        pytest.param("name,n\nZoë,1\nb,2\n".encode("utf-16-be"), [("Zoë", 1), ("b", 2)], id="utf-16-be"),
        pytest.param(b'name,n\na,1\nb,2\n"c,3', [("a", 1), ("b", 2)], id="cut-in-a-quote"),
        pytest.param(
            ("name,n\n" + "Zoë,1\n" * 50 + "Zoë").encode()[:-1],
            [*[("Zoë", 1)] * 50, ("Zo�", None)],
            id="cut-in-a-letter",
        ),
    ],
)
def test_marks_anywhere_and_cuts_anywhere_leave_the_rest_readable(
    content: bytes, rows: list[tuple[object, ...]]
) -> None:
    assert Imported(content).rows[: len(rows)] == rows


def test_pairs_of_surrogates_are_one_character_and_lone_ones_are_counted() -> None:
    pair, lone = b"\xed\xa0\xbd\xed\xb8\x80", b"\xed\xa0\xbd"
    found = Imported(b"name,n\n" + (b"x" + pair + b",1\n") * 50 + b"\xc3\xa9" + lone + b",2\n")
    assert found.rows == [*[("x\N{GRINNING FACE}", 1)] * 50, ("é�", 2)]
    assert found.table.report["encoding"]["name"] == "cesu-8"
    assert found.table.report["encoding"]["undecodable_characters"] == 1
