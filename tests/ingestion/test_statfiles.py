"""A file of SPSS through HTTP, the worker and an analysis: labels and missing kinds arrive where people read them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pandas as pd
import pyreadstat

from tests.conftest import Clients, Person
from tests.ingestion.test_files import read, upload

Drain = Callable[[], Awaitable[None]]


async def test_labels_and_missing_kinds_of_a_file_of_spss_reach_the_table(
    clients: Clients, drain: Drain, alice: Person, project: int, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"vote": [1.0, 2.0, 1.0, -9.0, None] * 4, "age": [20.0, 30.0, 40.0, 50.0, 60.0] * 4})
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "wave.sav"),
        column_labels={"vote": "Vote choice"},
        variable_value_labels={"vote": {1.0: "Left", 2.0: "Right", -9.0: "Refused"}},
        missing_ranges={"vote": [-9.0]},
    )
    file = await upload(clients, alice, project, (tmp_path / "wave.sav").read_bytes(), "wave.sav")
    await drain()
    file = await read(clients, alice, file["id"])
    assert (file["upload_status"], file["file_type"]) == ("SUCCESS", "TABULAR")
    report = await read(clients, alice, file["id"], "/report")
    assert (report["format"], report["statistics_file"]["program"], report["rows"]["read"]) == (
        "sav",
        "SPSS",
        20,
    )
    preview = await read(clients, alice, file["id"], "/preview")
    assert preview["rows"][:2] == [["1", 20], ["2", 30]]

    body = {
        "dataset_id": file["dataset_ids"][0],
        "calculation_type": "FREQUENCY",
        "parameters": {"variables": ["vote"]},
    }
    made = await clients.analytics.post(f"/api/projects/{project}/analyses", json=body, headers=alice.headers)
    await drain()
    assert made.status_code < 300, made.text
    path = f"/api/analyses/{made.json()['id']}"
    result = (await clients.analytics.get(path, headers=alice.headers)).json()
    assert result["status"] == "SUCCESS", result
    table = result["result_data"]
    assert "Vote choice" in str(table)
    assert "Left" in str(table)
    assert "'refused': 4" in str(table), table


async def test_a_damaged_file_of_spss_fails_with_a_reason_and_the_worker_goes_on(
    clients: Clients, drain: Drain, alice: Person, project: int
) -> None:
    broken = await upload(
        clients, alice, project, b"$FL2@(#) SPSS DATA FILE\x02\x00\x00\x00" + b"\xff" * 4000, "a.sav"
    )
    fine = await upload(clients, alice, project, b"a,b\n1,2\n3,4\n", "b.csv")
    await drain()
    file = await read(clients, alice, broken["id"])
    assert (file["upload_status"], file["error"]["type"]) == ("FAILED", "/problems/file-damaged")
    assert "SPSS" in file["error"]["detail"]
    assert file["error"]["hint"]
    assert (await read(clients, alice, fine["id"]))["upload_status"] == "SUCCESS"
