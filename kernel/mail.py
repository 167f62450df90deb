"""Mail out: SMTP over checked TLS where a server is configured, files in a folder otherwise (the local stack)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from kernel.ids import uuid7
from kernel.logs import get_logger
from kernel.settings import MailSettings

logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain-text message to one address; `headers` are further ones, such as List-Unsubscribe."""

    to: str
    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


class LetterRefused(Exception):  # noqa: N818 - the server's verdict on one letter
    """The server has refused this letter: it was not taken, and the text says why."""


class MailUnreachable(Exception):  # noqa: N818 - a state of the server
    """No server took a connection: nothing was handed over, and another time it may be."""


class Mail(Protocol):
    """Anything that delivers a letter."""

    async def send(self, letter: Letter) -> None:
        """Deliver it or raise."""
        ...


class FileMail:
    """Writes each message as an .eml file and logs its path."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def send(self, letter: Letter) -> None:
        """Write one file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{uuid7()}.eml"
        path.write_bytes(bytes(_message(self._sender, letter)))
        logger.info("mail written to a file", path=str(path))


class SmtpMail:
    """Hands each message to an SMTP server, over TLS."""

    def __init__(self, url: str, sender: str) -> None:
        self._parts, self._sender = urlsplit(url), sender

    async def send(self, letter: Letter) -> None:
        """Deliver one letter; raises aiosmtplib.SMTPException when the server refuses it."""
        implicit_tls = self._parts.scheme == "smtps"
        await aiosmtplib.send(
            _message(self._sender, letter),
            hostname=self._parts.hostname or "localhost",
            port=self._parts.port or (465 if implicit_tls else 587),
            username=unquote(self._parts.username) if self._parts.username else None,
            password=unquote(self._parts.password) if self._parts.password else None,
            use_tls=implicit_tls,
            start_tls=None if implicit_tls else True,
            timeout=20,
        )


def mail_of(settings: MailSettings) -> Mail:
    """Return the way out that the settings name."""
    if settings.smtp_url:
        return SmtpMail(settings.smtp_url, settings.mail_from)
    return FileMail(Path(settings.mail_folder), settings.mail_from)


async def deliver(mail: Mail, letter: Letter) -> None:
    """Send a letter after the answer was given: its time tells nobody whether the address is known.

    A server that refuses it is noted in the log; whoever waits for the letter asks for another.
    """
    try:
        await mail.send(letter)
    except (OSError, aiosmtplib.SMTPException):
        logger.exception("mail not sent", subject=letter.subject)


async def hand_over(mail: Mail, letter: Letter) -> None:
    """Send a letter, and tell apart why it was not taken: raises LetterRefused or MailUnreachable.

    Whatever else is raised leaves open whether the server has taken it, such as a connection that breaks in the middle.
    """
    try:
        await mail.send(letter)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise MailUnreachable(str(error)) from error
    except (aiosmtplib.SMTPConnectError, ConnectionRefusedError) as error:
        raise MailUnreachable(str(error)) from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        reasons = "; ".join(f"{each.code} {each.message}" for each in error.recipients)
        raise LetterRefused(reasons) from error
    except aiosmtplib.SMTPResponseException as error:
        raise LetterRefused(f"{error.code} {error.message}") from error


class _Addresses(UnstructuredHeader, BaseHeader):
    """A header of an address that is longer than a line should be, and is left whole.

    What has no blank to be folded at would be written as an encoded word, which means nothing here (RFC 2047 §5): mail programs
    would find no address.
    """

    def fold(self, *, policy: Policy) -> str:
        """Write the header as one line."""
        return f"{self.name}: {self}{policy.linesep}"


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("List-Unsubscribe", _Addresses)
    return registry


def _message(sender: str, letter: Letter) -> EmailMessage:
    message = EmailMessage(EmailPolicy(header_factory=_headers()))
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Message-ID"] = f"<{uuid7()}@plugzero>"
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(letter.text)
    return message
