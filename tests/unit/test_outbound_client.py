"""The guarded client against servers that misbehave, on loopback."""

import asyncio
import gzip
import random
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kernel.outbound import OutboundPolicy, Outcome
from kernel.outbound import resolver as resolver_module
from kernel.outbound.client import Outbound
from kernel.outbound.decoding import BodyDecoder

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
LOCAL = OutboundPolicy(allow_private=True, timeout_s=5)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """A raw HTTP server: `answer` gets the request's path and writes bytes as it likes."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await answer(head.split()[1].decode(), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


def plain(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{lines}\r\n"

    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode("latin-1") + body)
        await writer.drain()

    return answer


def by_path(answers: dict[str, Answer]) -> Answer:
    async def answer(path: str, writer: asyncio.StreamWriter) -> None:
        await answers.get(path, plain(404))(path, writer)

    return answer


async def test_a_page_comes_back_with_status_headers_body_and_times() -> None:
    async with (
        serving(plain(body=b"hello", Content_Type="text/html", X_A="1")) as base,
        Outbound(LOCAL) as client,
    ):
        fetched = await client.get(f"{base}/x")
    assert (fetched.outcome, fetched.status, fetched.body) == (Outcome.OK, 200, b"hello")
    assert fetched.header("content-type") == "text/html"
    assert fetched.first_byte_ms is not None
    assert fetched.elapsed_ms >= fetched.first_byte_ms
    assert (fetched.wire_bytes, fetched.body_bytes) == (5, 5)


async def test_an_error_status_is_an_answer_and_not_a_failure() -> None:
    async with serving(plain(503, b"later", Retry_After="9")) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base)
    assert fetched.ok
    assert (fetched.status, fetched.header("Retry-After")) == (503, "9")


async def test_loopback_is_refused_unless_the_deployment_allows_it() -> None:
    hits: list[str] = []

    async def count(path: str, writer: asyncio.StreamWriter) -> None:
        hits.append(path)
        await plain()(path, writer)

    async with serving(count) as base, Outbound(OutboundPolicy(ports=frozenset(range(1, 65536)))) as client:
        for form in (base, base.replace("127.0.0.1", "2130706433"), base.replace("127.0.0.1", "localhost")):
            fetched = await client.get(form)
            assert fetched.outcome is Outcome.BLOCKED_ADDRESS, form
            assert fetched.detail
    assert hits == []


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    async def lookup(_host: str) -> list[str]:
        return ["93.184.216.34", "10.0.0.7"]

    async with Outbound(OutboundPolicy(), lookup=lookup) as client:
        fetched = await client.get("http://shop.example/")
    assert fetched.outcome is Outcome.BLOCKED_ADDRESS
    assert "private use" in fetched.detail
    assert "10.0.0.7" not in fetched.detail


async def test_a_name_that_changes_its_answer_is_only_ever_connected_to_what_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    opened: list[str] = []

    async def rebinding(_host: str) -> list[str]:
        return answers.pop(0)

    def refuse_after_noting(**_kind: object) -> socket.socket:
        opened.append("socket")
        raise ConnectionRefusedError

    monkeypatch.setattr("kernel.outbound.resolver.socket.socket", refuse_after_noting)
    async with Outbound(OutboundPolicy(), lookup=rebinding) as client:
        first = await client.get("http://rebind.example/")
        second = await client.get("http://rebind.example/")
    assert (first.outcome, second.outcome) == (Outcome.REFUSED, Outcome.BLOCKED_ADDRESS)
    assert opened == ["socket"]
    assert answers == []


async def test_the_socket_itself_refuses_an_address_that_slipped_by_the_resolver() -> None:
    open_socket = resolver_module.checked_socket_factory(OutboundPolicy())
    with pytest.raises(resolver_module.AddressRefused):
        open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))


async def test_a_redirect_to_a_refused_address_is_not_followed() -> None:
    async with (
        serving(plain(302, Location="http://169.254.169.254/latest/")) as base,
        Outbound(LOCAL) as client,
    ):
        fetched = await client.get(base)
    assert fetched.outcome is Outcome.BLOCKED_ADDRESS
    assert fetched.redirects[0].location == "http://169.254.169.254/latest/"
    assert fetched.body == b""


async def test_a_redirect_to_another_scheme_is_a_bad_address() -> None:
    async with serving(plain(301, Location="file:///etc/passwd")) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base)
    assert fetched.outcome is Outcome.BAD_URL


async def test_a_redirect_chain_is_followed_and_kept() -> None:
    site = by_path(
        {"/1": plain(301, Location="/2"), "/2": plain(308, Location="3"), "/3": plain(body=b"end")}
    )
    async with serving(site) as base, Outbound(LOCAL) as client:
        fetched = await client.get(f"{base}/1")
    assert (fetched.outcome, fetched.body, fetched.final_url) == (Outcome.OK, b"end", f"{base}/3")
    assert [(hop.url, hop.status) for hop in fetched.redirects] == [(f"{base}/1", 301), (f"{base}/2", 308)]


async def test_redirect_loops_and_endless_redirects_end() -> None:
    async def onwards(path: str, writer: asyncio.StreamWriter) -> None:
        await plain(302, Location=f"{path}x")(path, writer)

    circle = by_path({"/a": plain(302, Location="/b"), "/b": plain(302, Location="/a")})
    async with serving(circle) as base, Outbound(LOCAL) as client:
        assert (await client.get(f"{base}/a")).outcome is Outcome.REDIRECT_LOOP
    async with serving(onwards) as base, Outbound(LOCAL) as client:
        fetched = await client.get(f"{base}/a")
    assert fetched.outcome is Outcome.TOO_MANY_REDIRECTS
    assert len(fetched.redirects) == LOCAL.max_redirects + 1


async def test_a_redirect_is_the_answer_where_none_may_be_followed() -> None:
    async with serving(plain(301, b"moved", Location="/new")) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base, policy=replace(LOCAL, max_redirects=0))
    assert (fetched.outcome, fetched.status, fetched.header("location")) == (Outcome.OK, 301, "/new")


async def test_a_narrower_policy_for_one_fetch_cannot_widen_what_is_allowed() -> None:
    async with serving(plain()) as base, Outbound(OutboundPolicy()) as client:
        fetched = await client.get(base, policy=LOCAL)
    assert fetched.outcome is Outcome.BLOCKED_ADDRESS


async def test_own_headers_do_not_follow_a_redirect_to_another_origin() -> None:
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        await plain()("/", writer)
        writer.close()

    other = await asyncio.start_server(note, "127.0.0.1", 0)
    elsewhere = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/"
    async with serving(plain(302, Location=elsewhere)) as base, Outbound(LOCAL) as client:
        await client.get(base, headers={"Authorization": "Bearer secret"})
    other.close()
    await other.wait_closed()
    assert seen
    assert b"secret" not in seen[0]
    assert b"PlugZeroBot" in seen[0]


async def test_a_body_over_the_limit_is_cut_and_said_to_be() -> None:
    async with serving(plain(body=b"x" * 50_000)) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base, policy=replace(LOCAL, max_bytes=1000))
    assert (fetched.outcome, len(fetched.body)) == (Outcome.TOO_LARGE, 1000)
    assert "1000 bytes" in fetched.detail


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_decompression_bomb_costs_no_more_than_a_page(
    coding: str, pack: Callable[[bytes], bytes]
) -> None:
    bomb = pack(bytes(80 * 1024 * 1024))
    async with serving(plain(body=bomb, Content_Encoding=coding)) as base, Outbound(LOCAL) as client:
        by_ratio = await client.get(base, policy=replace(LOCAL, max_bytes=50 * 1024 * 1024))
        by_size = await client.get(base, policy=replace(LOCAL, max_bytes=100_000))
    assert by_ratio.outcome is by_size.outcome is Outcome.TOO_LARGE
    assert "grows more than" in by_ratio.detail
    assert len(by_ratio.body) < 50 * 1024 * 1024
    assert len(by_size.body) == 100_000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("x-gzip", gzip.compress(b"hel", mtime=0) + gzip.compress(b"lo", mtime=0)),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("identity", b"hello"),
    ],
)
async def test_honest_compression_is_undone(coding: str, body: bytes) -> None:
    async with serving(plain(body=body, Content_Encoding=coding)) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base)
    assert (fetched.outcome, fetched.body) == (Outcome.OK, b"hello")
    assert fetched.wire_bytes == len(body)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"hello" * 99, mtime=0)[:-9]),
        ("zstd", b"xyz"),
        ("gzip, gzip", b"x"),
    ],
)
async def test_dishonest_compression_is_a_bad_encoding(coding: str, body: bytes) -> None:
    async with serving(plain(body=body, Content_Encoding=coding)) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base)
    assert fetched.outcome is Outcome.BAD_ENCODING


@pytest.mark.parametrize("size", [0, 1, 262_143, 262_144, 262_145, 524_288, 1_048_576])
@pytest.mark.parametrize("step", [1_000, 1_000_000])
def test_a_body_of_any_size_comes_out_of_the_decoder_whole(size: int, step: int) -> None:
    packed = gzip.compress(random.Random(size).randbytes(size // 2) + bytes(size - size // 2))
    decoder = BodyDecoder("gzip", max_bytes=size, max_ratio=10_000)
    pieces = [plain for at in range(0, len(packed), step) for plain in decoder.decode(packed[at : at + step])]
    decoder.finish()
    assert decoder.problem is None
    assert len(b"".join(pieces)) == decoder.body_bytes == size


async def test_a_server_that_drips_is_given_up_in_time() -> None:
    async def drip(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"X-A: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(drip) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base, policy=replace(LOCAL, timeout_s=0.4))
    assert fetched.outcome is Outcome.TIMEOUT
    assert 350 <= fetched.elapsed_ms < 3000


@pytest.mark.parametrize("head", [b"X-A: " + b"a" * 70_000, b"\r\n".join(b"X-%d: b" % i for i in range(500))])
async def test_huge_headers_are_refused(head: bytes) -> None:
    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + head + b"\r\n\r\n")
        await writer.drain()

    async with serving(answer) as base, Outbound(LOCAL) as client:
        fetched = await client.get(base)
    assert fetched.outcome is Outcome.BAD_RESPONSE
    assert len(fetched.detail) <= 300


@pytest.mark.parametrize(
    "rubbish", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 abc X\r\n\r\n"]
)
async def test_what_is_not_http_is_a_bad_response(rubbish: bytes) -> None:
    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(rubbish)
        await writer.drain()

    async with serving(answer) as base, Outbound(LOCAL) as client:
        assert (await client.get(base)).outcome is Outcome.BAD_RESPONSE


async def test_a_connection_that_ends_early_is_disconnected() -> None:
    async def cut(path: str, writer: asyncio.StreamWriter) -> None:
        if path == "/half":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            await writer.drain()

    async with serving(cut) as base, Outbound(LOCAL) as client:
        nothing = await client.get(f"{base}/")
        half = await client.get(f"{base}/half")
    assert nothing.outcome is half.outcome is Outcome.DISCONNECTED
    assert half.body == b"half"


async def test_refused_and_dns_failures_are_told_apart(unused_tcp_port: int) -> None:
    async def nothing(_host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with Outbound(LOCAL, lookup=nothing) as client:
        assert (await client.get("http://nowhere.example/")).outcome is Outcome.DNS_ERROR
    async with Outbound(LOCAL) as client:
        assert (await client.get(f"http://127.0.0.1:{unused_tcp_port}/")).outcome is Outcome.REFUSED


async def test_a_server_that_does_not_speak_tls_is_a_tls_error() -> None:
    async def speak_first(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak_first, "127.0.0.1", 0)
    async with Outbound(LOCAL) as client:
        fetched = await client.get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    server.close()
    await server.wait_closed()
    assert fetched.outcome is Outcome.TLS_ERROR


async def test_a_certificate_that_nobody_vouches_for_is_a_tls_error(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(_self_signed(tmp_path))
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=tls)
    async with Outbound(LOCAL) as client:
        fetched = await client.get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    server.close()
    await server.wait_closed()
    assert fetched.outcome is Outcome.TLS_ERROR
    assert "certificate" in fetched.detail.lower()


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return pem


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(plain(body=b"direct")) as base, Outbound(LOCAL) as client:
        assert (await client.get(base)).body == b"direct"


async def test_cookies_are_not_kept() -> None:
    requests: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        await plain(Set_Cookie="sid=1; Path=/")("/", writer)
        writer.close()

    server = await asyncio.start_server(note, "localhost", 0, family=socket.AF_INET)
    base = f"http://localhost:{server.sockets[0].getsockname()[1]}/"
    async with Outbound(LOCAL) as client:
        await client.get(base)
        await client.get(base)
    server.close()
    await server.wait_closed()
    assert len(requests) == 2
    assert b"cookie:" not in requests[1].lower()


async def test_a_large_body_is_streamed_to_the_caller() -> None:
    pieces: list[int] = []

    async def write(piece: bytes) -> None:
        pieces.append(len(piece))

    async with serving(plain(body=b"x" * 900_000)) as base, Outbound(LOCAL) as client:
        fetched = await client.download(base, write)
    assert (fetched.outcome, fetched.body, sum(pieces)) == (Outcome.OK, b"", 900_000)
    assert len(pieces) > 1


async def test_the_callers_own_error_while_writing_stays_its_own() -> None:
    async def write(_piece: bytes) -> None:
        raise OSError("disk full")

    async with serving(plain(body=b"x")) as base, Outbound(LOCAL) as client:
        with pytest.raises(OSError, match="disk full"):
            await client.download(base, write)


async def test_bodies_of_unwanted_types_are_left_where_they_are() -> None:
    limits = replace(LOCAL, body_types=frozenset({"text/html"}))
    film = by_path({"/film": plain(body=b"x" * 99, Content_Type="video/mp4"), "/none": plain(body=b"y")})
    async with serving(film) as base, Outbound(limits) as client:
        unwanted, untyped = await client.get(f"{base}/film"), await client.get(f"{base}/none")
    assert (unwanted.outcome, unwanted.status, unwanted.body) == (Outcome.OK, 200, b"")
    assert untyped.body == b"y"


async def test_bad_text_is_a_bad_url() -> None:
    async with Outbound(LOCAL) as client:
        fetched = await client.get("gopher://example.org/")
    assert fetched.outcome is Outcome.BAD_URL
