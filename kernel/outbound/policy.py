"""What the guarded client may do, and what it brings back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kernel.outbound.addresses import Reach, classify, is_ip_address
from kernel.outbound.urls import WebUrl

DEFAULT_USER_AGENT = "PlugZeroBot/1.0 (+https://github.com/plugzero/plugzero-analytics)"
_KIB = 1024
_MIB = 1024 * _KIB


class Outcome(StrEnum):
    """How a fetch ended. Everything but OK is a class of its own, so that a blocked page is never called broken."""

    OK = "ok"
    """An HTTP answer arrived whole, whatever its status."""
    BAD_URL = "bad_url"
    BLOCKED_ADDRESS = "blocked_address"
    """The address, the port or the name is one that this deployment does not connect to."""
    DNS_ERROR = "dns_error"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    BAD_RESPONSE = "bad_response"
    """What arrived is not HTTP, or its headers are over the limits."""
    BAD_ENCODING = "bad_encoding"
    """The body's Content-Encoding is unknown or broken."""
    TOO_LARGE = "too_large"
    """The body is over the limit of bytes or of compression; its beginning is kept."""
    REDIRECT_LOOP = "redirect_loop"
    TOO_MANY_REDIRECTS = "too_many_redirects"


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """Limits of one client. The defaults suit a web page."""

    allow_private: bool = False
    """Loopback and private networks too, and any port. Metadata services stay refused."""
    ports: frozenset[int] = frozenset({80, 443})
    """Ports that may be named where private networks are not allowed."""
    max_bytes: int = 10 * _MIB
    """Of the body, after decompression."""
    max_compression_ratio: int = 200
    """Decompressed over received bytes, judged from the first MiB on."""
    max_header_bytes: int = 32 * _KIB
    """Of one header line; there may be at most `max_headers` of them."""
    max_headers: int = 128
    body_types: frozenset[str] = frozenset()
    """Media types whose bodies are read; of others only the headers. Empty means all."""
    max_redirects: int = 10
    """Followed redirects; 0 brings a redirect back as the answer itself."""
    timeout_s: float = 30.0
    """For the whole fetch: every redirect, headers and body."""
    connect_timeout_s: float = 10.0
    max_connections: int = 100
    user_agent: str = DEFAULT_USER_AGENT

    def refusal(self, url: WebUrl) -> str | None:
        """Return why this address may not be fetched, as far as it shows without asking DNS; None where it may."""
        if not self.allow_private and url.port not in self.ports:
            return f"port {url.port} is not one of {', '.join(str(port) for port in sorted(self.ports))}"
        if is_ip_address(url.host):
            return self.refusal_of_address(url.host)
        if not self.allow_private and _names_this_machine(url.host):
            return f"{url.host} names this machine or its own network, not a public website"
        return None

    def wants_body(self, content_type: str) -> bool:
        """True where a body of this Content-Type is to be read; one without a type is."""
        media_type = content_type.partition(";")[0].strip().lower()
        return not (self.body_types and media_type) or media_type in self.body_types

    def refusal_of_address(self, address: str) -> str | None:
        """Return why this IP address may not be connected to; None where it may."""
        found = classify(address)
        if found.reach is Reach.PUBLIC or (found.reach is Reach.PRIVATE and self.allow_private):
            return None
        return f"{address} is not a public address: {found.name}"


def _names_this_machine(host: str) -> bool:
    # RFC 6761 §6.3 and RFC 6762 §3; `.internal` is ICANN's private-use name.
    labels = host.rstrip(".").rsplit(".", 1)
    return labels[-1] in {"localhost", "local", "internal"}


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed."""

    url: str
    status: int
    location: str
    """As the server wrote it."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought back. `outcome` comes first: the other fields hold as much as arrived before it ended."""

    url: str
    """As asked for, normalised."""
    outcome: Outcome
    detail: str = ""
    """Why it is not OK, for people."""
    final_url: str = ""
    """After redirects."""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """In order, names in lower case; one name may stand several times."""
    body: bytes = b""
    """Decompressed. Empty where the caller took the content as a stream."""
    redirects: tuple[Hop, ...] = field(default=())
    wire_bytes: int = 0
    """Body bytes received, before decompression."""
    body_bytes: int = 0
    """Body bytes after decompression."""
    first_byte_ms: int | None = None
    """From the last hop's request to its headers."""
    elapsed_ms: int = 0

    @property
    def ok(self) -> bool:
        """True where an answer arrived whole; its status may still be an error."""
        return self.outcome is Outcome.OK

    def header(self, name: str) -> str:
        """Return a header's value (several joined by a comma, RFC 9110 §5.3), or an empty text."""
        wanted = name.lower()
        return ", ".join(value for key, value in self.headers if key == wanted)

    def header_values(self, name: str) -> list[str]:
        """Return every value of a header in order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key == wanted]


RequestHeaders = Mapping[str, str]
