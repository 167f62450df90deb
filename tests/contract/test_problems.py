"""Errors are RFC 9457 problems everywhere: every kind has its shape, its OpenAPI entry and its page."""

import re
from typing import Any

import asyncpg
import pytest

from deploy.problem_catalogue import main as catalogue_main
from deploy.problem_catalogue import problem_classes
from kernel.problems import Invalid, Problem
from tests.conftest import Clients, Person

MEMBERS = {"type", "title", "status", "detail", "instance"}


def made(kind: type[Problem]) -> Problem:
    return kind([("/field", "is wrong")]) if issubclass(kind, Invalid) else kind("Because of a test.")


@pytest.mark.parametrize("kind", problem_classes(), ids=lambda kind: kind.slug)
def test_every_problem_has_the_shape_of_rfc_9457(kind: type[Problem]) -> None:
    response = made(kind).response(instance="request-1")
    body = made(kind).body(instance="request-1")
    assert response.media_type == "application/problem+json"
    assert body.keys() >= MEMBERS
    assert body["type"] == f"/problems/{kind.slug}"
    assert body["status"] == response.status_code == kind.status
    assert re.fullmatch(r"[a-z][a-z0-9-]+", kind.slug)
    assert 400 <= kind.status <= 599


@pytest.mark.parametrize("kind", problem_classes(), ids=lambda kind: kind.slug)
async def test_every_problem_has_a_page(kind: type[Problem], clients: Clients) -> None:
    page = await clients.identity.get(f"/problems/{kind.slug}")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert str(kind.status) in page.text


def test_the_catalogue_is_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["problem_catalogue", "--check"])
    assert catalogue_main() == 0


@pytest.mark.parametrize("service", ["identity", "ingestion", "analytics", "seo"])
async def test_every_route_lists_its_problems_in_openapi(service: str, clients: Clients) -> None:
    document = (await getattr(clients, service).get(f"/api/{service}/openapi.json")).json()
    known = {f"/problems/{kind.slug}" for kind in problem_classes()}
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            errors = {s: r for s, r in operation["responses"].items() if s[0] in "45"}
            assert errors, f"{method} {path} says nothing about errors"
            for status, response in errors.items():
                examples = response["content"]["application/problem+json"]["examples"]
                listed = {example["value"]["type"] for example in examples.values()}
                assert listed <= known, f"{method} {path} {status}"


async def test_an_unknown_address_is_a_problem(clients: Clients) -> None:
    for client in (clients.identity, clients.ingestion, clients.analytics, clients.seo):
        answer = await client.get("/nowhere")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["instance"] == answer.headers["x-request-id"]


async def test_malformed_json_is_a_400_that_names_the_place(clients: Clients, alice: Person) -> None:
    answer = await clients.identity.post(
        "/api/teams", content=b'{"name": ', headers={**alice.headers, "Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert "character 9" in answer.json()["detail"]


async def test_an_invalid_field_is_named_by_a_json_pointer(clients: Clients, alice: Person) -> None:
    answer = await clients.identity.post(
        "/api/teams", json={"name": "x" * 256, "colour": 1}, headers=alice.headers
    )
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/name", "/colour"}


async def test_a_body_over_the_limit_is_a_413_that_names_it(clients: Clients, alice: Person) -> None:
    answer = await clients.identity.post("/api/teams", json={"name": "x" * 6_000_000}, headers=alice.headers)
    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == 5 * 1024 * 1024


@pytest.mark.asvs("2.3.3", "16.5.3")
async def test_a_commit_that_fails_becomes_a_problem_and_not_a_success(
    clients: Clients, alice: Person, owner: asyncpg.Connection
) -> None:
    await owner.execute("""
        CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = '23514'; END $$;
        CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT ON accounts_team DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.name = 'refused at commit') EXECUTE FUNCTION fail_at_commit();
    """)
    try:
        answer = await clients.identity.post(
            "/api/teams", json={"name": "refused at commit"}, headers=alice.headers
        )
    finally:
        await owner.execute("DROP TRIGGER fail_at_commit ON accounts_team; DROP FUNCTION fail_at_commit();")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert await owner.fetchval("SELECT count(*) FROM accounts_team WHERE name = 'refused at commit'") == 0


@pytest.mark.asvs("16.5.1", "16.3.4")
async def test_an_unmapped_integrity_error_is_not_guessed(clients: Clients, alice: Person) -> None:
    app = clients.apps["identity"]
    assert "accounts_teammembership_user_team_key" in app.state.constraints
    answer: Any = await clients.identity.get("/api/teams/999999999", headers=alice.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        (404, "not-found"),
        (413, "too-large"),
        (429, "too-many-requests"),
        (502, "bad-gateway"),
        (503, "unavailable"),
        (504, "gateway-timeout"),
    ],
)
async def test_the_gateways_own_errors_are_problems(clients: Clients, status: int, slug: str) -> None:
    answer = await clients.identity.get(f"/problems/gateway/{status}")
    assert answer.status_code == status
    assert answer.json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("identity", "/api/teams/{id}"),
        ("ingestion", "/api/files/{id}"),
        ("ingestion", "/api/surveys/{id}"),
        ("analytics", "/api/analyses/{id}"),
        ("seo", "/api/audits/{id}"),
    ],
)
async def test_an_id_larger_than_any_is_a_404(
    clients: Clients, alice: Person, service: str, path: str
) -> None:
    for number in ("99999999999999999999", "-99999999999999999999"):
        answer = await getattr(clients, service).get(path.format(id=number), headers=alice.headers)
        assert answer.status_code == 404, answer.text


async def test_text_that_postgresql_cannot_hold_is_a_422(
    clients: Clients, alice: Person, team: int, project: int
) -> None:
    survey = {
        "title": "T",
        "layout_style": "CLASSIC",
        "theme_config": {},
        "definition": {"languages": ["a\x00b"]},
    }
    for client, path, body in (
        (clients.identity, "/api/teams", {"name": "a\x00b"}),
        (clients.ingestion, "/api/projects", {"team_id": team, "name": "a\x00b"}),
        (clients.ingestion, f"/api/projects/{project}/surveys", survey),
        (clients.analytics, f"/api/projects/{project}/insights", {"title": "a\x00b", "body": ""}),
    ):
        answer = await client.post(path, json=body, headers=alice.headers)
        assert answer.status_code == 422, answer.text
