"""Reports: blocks, anchored remarks, and the page that everybody with the link can read."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.analytics.conftest import Analyse, MakeDataset
from tests.conftest import Clients, Person

Member = Callable[[str], Awaitable[Person]]
TEXT = "Southerners 😀 vote yes more often than others."


async def drafted(clients: Clients, project: int, who: Person, *blocks: dict[str, Any]) -> dict[str, Any]:
    body = {"title": "Topline", "blocks": list(blocks) or [{"type": "text", "text": TEXT}]}
    answer = await clients.analytics.post(f"/api/projects/{project}/reports", json=body, headers=who.headers)
    assert answer.status_code == 201, answer.text
    result: dict[str, Any] = answer.json()
    return result


def anchor_of(report: dict[str, Any], quoted: str, **changes: Any) -> dict[str, Any]:
    block = report["blocks"][0]
    start = block["text"].index(quoted)
    return {"block_id": block["id"], "start": start, "end": start + len(quoted), "exact": quoted, **changes}


async def test_blocks_get_ids_that_stay_when_the_draft_is_edited(
    clients: Clients, project: int, alice: Person
) -> None:
    report = await drafted(
        clients, project, alice, {"type": "heading", "text": "One"}, {"type": "text", "text": "Two"}
    )
    first, second = report["blocks"]
    assert first["id"] != second["id"]
    edited = await clients.analytics.patch(
        f"/api/reports/{report['id']}",
        json={"blocks": [second, {"type": "quote", "text": "New"}, {**first, "text": "Changed"}]},
        headers={**alice.headers, "If-Match": '"1"'},
    )
    assert edited.status_code == 200, edited.text
    ids = [block["id"] for block in edited.json()["blocks"]]
    assert (ids[0], ids[2]) == (second["id"], first["id"])
    assert ids[1] not in {first["id"], second["id"]}
    late = await clients.analytics.patch(
        f"/api/reports/{report['id']}", json={"title": "Late"}, headers={**alice.headers, "If-Match": '"1"'}
    )
    assert late.status_code == 412


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ([{"type": "chart"}], "/blocks/0/analysis_result_id"),
        (
            [{"type": "text", "text": "x"}, {"type": "chart", "analysis_result_id": 99_999_999}],
            "/blocks/1/analysis_result_id",
        ),
        ([{"type": "insight", "insight_id": 99_999_999}], "/blocks/0/insight_id"),
        ([{"type": "heading"}], "/blocks/0/text"),
        ([{"type": "poem", "text": "x"}], "/blocks/0/type"),
        ([{"type": "text", "text": "x", "id": "mine"}], "/blocks/0/id"),
    ],
)
async def test_blocks_that_do_not_fit_are_refused_with_a_pointer(
    clients: Clients, project: int, alice: Person, blocks: list[dict[str, Any]], pointer: str
) -> None:
    body = {"title": "Topline", "blocks": blocks}
    answer = await clients.analytics.post(
        f"/api/projects/{project}/reports", json=body, headers=alice.headers
    )
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_the_published_page_is_frozen_safe_and_gone_when_taken_back(
    clients: Clients, project: int, alice: Person, voters: int, analyse: Analyse
) -> None:
    result = await analyse(voters, "CROSSTAB", {"rows": ["vote"], "columns": ["region"]})
    finding = await clients.analytics.post(
        f"/api/projects/{project}/insights",
        json={"title": "The south", "body": "It *differs*."},
        headers=alice.headers,
    )
    report = await drafted(
        clients,
        project,
        alice,
        {"type": "heading", "text": "Results <i>"},
        {
            "type": "text",
            "text": "Hello **bold** <script>alert(1)</script> [x](javascript:alert(1)) [y](https://example.org)",
        },
        {"type": "chart", "analysis_result_id": result["id"]},
        {"type": "table", "analysis_result_id": result["id"], "text": "All of it"},
        {"type": "insight", "insight_id": finding.json()["id"]},
        {"type": "quote", "text": "So they say"},
        {"type": "page_break"},
    )
    path = f"/r/{report['uuid']}"
    assert (await clients.analytics.get(path)).status_code == 404
    published = await clients.analytics.post(
        f"/api/reports/{report['id']}/publish", json={}, headers=alice.headers
    )
    assert published.status_code == 200, published.text
    assert published.json()["status"] == "PUBLISHED"
    answer = await clients.analytics.get(path)
    page = answer.text
    assert answer.status_code == 200
    assert "<svg" in page
    assert "<strong>bold</strong>" in page
    assert "<script" not in page
    assert "javascript:" not in page.replace("[x](javascript:alert(1))", "")
    assert "Results &lt;i&gt;" in page
    assert "The south" in page
    assert "All of it" in page
    assert 'lang="en"' in page
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy
    await clients.analytics.patch(
        f"/api/reports/{report['id']}", json={"title": "Edited"}, headers=alice.headers
    )
    await clients.analytics.delete(f"/api/analyses/{result['id']}", headers=alice.headers)
    assert (await clients.analytics.get(path)).text == page
    taken = await clients.analytics.post(f"/api/reports/{report['id']}/unpublish", headers=alice.headers)
    assert taken.json()["status"] == "DRAFT"
    assert (await clients.analytics.get(path)).status_code == 404


async def test_labels_cannot_smuggle_markup_into_the_page(
    clients: Clients, project: int, alice: Person, make_dataset: MakeDataset, analyse: Analyse
) -> None:
    label = "<script>alert(1)</script>\"'&]]>"
    variables = (
        {"alias": "q", "label": label, "kind": "category", "codes": [{"code": "a", "label": label}]},
        {"alias": "b", "kind": "boolean"},
    )
    dataset = await make_dataset("SELECT 'a' AS q, i % 2 = 0 AS b FROM range(50) t(i)", variables)
    result = await analyse(dataset, "CROSSTAB", {"rows": ["q"], "columns": ["b"]})
    svg = await clients.analytics.get(f"/api/analyses/{result['id']}/chart.svg", headers=alice.headers)
    assert "<script" not in svg.text
    assert "&lt;script&gt;" in svg.text
    report = await drafted(clients, project, alice, {"type": "chart", "analysis_result_id": result["id"]})
    await clients.analytics.post(f"/api/reports/{report['id']}/publish", headers=alice.headers)
    page = (await clients.analytics.get(f"/r/{report['uuid']}")).text
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'role="img" aria-label="&lt;script&gt;' in page


async def test_a_report_whose_result_failed_cannot_be_published(
    clients: Clients, project: int, alice: Person, voters: int
) -> None:
    body = {
        "dataset_id": voters,
        "calculation_type": "MEAN",
        "parameters": {"variable": "age", "confidence": 0.8},
    }
    pending = await clients.analytics.post(
        f"/api/projects/{project}/analyses", json=body, headers=alice.headers
    )
    report = await drafted(
        clients, project, alice, {"type": "chart", "analysis_result_id": pending.json()["id"]}
    )
    answer = await clients.analytics.post(f"/api/reports/{report['id']}/publish", headers=alice.headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/blocks/0/analysis_result_id"


async def test_unknown_pages_and_nonsense_addresses_are_problems(clients: Clients) -> None:
    assert (await clients.analytics.get(f"/r/{uuid.uuid4()}")).status_code == 404
    assert (await clients.analytics.get("/r/nonsense")).status_code == 422


async def test_a_remark_stands_where_its_words_stand(clients: Clients, project: int, alice: Person) -> None:
    report = await drafted(clients, project, alice)
    path = f"/api/reports/{report['id']}/comments"
    anchor = anchor_of(report, "vote yes", prefix="😀 ", suffix=" more")
    made = await clients.analytics.post(
        path, json={"anchor": anchor, "body": "Really?"}, headers=alice.headers
    )
    assert made.status_code == 201, made.text
    assert made.json()["position"] == {"start": anchor["start"], "end": anchor["end"]}
    block = {**report["blocks"][0], "text": f"In 1996: {TEXT}"}
    await clients.analytics.patch(
        f"/api/reports/{report['id']}", json={"blocks": [block]}, headers=alice.headers
    )
    moved = await clients.analytics.get(f"/api/comments/{made.json()['id']}", headers=alice.headers)
    assert moved.json()["position"] == {"start": anchor["start"] + 9, "end": anchor["end"] + 9}
    await clients.analytics.patch(
        f"/api/reports/{report['id']}",
        json={"blocks": [{**block, "text": "All new."}]},
        headers=alice.headers,
    )
    lost = await clients.analytics.get(f"/api/comments/{made.json()['id']}", headers=alice.headers)
    assert lost.json()["position"] is None
    assert lost.json()["anchor"]["exact"] == "vote yes"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"exact": "Northerners"}, "/anchor/exact"),
        ({"start": 3}, "/anchor/exact"),
        ({"end": 4000}, "/anchor/start"),
        ({"prefix": "wrong "}, "/anchor/prefix"),
        ({"suffix": "wrong"}, "/anchor/suffix"),
        ({"block_id": "nope"}, "/anchor/block_id"),
        ({"start": -1}, "/anchor/start"),
    ],
)
async def test_an_anchor_that_does_not_stand_there_is_refused(
    clients: Clients, project: int, alice: Person, change: dict[str, Any], pointer: str
) -> None:
    report = await drafted(clients, project, alice)
    body = {"anchor": anchor_of(report, "Southerners", **change), "body": "?"}
    answer = await clients.analytics.post(
        f"/api/reports/{report['id']}/comments", json=body, headers=alice.headers
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_threads_are_answered_settled_and_opened_again(
    clients: Clients, project: int, alice: Person, member: Member, owner: Any
) -> None:
    report = await drafted(clients, project, alice)
    path = f"/api/reports/{report['id']}/comments"
    first = (
        await clients.analytics.post(
            path, json={"anchor": anchor_of(report, "others"), "body": "Who?"}, headers=alice.headers
        )
    ).json()
    colleague = await member("MEMBER")
    reply = await clients.analytics.post(
        path, json={"parent_id": first["id"], "body": "Northerners."}, headers=colleague.headers
    )
    assert reply.status_code == 201, reply.text
    assert reply.json()["anchor"] == first["anchor"]
    nested = await clients.analytics.post(
        path, json={"parent_id": reply.json()["id"], "body": "No."}, headers=alice.headers
    )
    assert nested.status_code == 422
    resolved = await clients.analytics.post(f"/api/comments/{first['id']}/resolve", headers=colleague.headers)
    assert resolved.json()["resolved_by_id"] == colleague.user_id
    is_open = await clients.analytics.get(path, params={"open": "true"}, headers=alice.headers)
    assert [item["id"] for item in is_open.json()["items"]] == [reply.json()["id"]]
    reopened = await clients.analytics.post(f"/api/comments/{first['id']}/reopen", headers=alice.headers)
    assert reopened.json()["resolved_at"] is None
    foreign = await clients.analytics.patch(
        f"/api/comments/{first['id']}", json={"body": "Mine now"}, headers=colleague.headers
    )
    assert foreign.status_code == 403
    assert (
        await clients.analytics.delete(f"/api/comments/{first['id']}", headers=alice.headers)
    ).status_code == 204
    left = await clients.analytics.get(path, headers=alice.headers)
    assert left.json()["items"] == []
    types = await owner.fetch("SELECT type FROM messaging_outbox WHERE project_id = $1 ORDER BY id", project)
    assert [row["type"] for row in types].count("comment-added") == 2


async def test_others_see_no_report_and_viewers_write_none(
    clients: Clients, project: int, alice: Person, mallory: Person, member: Member
) -> None:
    report = await drafted(clients, project, alice)
    path = f"/api/reports/{report['id']}"
    body = {"anchor": anchor_of(report, "others"), "body": "?"}
    comment = await clients.analytics.post(f"{path}/comments", json=body, headers=alice.headers)
    remark = f"/api/comments/{comment.json()['id']}"
    for method, address in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/publish"),
        ("POST", f"{path}/unpublish"),
        ("GET", f"{path}/comments"),
        ("GET", remark),
        ("POST", f"{remark}/resolve"),
        ("DELETE", remark),
        ("GET", f"/api/projects/{project}/reports"),
    ):
        answer = await clients.analytics.request(
            method, address, json={"title": "x"} if method == "PATCH" else None, headers=mallory.headers
        )
        assert answer.status_code == 404, (method, address)
    viewer = await member("VIEWER")
    assert (await clients.analytics.get(path, headers=viewer.headers)).status_code == 200
    for method, address in (
        ("DELETE", path),
        ("POST", f"{path}/publish"),
        ("POST", f"{path}/comments"),
        ("POST", f"{remark}/resolve"),
    ):
        answer = await clients.analytics.request(method, address, json=body, headers=viewer.headers)
        assert answer.status_code == 403, (method, address)
