"""Letters over SMTP: encrypted, to a server whose certificate is checked; a server that fails loses no request."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from deploy.embedded.ports import PortBook
from kernel.mail import Letter, LetterRefused, MailUnreachable, SmtpMail, deliver, hand_over

LETTER = Letter(to="ada@example.com", subject="Grüße", text="Ein Wort: Öl.\n")


@dataclass
class Received:
    """What the server took in."""

    letters: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and parameters
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        if address.startswith("refused@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 yes"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.letters.append((envelope.rcpt_tos[0], envelope.content))
        return "250 taken"


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """A certificate authority that this process trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.fixture
def server(authority: trustme.CA, tmp_path: Path) -> Iterator[tuple[int, Received]]:
    """An SMTP server with STARTTLS that asks for a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    received, ports = Received(), PortBook(tmp_path / "ports.json")
    port = ports.port("smtp")

    def check(
        _server: object, _session: object, _envelope: object, _mechanism: str, given: Any
    ) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"user", b"p@ss")
        return AuthResult(success=right, handled=False)  # the server itself answers 535

    controller = Controller(
        received,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    controller.start()
    yield port, received
    controller.stop()
    ports.close()


@pytest.mark.asvs("12.3.2")
async def test_a_letter_arrives_over_tls_with_the_password_of_the_address(
    server: tuple[int, Received],
) -> None:
    port, received = server
    await SmtpMail(f"smtp://user:p%40ss@localhost:{port}", "PlugZero <no-reply@x.example>").send(LETTER)
    ((to, content),) = received.letters
    assert to == LETTER.to
    assert b"From: PlugZero <no-reply@x.example>" in content


async def test_a_server_that_refuses_or_is_gone_is_noted_and_fails_nobodys_request(
    server: tuple[int, Received],
) -> None:
    port, received = server
    there, gone = (f"smtp://user:p%40ss@{host}" for host in (f"localhost:{port}", "127.0.0.1:1"))
    await deliver(SmtpMail(there, "no-reply@x.example"), replace(LETTER, to="refused@example.com"))
    await deliver(SmtpMail(gone, "no-reply@x.example"), LETTER)
    assert received.letters == []


async def test_why_a_letter_was_not_taken_is_told_apart(server: tuple[int, Received]) -> None:
    port, received = server
    there, gone = (f"smtp://user:p%40ss@{host}" for host in (f"localhost:{port}", "127.0.0.1:1"))
    refused = replace(LETTER, to="refused@example.com")
    with pytest.raises(LetterRefused, match="550 no such mailbox"):
        await hand_over(SmtpMail(there, "no-reply@x.example"), refused)
    with pytest.raises(MailUnreachable):
        await hand_over(SmtpMail(gone, "no-reply@x.example"), LETTER)
    assert received.letters == []
    address = f"<https://x.example/s/{uuid4()}/u/{'t' * 43}>"
    headers = {"List-Unsubscribe": address}
    await hand_over(SmtpMail(there, "no-reply@x.example"), replace(LETTER, headers=headers))
    assert f"List-Unsubscribe: {address}\r\n".encode() in received.letters[0][1], "neither folded nor encoded"


async def test_a_wrong_password_of_ours_is_no_fault_of_a_letter(server: tuple[int, Received]) -> None:
    port, received = server
    with pytest.raises(MailUnreachable):
        await hand_over(SmtpMail(f"smtp://user:wrong@localhost:{port}", "no-reply@x.example"), LETTER)
    assert received.letters == []


@pytest.mark.asvs("12.3.2")
async def test_a_server_with_a_strangers_certificate_gets_nothing(
    server: tuple[int, Received], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port, received = server
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    await deliver(SmtpMail(f"smtp://user:p%40ss@localhost:{port}", "no-reply@x.example"), LETTER)
    assert received.letters == []
