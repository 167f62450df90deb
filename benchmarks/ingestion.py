"""From upload to ready dataset: seconds against the bare libraries, memory of the reader, cost per row.

    python -m benchmarks.ingestion [--rounds N] [--rows N] [--largest N]

Starts the whole local stack as `make run` does, uploads through the gateway and waits for SUCCESS. Each figure stands
beside a ceiling of the same file in the same round: DuckDB's bare CSV → Parquet with its own guesses, python-calamine's
bare reading of all cells. The peak is the resident memory of the process that reads, asked for every 20 ms.

On 2 shared cores, 2026-11-28, nothing else running: CSV 9.5 s against 2.2 s, 3.6 times the ceiling (5.6 two days before); stored after
2.4 s, the reader begins after 3.4 s, so that no reader could be better than 2.4 times; peak of the reader 601 MiB. XLSX 2.2 s against
1.0 s, 2.2 times (4.9 two days before). 10,000 rows 0.47 s, 100,000 rows 1.4 s, 1,000,000 rows 8.4 s, 10,000,000 rows (2 GB) 82 s: 47, 14,
8.4 and 8.2 µs a row; flat from a million on, below it half a second counts that every import takes. The two goals are not met. Storing
200 MB takes 5 s of processor time on the 2 cores, 3 of them in SeaweedFS; the reader takes 6.4 s of processor time where DuckDB's bare
conversion takes 2.7: all texts go into a table (2), every column is understood from all rows (2), Parquet is written (1.7).
"""

import argparse
import csv
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
import xlsxwriter

from deploy.demo.client import Client
from services.ingestion.service.limited_processes import SERVER
from tests.faults.local_run import LocalRun

REGIONS = ("North", "South", "East", "West")
ANSWERS = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
WORDS = ("price", "service", "quality", "delivery", "staff", "online", "shop", "never", "always", "good")
BARE_CSV = """
import duckdb, sys
duckdb.execute("SET threads = 2")
duckdb.execute(f"COPY (SELECT * FROM read_csv('{sys.argv[1]}')) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
"""
BARE_XLSX = """
import sys
from python_calamine import CalamineWorkbook
book = CalamineWorkbook.from_path(sys.argv[1])
assert len(book.get_sheet_by_index(0).to_python()) > 1
"""


def rows(n_rows: int) -> Iterator[list[object]]:
    """Yield the header and rows of a survey with 20 columns: ids, days, numbers, scales, a few words."""
    draw = random.Random(7)
    yield [
        "id",
        "day",
        "region",
        "age",
        "weight",
        "income",
        *(f"q{n}" for n in range(1, 13)),
        "comment",
        "zip",
    ]
    for number in range(n_rows):
        yield [
            number,
            f"2026-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            draw.choice(REGIONS),
            draw.randint(18, 90),
            round(draw.uniform(0.3, 3), 4),
            draw.randint(5_000, 200_000) if draw.randrange(10) else "",
            *(draw.choice(ANSWERS) for _ in range(12)),
            " ".join(draw.choices(WORDS, k=draw.randint(0, 6))),
            f"{draw.randint(1000, 99999):05d}",
        ]


def write_csv(path: Path, n_rows: int) -> None:
    """Write the survey as CSV."""
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(rows(n_rows))


