"""Analyses through HTTP: figures, errors that name what is wrong, cache, staleness, rights."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import duckdb
import pytest

from tests.analytics.conftest import VOTERS_SQL, Analyse, MakeDataset
from tests.conftest import Clients, Person

Drain = Callable[[], Awaitable[None]]


def select(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"WITH d AS ({VOTERS_SQL.format(n=600)}) {sql}").fetchall()


async def test_a_crosstab_equals_an_independent_count(voters: int, analyse: Analyse) -> None:
    result = await analyse(voters, "CROSSTAB", {"rows": ["vote"], "columns": ["region"]})
    assert result["status"] == "SUCCESS", result
    [table] = result["result_data"]["tables"]
    assert table["column_codes"] == ["north", "south", "east"]
    assert table["row_labels"] == ["Yes", "No"]
    counted = {
        (vote, region): n
        for vote, region, n in select(
            "SELECT vote, region, count(*) FROM d WHERE vote IS NOT NULL GROUP BY ALL"
        )
    }
    for i, row in enumerate(table["row_codes"]):
        for j, column in enumerate(table["column_codes"]):
            assert table["count"][i][j] == counted[row, column]
            assert table["column_percent"][i][j] == pytest.approx(
                100 * counted[row, column] / table["base"][j]
            )
    assert table["letters"][0][1] == "A C"
    assert table["t"]["A-B"][0] < 0
    assert table["p"]["A-B"][0] < 0.01
    assert table["chi2"]["df"] == 2
    assert result["lineage"]["profile"]["name"] == "default"
    assert result["lineage"]["engine"]["name"] == "duckdb"


async def test_a_weighted_crosstab_with_several_stubs_and_banners(voters: int, analyse: Analyse) -> None:
    parameters = {
        "rows": ["vote", "happy"],
        "columns": ["region", "member"],
        "correction": "holm",
        "alphas": [0.05],
    }
    result = await analyse(voters, "CROSSTAB", parameters, weight="w")
    tables = result["result_data"]["tables"]
    assert [(t["row"], t["column"]) for t in tables] == [
        ("vote", "region"),
        ("vote", "member"),
        ("happy", "region"),
        ("happy", "member"),
    ]
    weighted = select(
        "SELECT sum(w), sum(w) ^ 2 / sum(w * w) FROM d WHERE vote = 'y' OR vote = 'n' AND region <> 'x'"
    )
    first = tables[0]
    assert sum(first["weighted_base"]) == pytest.approx(weighted[0][0])
    assert first["total_effective_base"] == pytest.approx(weighted[0][1])
    assert all(e <= n for e, n in zip(first["effective_base"], first["base"], strict=True))
    assert first["p_corrected"]["A-B"][0] >= first["p"]["A-B"][0]


async def test_a_multiple_response_stub_is_based_on_respondents_asked(voters: int, analyse: Analyse) -> None:
    result = await analyse(voters, "CROSSTAB", {"rows": ["media"], "columns": ["region"]})
    [table] = result["result_data"]["tables"]
    asked = dict(select("SELECT region, count(*) FROM d WHERE media IS NOT NULL GROUP BY region"))
    assert table["base"] == [asked[code] for code in table["column_codes"]]
    assert sum(row[0] for row in table["column_percent"]) > 100
    assert table["chi2"] is None
    assert table["chi2_reason"] == "multiple_response"


async def test_a_multiple_response_banner_takes_overlap_into_account(voters: int, analyse: Analyse) -> None:
    result = await analyse(voters, "CROSSTAB", {"rows": ["vote"], "columns": ["media"]}, weight="w")
    [table] = result["result_data"]["tables"]
    rows = select("""SELECT vote = 'y', list_contains(media, 'tv'), list_contains(media, 'web'), w::DOUBLE FROM d
                     WHERE vote IS NOT NULL AND media IS NOT NULL""")
    n = {c: sum(1 for r in rows if r[k]) for k, c in ((1, "tv"), (2, "web"))}
    i, j = table["column_codes"].index("tv"), table["column_codes"].index("web")
    assert (table["base"][i], table["base"][j]) == (n["tv"], n["web"])
    both = [r for r in rows if r[1] and r[2]]
    disjoint_df = table["effective_base"][i] + table["effective_base"][j] - 2
    e = sum(r[3] for r in both) ** 2 / sum(r[3] ** 2 for r in both)
    assert table["df"]["A-B"][0] == pytest.approx(disjoint_df - e)


async def test_means_by_group_with_tests(voters: int, analyse: Analyse) -> None:
    result = await analyse(voters, "MEAN", {"variable": "age", "by": ["region"]})
    groups = result["result_data"]["groups"]
    expected = {
        region: figures
        for region, *figures in select("""SELECT region, count(*), avg(age), stddev_samp(age), median(age), min(age),
                                          max(age) FROM d GROUP BY region""")
    }
    for group in groups:
        n, mean, sd, median, least, most = expected[group["by"]["region"]]
        assert (group["n"], group["min"], group["max"]) == (n, least, most)
        assert (group["mean"], group["sd"], group["median"]) == pytest.approx((mean, sd, median))
        assert group["se"] == pytest.approx(sd / n**0.5)
        assert group["ci"][0] < mean < group["ci"][1]
    assert [test["letters"] for test in result["result_data"]["tests"]] == ["A-B", "A-C", "B-C"]


async def test_the_mean_of_a_scale_uses_the_values_of_its_codes(voters: int, analyse: Analyse) -> None:
    scale = await analyse(voters, "MEAN", {"variable": "happy"})
    assert scale["result_data"]["groups"][0]["mean"] == pytest.approx(2)
    share = await analyse(voters, "MEAN", {"variable": "member"})
    assert share["result_data"]["groups"][0]["mean"] == pytest.approx(0.5)


async def test_frequencies_count_missing_answers_by_kind(voters: int, analyse: Analyse) -> None:
    result = await analyse(voters, "FREQUENCY", {"variables": ["vote", "media", "age", "member", "joined"]})
    vote, media, age, member, joined = result["result_data"]["tables"]
    assert sum(vote["count"]) == vote["base"]
    assert sum(vote["percent"]) == pytest.approx(100)
    assert vote["ci"][0][0] < vote["percent"][0] < vote["ci"][0][1]
    assert vote["missing"] == {"missing": 55}
    assert media["missing"] == {"not_asked": 47}
    assert age["codes"][:2] == ["18", "19"]
    assert member["codes"] == ["true", "false"]
    assert joined["codes"][0] == "2024-01-01"


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ({"op": "eq", "variable": "region", "value": "south"}, "region = 'south'"),
        ({"op": "ne", "variable": "vote", "value": "y"}, "vote <> 'y'"),
        ({"op": "gt", "variable": "age", "value": 40.5}, "age > 40.5"),
        ({"op": "le", "variable": "happy", "value": "2"}, "happy IN ('1', '2')"),
        ({"op": "in", "variable": "media", "value": ["tv", "radio"]}, "list_has_any(media, ['tv', 'radio'])"),
        ({"op": "contains", "variable": "media", "value": "web"}, "list_contains(media, 'web')"),
        ({"op": "is_missing", "variable": "media"}, "media IS NULL"),
        ({"op": "eq", "variable": "member", "value": True}, "member"),
        ({"op": "ge", "variable": "joined", "value": "2024-01-03"}, "joined >= DATE '2024-01-03'"),
        ({"op": "contains", "variable": "remark", "value": "K 1"}, "remark ILIKE '%k 1%'"),
        ({"op": "starts_with", "variable": "remark", "value": "remark 2"}, "starts_with(remark, 'remark 2')"),
        (
            {"op": "not", "arg": {"op": "eq", "variable": "vote", "value": "y"}},
            "vote IS NULL OR vote <> 'y'",
        ),
        (
            {
                "op": "or",
                "args": [
                    {"op": "lt", "variable": "age", "value": 30},
                    {
                        "op": "and",
                        "args": [
                            {"op": "eq", "variable": "region", "value": "east"},
                            {"op": "contains", "variable": "vote", "value": "ye"},
                        ],
                    },
                ],
            },
            "age < 30 OR (region = 'east' AND vote = 'y')",
        ),
    ],
)
async def test_a_filter_keeps_exactly_its_cases(
    voters: int, analyse: Analyse, expression: dict[str, Any], condition: str
) -> None:
    result = await analyse(voters, "MEAN", {"variable": "age"}, filter=expression)
    assert result["status"] == "SUCCESS", result
    assert (
        result["result_data"]["groups"][0]["n"] == select(f"SELECT count(*) FROM d WHERE {condition}")[0][0]
    )


async def test_a_filter_without_cases_gives_nulls_and_says_so(
    clients: Clients, alice: Person, voters: int, analyse: Analyse
) -> None:
    nobody = {"op": "gt", "variable": "age", "value": 900}
    for kind, parameters in (
        ("CROSSTAB", {"rows": ["vote"], "columns": ["region"]}),
        ("MEAN", {"variable": "age"}),
        ("MEAN", {"variable": "age", "by": ["region"]}),
        ("FREQUENCY", {"variables": ["vote", "age"]}),
    ):
        for weight in (None, "w"):
            result = await analyse(voters, kind, parameters, filter=nobody, weight=weight)
            assert result["status"] == "SUCCESS", result
            assert result["result_data"]["notes"] == ["no case is inside the filter, so figures are null"]
            assert "NaN" not in json.dumps(result)
            path = f"/api/analyses/{result['id']}"
            svg = await clients.analytics.get(f"{path}/chart.svg", headers=alice.headers)
            assert "No cases to show" in svg.text, svg.text[:200]
            png = await clients.analytics.get(f"{path}/chart.png", headers=alice.headers)
            assert png.content.startswith(b"\x89PNG"), png.text[:200]


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"parameters": {"variable": "nope"}}, "/parameters/variable", "'nope'"),
        ({"parameters": {"variable": "agee"}}, "/parameters/variable", "did you mean 'age'"),
        ({"parameters": {"variable": "remark"}}, "/parameters/variable", "of kind text"),
        ({"parameters": {"variable": "region"}}, "/parameters/variable", "no numeric values"),
        ({"parameters": {"variable": "age", "by": ["media"]}}, "/parameters/by/0", "of kind multiple"),
        ({"parameters": {"variable": "age", "profile": "magic"}}, "/parameters/profile", "default"),
        ({"parameters": {"variable": "age", "surprise": 1}}, "/parameters/surprise", "Extra"),
        ({"parameters": {}}, "/parameters/variable", "required"),
        ({"weight": "region"}, "/weight", "a weight needs"),
        ({"filter": {"op": "magic"}}, "/filter/op", "unknown operator"),
        ({"filter": {"op": "eq", "variable": "nope", "value": 1}}, "/filter/variable", "'nope'"),
        ({"filter": {"op": "eq", "variable": "vote", "value": "maybe"}}, "/filter/value", "'y', 'n'"),
        (
            {"filter": {"op": "and", "args": [{"op": "gt", "variable": "age", "value": "old"}]}},
            "/filter/args/0/value",
            "finite number",
        ),
        ({"filter": {"op": "eq", "variable": "age", "value": 2**63}}, "/filter/value", "finite number"),
        ({"filter": {"op": "in", "variable": "age", "value": [10**400]}}, "/filter/value", "finite number"),
        ({"calculation_type": "MAGIC"}, "/calculation_type", "CROSSTAB"),
    ],
)
async def test_what_does_not_fit_is_named(
    *,
    clients: Clients,
    project: int,
    alice: Person,
    voters: int,
    change: dict[str, Any],
    pointer: str,
    words: str,
) -> None:
    body = {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "age"}, **change}
    answer = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    assert answer.status_code == 422, answer.text
    found = {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
    assert words in found[pointer]


async def test_a_kept_result_is_returned_at_once_and_equals_a_fresh_one(
    *, clients: Clients, project: int, alice: Person, voters: int, analyse: Analyse, drain: Drain
) -> None:
    parameters = {"rows": ["vote"], "columns": ["region"]}
    first = await analyse(voters, "CROSSTAB", parameters, weight="w")
    body = {"dataset_id": voters, "calculation_type": "CROSSTAB", "parameters": parameters, "weight": "w"}
    again = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    rerun = await clients.analytics.post(f"/api/analyses/{first['id']}/rerun", headers=alice.headers)
    assert rerun.status_code == 202
    await drain()
    fresh = (await clients.analytics.get(f"/api/analyses/{first['id']}", headers=alice.headers)).json()
    assert json.dumps(fresh["result_data"]) == json.dumps(first["result_data"])


async def test_a_changed_dataset_makes_a_result_stale_and_rerun_makes_a_new_one(
    *, clients: Clients, alice: Person, voters: int, analyse: Analyse, make_dataset: MakeDataset, drain: Drain
) -> None:
    old = await analyse(voters, "MEAN", {"variable": "age"})
    assert old["stale"] is False
    await make_dataset(VOTERS_SQL.format(n=300), dataset_id=voters)
    seen = (await clients.analytics.get(f"/api/analyses/{old['id']}", headers=alice.headers)).json()
    assert seen["stale"] is True
    assert seen["result_data"] == old["result_data"]
    new = (await clients.analytics.post(f"/api/analyses/{old['id']}/rerun", headers=alice.headers)).json()
    assert new["id"] != old["id"]
    await drain()
    fresh = (await clients.analytics.get(f"/api/analyses/{new['id']}", headers=alice.headers)).json()
    assert fresh["result_data"]["groups"][0]["n"] == 300
    assert fresh["stale"] is False


async def test_the_order_of_rows_changes_no_digit(
    make_dataset: MakeDataset, voters: int, analyse: Analyse
) -> None:
    sql = VOTERS_SQL.format(n=600)
    shuffled = await make_dataset(f"SELECT * FROM ({sql}) ORDER BY hash(remark)")
    for kind, parameters in (
        ("CROSSTAB", {"rows": ["vote", "media"], "columns": ["region", "media"]}),
        ("MEAN", {"variable": "age", "by": ["region"]}),
        ("FREQUENCY", {"variables": ["vote", "media"]}),
    ):
        first = await analyse(voters, kind, parameters, weight="w")
        second = await analyse(shuffled, kind, parameters, weight="w")
        assert json.dumps(first["result_data"]) == json.dumps(second["result_data"])


async def test_weights_of_one_equal_no_weights(make_dataset: MakeDataset, analyse: Analyse) -> None:
    ones = await make_dataset(f"SELECT * REPLACE (CAST(1 AS DOUBLE) AS w) FROM ({VOTERS_SQL.format(n=600)})")
    for kind, parameters in (
        ("CROSSTAB", {"rows": ["vote", "media"], "columns": ["region", "media"]}),
        ("MEAN", {"variable": "age", "by": ["region"]}),
        ("FREQUENCY", {"variables": ["vote"]}),
    ):
        weighted = await analyse(ones, kind, parameters, weight="w")
        unweighted = await analyse(ones, kind, parameters)
        assert json.dumps(weighted["result_data"]) == json.dumps(unweighted["result_data"])


async def test_scaling_weights_changes_no_percentage_test_or_effective_base(
    make_dataset: MakeDataset, voters: int, analyse: Analyse
) -> None:
    scaled = await make_dataset(f"SELECT * REPLACE (w * 3.7 AS w) FROM ({VOTERS_SQL.format(n=600)})")
    parameters = {"rows": ["vote"], "columns": ["region"]}
    [before] = (await analyse(voters, "CROSSTAB", parameters, weight="w"))["result_data"]["tables"]
    [after] = (await analyse(scaled, "CROSSTAB", parameters, weight="w"))["result_data"]["tables"]
    assert after["letters"] == before["letters"]
    for name in ("effective_base",):
        assert after[name] == pytest.approx(before[name])
    for name in ("column_percent", "row_percent", "residual"):
        for fresh, old in zip(after[name], before[name], strict=True):
            assert fresh == pytest.approx(old)
    for pair, t in before["t"].items():
        assert after["t"][pair] == pytest.approx(t)
    assert after["chi2"] == pytest.approx(before["chi2"])


async def test_cases_without_weight_are_left_out_and_counted(
    make_dataset: MakeDataset, analyse: Analyse
) -> None:
    holes = "CASE age % 5 WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN 'nan'::DOUBLE ELSE w END AS w"
    dataset = await make_dataset(f"SELECT * REPLACE ({holes}) FROM ({VOTERS_SQL.format(n=600)})")
    result = await analyse(dataset, "FREQUENCY", {"variables": ["member"]}, weight="w")
    cases = result["result_data"]["cases"]
    assert cases == {
        "in_filter": 600,
        "left_out_weight_missing": 240,
        "left_out_weight_zero": 120,
        "used": 240,
    }
    assert result["result_data"]["tables"][0]["base"] == 240


@pytest.mark.parametrize(
    ("expression", "slug"),
    [("-w", "negative-weight"), ("NULL::DOUBLE", "no-weighted-cases"), ("0 * w", "no-weighted-cases")],
)
async def test_unusable_weights_fail_with_a_reason(
    make_dataset: MakeDataset, analyse: Analyse, expression: str, slug: str
) -> None:
    dataset = await make_dataset(f"SELECT * REPLACE ({expression} AS w) FROM ({VOTERS_SQL.format(n=60)})")
    result = await analyse(dataset, "FREQUENCY", {"variables": ["vote"]}, weight="w")
    assert result["status"] == "FAILED"
    assert result["error"]["type"] == f"/problems/{slug}"
    assert result["result_data"] is None


async def test_a_number_with_too_many_values_is_no_banner(
    make_dataset: MakeDataset, analyse: Analyse
) -> None:
    variables = ({"alias": "x", "kind": "integer"},)
    dataset = await make_dataset("SELECT i AS x FROM range(500) t(i)", variables)
    result = await analyse(dataset, "FREQUENCY", {"variables": ["x"]})
    assert result["status"] == "FAILED"
    assert "500 different values" in result["error"]["detail"]


async def test_a_failed_request_can_be_made_again(
    clients: Clients, project: int, alice: Person, make_dataset: MakeDataset, analyse: Analyse
) -> None:
    dataset = await make_dataset(f"SELECT * REPLACE (-w AS w) FROM ({VOTERS_SQL.format(n=60)})")
    first = await analyse(dataset, "FREQUENCY", {"variables": ["vote"]}, weight="w")
    second = await analyse(dataset, "FREQUENCY", {"variables": ["vote"]}, weight="w")
    assert first["id"] != second["id"]


async def test_ten_requests_at_once_become_one_analysis(
    clients: Clients, project: int, alice: Person, voters: int
) -> None:
    import asyncio

    body = {
        "dataset_id": voters,
        "calculation_type": "MEAN",
        "parameters": {"variable": "age", "confidence": 0.9},
    }
    path = f"/api/projects/{project}/analyses"
    answers = await asyncio.gather(
        *(clients.analytics.post(path, json=body, headers=alice.headers) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_repeated_request_with_its_key_gets_the_first_answer_and_another_one_is_refused(
    clients: Clients, project: int, alice: Person, voters: int
) -> None:
    body = {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "age"}}
    headers = {**alice.headers, "Idempotency-Key": "once"}
    path = f"/api/projects/{project}/analyses"
    first = await clients.analytics.post(path, json=body, headers=headers)
    again = await clients.analytics.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await clients.analytics.post(
        path, json={**body, "parameters": {"variable": "w"}}, headers=headers
    )
    assert other.status_code == 409


async def test_waiting_returns_the_figures_in_one_call(
    clients: Clients, project: int, alice: Person, voters: int, drain: Drain
) -> None:
    import asyncio

    body = {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "age"}}
    headers = {**alice.headers, "Prefer": "wait=20"}
    request = asyncio.create_task(
        clients.analytics.post(f"/api/projects/{project}/analyses", json=body, headers=headers)
    )
    while not request.done():
        await drain()
    answer = request.result()
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.json()["result_data"]["groups"][0]["n"] == 600


async def test_a_cancelled_analysis_stays_cancelled(
    clients: Clients, project: int, alice: Person, voters: int, drain: Drain
) -> None:
    body = {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "age"}}
    made = await clients.analytics.post(f"/api/projects/{project}/analyses", json=body, headers=alice.headers)
    path = f"/api/analyses/{made.json()['id']}"
    cancelled = await clients.analytics.post(f"{path}/cancel", headers=alice.headers)
    assert cancelled.json()["status"] == "CANCELLED"
    await drain()
    assert (await clients.analytics.get(path, headers=alice.headers)).json()["status"] == "CANCELLED"
    again = await clients.analytics.post(f"{path}/cancel", headers=alice.headers)
    assert again.status_code == 409


async def test_pictures_and_tables_of_a_result(
    clients: Clients, alice: Person, voters: int, analyse: Analyse
) -> None:
    for kind, parameters in (
        ("CROSSTAB", {"rows": ["vote"], "columns": ["region"]}),
        ("MEAN", {"variable": "age", "by": ["region"]}),
        ("FREQUENCY", {"variables": ["media"]}),
    ):
        result = await analyse(voters, kind, parameters)
        path = f"/api/analyses/{result['id']}"
        svg = await clients.analytics.get(f"{path}/chart.svg", headers=alice.headers)
        assert svg.text.startswith("<svg"), svg.text[:200]
        png = await clients.analytics.get(f"{path}/chart.png", headers=alice.headers)
        assert png.content.startswith(b"\x89PNG")
        spec = await clients.analytics.get(f"{path}/chart.json", headers=alice.headers)
        assert spec.json()["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
        table = await clients.analytics.get(f"{path}/table.csv", headers=alice.headers)
        assert table.headers["content-type"].startswith("text/csv")
        assert table.content.startswith(b"\xef\xbb\xbf")


async def test_a_result_that_is_not_there_has_no_picture(
    clients: Clients, project: int, alice: Person, voters: int
) -> None:
    body = {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "age"}}
    made = await clients.analytics.post(f"/api/projects/{project}/analyses", json=body, headers=alice.headers)
    for name in ("chart.svg", "chart.json", "table.csv"):
        answer = await clients.analytics.get(
            f"/api/analyses/{made.json()['id']}/{name}", headers=alice.headers
        )
        assert answer.status_code == 409


async def test_other_teams_see_nothing_and_viewers_only_read(
    *,
    clients: Clients,
    project: int,
    alice: Person,
    mallory: Person,
    voters: int,
    analyse: Analyse,
    member: Callable[[str], Awaitable[Person]],
) -> None:
    result = await analyse(voters, "MEAN", {"variable": "age"})
    path, body = (
        f"/api/analyses/{result['id']}",
        {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "w"}},
    )
    for method, address in (
        ("GET", path),
        ("DELETE", path),
        ("POST", f"{path}/rerun"),
        ("POST", f"{path}/cancel"),
        ("GET", f"{path}/chart.svg"),
        ("GET", f"/api/projects/{project}/analyses"),
    ):
        answer = await clients.analytics.request(method, address, headers=mallory.headers)
        assert answer.status_code == 404, (method, address)
    answer = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=mallory.headers
    )
    assert answer.status_code == 404
    viewer = await member("VIEWER")
    assert (await clients.analytics.get(path, headers=viewer.headers)).status_code == 200
    for method, address in (
        ("DELETE", path),
        ("POST", f"{path}/rerun"),
        ("POST", f"/api/projects/{project}/analyses"),
    ):
        answer = await clients.analytics.request(method, address, json=body, headers=viewer.headers)
        assert answer.status_code == 403, (method, address)
    assert (await clients.analytics.get(path)).status_code == 401


async def test_a_dataset_of_another_project_is_not_found(
    clients: Clients, team: int, alice: Person, voters: int
) -> None:
    other = await clients.ingestion.post(
        "/api/projects", json={"team_id": team, "name": "Other"}, headers=alice.headers
    )
    body = {"dataset_id": voters, "calculation_type": "MEAN", "parameters": {"variable": "age"}}
    answer = await clients.analytics.post(
        f"/api/projects/{other.json()['id']}/analyses", json=body, headers=alice.headers
    )
    assert answer.status_code == 404


async def test_a_dataset_without_rows_is_a_conflict(
    clients: Clients, project: int, alice: Person, owner: Any
) -> None:
    dataset = await owner.fetchval(
        "INSERT INTO data_ingestion_dataset (project_id, name) VALUES ($1, 'empty') RETURNING id", project
    )
    body = {"dataset_id": dataset, "calculation_type": "MEAN", "parameters": {"variable": "age"}}
    answer = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/dataset-empty"


async def test_analyses_are_listed_newest_first_and_deleted(
    clients: Clients, project: int, alice: Person, voters: int, analyse: Analyse
) -> None:
    made = [await analyse(voters, "MEAN", {"variable": name}) for name in ("age", "w", "member")]
    path = f"/api/projects/{project}/analyses"
    page = (await clients.analytics.get(path, params={"limit": 2}, headers=alice.headers)).json()
    assert [item["id"] for item in page["items"]] == [made[2]["id"], made[1]["id"]]
    assert "result_data" not in page["items"][0]
    rest = await clients.analytics.get(
        path, params={"limit": 2, "cursor": page["next_cursor"]}, headers=alice.headers
    )
    assert [item["id"] for item in rest.json()["items"]] == [made[0]["id"]]
    gone = await clients.analytics.delete(f"/api/analyses/{made[0]['id']}", headers=alice.headers)
    assert gone.status_code == 204
    assert (
        await clients.analytics.get(f"/api/analyses/{made[0]['id']}", headers=alice.headers)
    ).status_code == 404


async def test_calculations_describe_themselves(clients: Clients, alice: Person) -> None:
    answer = (await clients.analytics.get("/api/calculations", headers=alice.headers)).json()
    kinds = {item["calculation_type"]: item for item in answer["items"]}
    assert set(kinds) == {"CROSSTAB", "MEAN", "FREQUENCY"}
    assert "rows" in kinds["CROSSTAB"]["parameters_schema"]["properties"]
    assert all(formula["source"] for item in answer["items"] for formula in item["formulas"])
    assert {profile["name"] for profile in answer["profiles"]} >= {"default", "spss"}


async def test_requested_and_finished_analyses_are_announced(
    project: int, voters: int, analyse: Analyse, owner: Any
) -> None:
    result = await analyse(voters, "MEAN", {"variable": "age"})
    rows = await owner.fetch(
        "SELECT type, envelope FROM messaging_outbox WHERE project_id = $1 AND source = '/plugzero/analytics' ORDER BY id",
        project,
    )
    assert [row["type"] for row in rows] == ["analysis-requested", "analysis-complete"]
    payload = json.loads(rows[1]["envelope"])["data"]
    assert payload["analysis_result_id"] == result["id"]
    assert payload["calculation_type"] == "MEAN"
