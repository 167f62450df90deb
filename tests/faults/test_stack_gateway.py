"""The gateway's rules, by Traefik itself in front of four small answering machines."""

import http.client
import http.server
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.embedded.supervisor import Supervisor
from deploy.embedded.traefik import Traefik
from deploy.embedded.workspace import Workspace

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("gateway")]
SERVICES = ("identity", "ingestion", "analytics")


class _Machine(http.server.BaseHTTPRequestHandler):
    """Answers with its service's name and what it was asked; identity also has the page of gateway problems."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        refused = self.path.startswith("/problems/gateway/")
        status = int(self.path.rpartition("/")[2]) if refused else 200
        asked = {
            "service": self.server.name,
            "path": self.path,
            "forwarded": self.headers.get("X-Forwarded-For"),
        }
        asked["alias"] = self.headers.get("X_Forwarded_For")
        asked["accept"] = self.headers.get("Accept")
        body = json.dumps(asked).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/problem+json" if refused else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    name = ""


@dataclass(frozen=True)
class Answer:
    """What came back through the gateway."""

    status: int
    headers: http.client.HTTPMessage
    said: dict[str, str]


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    port: int

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        caller: str = "127.0.0.1",
    ) -> Answer:
        """Send one request, its path untouched."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=10, source_address=(caller, 0)
        )
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, json.loads(answer.read()))
        finally:
            connection.close()