def write_xlsx(path: Path, n_rows: int) -> None:
    """Write the survey as a workbook."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows(n_rows)):
            sheet.write_row(number, 0, row)


class Peak:
    """The largest resident memory, in bytes, of any reader, or of the process that forks them, while the block runs."""

    def __init__(self, supervisor: psutil.Process) -> None:
        self._supervisor = supervisor
        self._is_over = threading.Event()
        self.bytes = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.02):
            for process in self._supervisor.children(recursive=True):
                try:
                    if any(SERVER in word for word in process.cmdline()):
                        self.bytes = max(self.bytes, process.memory_info().rss)
                except psutil.Error:
                    continue


@contextmanager
def running(folder: Path) -> Iterator[tuple[Client, int, psutil.Process]]:
    """Yield a client of a fresh stack that is logged in, a project of its own, and the supervisor."""
    run = LocalRun(
        folder / "stack",
        argv=(sys.executable, "-m", "deploy.embedded"),
        environment={"PLUGZERO_PRELOAD": "1", "PLUGZERO_PLAN_LIMITS": "{}"},
    )
    try:
        client = Client(run.ready().addresses["gateway_url"])
        client.log_in_as_somebody_new(f"{uuid.uuid4().hex}@example.com", f"bench-{uuid.uuid4().hex}")
        team = client.call("POST", "/api/teams", json={"name": "Bench"}, expect=201)["id"]
        project = client.call("POST", "/api/projects", json={"team_id": team, "name": "Bench"}, expect=201)[
            "id"
        ]
        yield client, project, psutil.Process(run.pid)
        client.close()
    finally:
        run.clean_up()


@dataclass(frozen=True)
class Import:
    """Seconds from the first byte of an upload: until it is stored, until the reader begins, until its dataset can be analysed."""

    stored_s: float
    begun_s: float
    taken_s: float


def imported(client: Client, project: int, path: Path) -> Import:
    """Upload a file and wait for its dataset."""
    started = time.perf_counter()
    with path.open("rb") as content:
        file = client.call(
            "POST", f"/api/projects/{project}/files", files={"file": (path.name, content)}, expect=202
        )
    stored_s = begun_s = time.perf_counter() - started
    while file["upload_status"] == "PENDING":
        time.sleep(0.05)
        file = client.call("GET", f"/api/files/{file['id']}")
        if file["progress"].get("phase") == "waiting":
            begun_s = time.perf_counter() - started
    if file["upload_status"] != "SUCCESS":
        raise RuntimeError(f"{path.name}: {file['error']}")
    taken = time.perf_counter() - started
    client.call("DELETE", f"/api/files/{file['id']}", expect=204)
    return Import(stored_s, begun_s, taken)


def bare_s(program: str, *arguments: Path) -> float:
    """Return the seconds that a program takes in a process of its own, its start included."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, *map(str, arguments)], check=True)
    return time.perf_counter() - started


def compare(
    name: str,
    rounds: int,
    ours: Callable[[], Import],
    bare: Callable[[], float],
    *,
    ceiling: str,
    goal: float,
) -> None:
    """Print our seconds, the ceiling's, and their ratio; medians over rounds that alternate.

    The floor is what the ratio would be if our reader were as fast as the bare library: the way to it still has to be gone.
    """
    pairs = [(bare(), ours()) for _ in range(rounds)]
    theirs = statistics.median(their for their, _ in pairs)
    mine, begun, stored = (
        statistics.median(getattr(our, name) for _, our in pairs)
        for name in ("taken_s", "begun_s", "stored_s")
    )
    ratio = statistics.median(our.taken_s / their for their, our in pairs)
    floor = statistics.median((our.begun_s + their) / their for their, our in pairs)
    print(f"{name:44} {mine:7.2f} s   {ceiling} {theirs:.2f} s   ratio {ratio:.2f} (goal ≤ {goal})")
    print(f"  stored after {stored:.2f} s, reader begins after {begun:.2f} s: floor of the ratio {floor:.2f}")


def measure(rounds: int, n_rows: int, largest: int) -> None:
    """Start the stack, measure, print."""
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as (client, project, supervisor):
        folder = Path(name)
        table, sheet, bare = folder / "survey.csv", folder / "survey.xlsx", folder / "bare.parquet"
        write_csv(table, n_rows)
        write_xlsx(sheet, 50_000)
        write_csv(folder / "warm.csv", 1000)
        imported(client, project, folder / "warm.csv")
        with Peak(supervisor) as peak:
            compare(
                f"CSV, {n_rows:,} × 20, upload to dataset",
                rounds,
                lambda: imported(client, project, table),
                lambda: bare_s(BARE_CSV, table, bare),
                ceiling="DuckDB's bare CSV → Parquet",
                goal=2.0,
            )
        print(f"  peak of the reader {peak.bytes / 2**20:.0f} MiB (goal ≤ 1024)")
        compare(
            "XLSX, 50,000 × 20, upload to dataset",
            rounds,
            lambda: imported(client, project, sheet),
            lambda: bare_s(BARE_XLSX, sheet),
            ceiling="bare calamine",
            goal=2.0,
        )
        size = 10_000
        while size <= largest:
            write_csv(table, size)
            taken = imported(client, project, table).taken_s
            print(f"CSV, {size:>10,} rows {taken:8.2f} s   {taken / size * 1e6:8.1f} µs a row")
            size *= 10


def main() -> None:
    """Read the arguments, measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingestion")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--largest", type=int, default=10_000_000, help="rows of the last step of cost per row"
    )
    arguments = parser.parse_args()
    measure(arguments.rounds, arguments.rows, arguments.largest)


if __name__ == "__main__":
    main()