@pytest.fixture(scope="module")
def machines() -> Iterator[dict[str, str]]:
    """Base URLs; nobody listens at that of seo."""
    servers = []
    for name in SERVICES:
        server = _Server(("127.0.0.1", 0), _Machine)
        server.name = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    yield {**{s.name: f"http://127.0.0.1:{s.server_port}" for s in servers}, "seo": nobody}
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
async def gateway(
    machines: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """Traefik with the product's own files, and limits low enough to meet."""
    limits = {
        "PLUGZERO_LOGIN_RATE": "1", "PLUGZERO_LOGIN_BURST": "2", "PLUGZERO_PUBLIC_BODY_BYTES": "1000",
        "PLUGZERO_PUBLIC_RATE": "1", "PLUGZERO_PUBLIC_BURST": "20",
    }  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("gateway")
    with Workspace(folder) as workspace:
        part = Traefik(workspace, port=workspace.ports.port("gateway"), services=machines, limits=limits)
        supervisor = Supervisor(workspace)
        try:
            await supervisor.start([part])
            yield Gateway(int(part.address.rpartition(":")[2]))
        finally:
            await supervisor.stop()


@pytest.mark.parametrize(
    ("service", "paths"),
    [
        (
            "identity",
            "/api/accounts/me /api/teams /api/teams/7/members /api/invitations/7 /.well-known/jwks.json /docs",
        ),
        (
            "identity",
            "/docs/x.js /problems/not-found /healthz /api/identity/openapi.json /api/teams/7/searches",
        ),
        (
            "ingestion",
            "/api/projects /api/projects/7 /api/projects/7/files /api/projects/7/uploads /api/projects/7/imports",
        ),
        (
            "ingestion",
            "/api/projects/7/datasets /api/projects/7/surveys?status=DRAFT /api/projects/7/scrape-targets",
        ),
        (
            "ingestion",
            "/api/projects/7/experience-events/stats /api/files/7/preview /api/uploads/7/complete /api/datasets/7 /api/exports/7",
        ),
        (
            "ingestion",
            "/api/surveys/7 /api/scrape-targets/7 /s/0-1 /s/static/a.css /public/surveys/0-1 /api/ingestion/openapi.json",
        ),
        (
            "analytics",
            "/api/projects/7/analyses /api/projects/7/insights/generate /api/projects/7/search?q=a%20b",
        ),
        (
            "analytics",
            "/api/projects/7/questions /api/projects/7/reports /api/teams/7/search?q=a /api/analyses/7/chart.svg",
        ),
        (
            "analytics",
            "/api/calculations /api/insights/7 /api/reports/7/comments /api/comments/7 /r/0-1 /r/static/a.css",
        ),
        ("analytics", "/api/analytics/openapi.json"),
    ],
)
def test_each_path_reaches_its_service_unchanged(gateway: Gateway, service: str, paths: str) -> None:
    for path in paths.split():
        answer = gateway.ask(path)
        assert (answer.said["service"], answer.said["path"]) == (service, path)


def test_readiness_is_that_of_the_whole(gateway: Gateway) -> None:
    assert gateway.ask("/readyz").said["path"] == "/readyz/all"


@pytest.mark.asvs("13.4.5")
@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/internal",
        "/internal/dead-letters",
        "//metrics",
        "/%6Detrics",
        "/api/accounts/../../metrics",
        "/metrics/",
    ],
)
def test_figures_and_operators_doors_are_closed(gateway: Gateway, path: str) -> None:
    answer = gateway.ask(path)
    assert answer.status == 404
    assert answer.said["path"] == "/problems/gateway/404"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_what_nobody_owns_is_a_404_problem(gateway: Gateway, method: str) -> None:
    for path in ("/", "/api", "/api/nothing", "/api/analysesx", "/wp-login.php"):
        answer = gateway.ask(path, method)
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/audits/7", "/api/projects/7/audits", "/api/seo/openapi.json"])
def test_a_service_that_is_down_is_a_502_problem(gateway: Gateway, path: str) -> None:
    answer = gateway.ask(path)
    assert answer.status == 502
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.asvs("2.4.1")
def test_too_many_attempts_to_sign_in_are_a_429_problem_and_other_paths_stay_open(gateway: Gateway) -> None:
    answers = [gateway.ask("/api/accounts/login", "POST", b"{}") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["Content-Type"] == "application/problem+json"
    tried = (
        "/api/invitations/accept /api/accounts/change-email /api/accounts/login/mfa /account/reset-password"
    )
    for path in tried.split():
        assert gateway.ask(path, "POST", b"{}").status == 429, "where tokens and codes are tried, too"
    assert gateway.ask("/api/accounts/me").status == 200


def test_a_respondents_request_that_is_too_large_is_a_413_problem(gateway: Gateway) -> None:
    assert gateway.ask("/public/sessions/x/answers", "PUT", b"x" * 900).status == 200
    answer = gateway.ask("/public/sessions/x/answers", "PUT", b"x" * 1100)
    assert answer.status == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_too_many_requests_of_a_respondent_are_a_429_of_the_kind_that_was_asked_for(gateway: Gateway) -> None:
    kinds = {"Accept": "text/html,application/xhtml+xml"}
    answers = [gateway.ask("/s/0-1", "POST", b"a=b", headers=kinds, caller="127.0.0.7") for _ in range(30)]
    refused = [answer for answer in answers if answer.status == 429]
    assert [answer.status for answer in answers[:20]] == [200] * 20
    assert len(refused) > 5
    # Identity makes a page or a problem of it, by what the browser or the app accepts.
    assert refused[0].said["path"] == "/problems/gateway/429"
    assert refused[0].said["accept"] == kinds["Accept"]
    assert gateway.ask("/public/surveys/0-1", caller="127.0.0.7").status == 429, "one limit for both doors"
    assert gateway.ask("/s/static/survey.css", caller="127.0.0.7").status == 200
    assert gateway.ask("/s/0-1").status == 200, "another address has a limit of its own"


def test_an_upload_for_an_account_is_not_limited_by_the_gateway(gateway: Gateway) -> None:
    assert gateway.ask("/api/projects/7/files", "POST", b"x" * 3_000_000).status == 200


@pytest.mark.asvs("3.4.4", "3.4.5")
def test_answers_carry_security_headers_and_no_servers_name(gateway: Gateway) -> None:
    for path in ("/api/projects", "/nothing", "/api/audits/7"):
        headers = gateway.ask(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert headers["Server"] is None
    assert gateway.ask("/s/0-1").headers["X-Frame-Options"] is None


@pytest.mark.asvs("4.1.3")
def test_callers_cannot_pretend_another_address(gateway: Gateway) -> None:
    said = gateway.ask(
        "/api/projects", headers={"X-Forwarded-For": "203.0.113.9", "X_Forwarded_For": "203.0.113.9"}
    ).said
    assert said["forwarded"] == "127.0.0.1"
    assert said["alias"] is None
