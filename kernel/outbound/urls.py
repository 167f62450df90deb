"""Web addresses, parsed once by a WHATWG parser and used as that one object everywhere.

Why ada-url: urllib, httpx and yarl read another host than browsers do in about one of five odd but valid addresses,
and a filter that reads another host than the connection does is no filter. Odd forms of IPv4 (`0x7f.1`,
`2130706433`, `127.1`) come out as what they resolve to. Source: the WHATWG URL Standard.
"""

from dataclasses import dataclass

import ada_url

MAX_URL_LENGTH = 2048
"""Characters; what the database keeps, and more than search engines follow."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class UnusableUrl(ValueError):  # noqa: N818 - reads as the condition it names
    """The text is no address of the web that can be fetched; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class WebUrl:
    """An absolute http(s) address in WHATWG normal form, without credentials and fragment.

    `host` is lower-case ASCII (punycode) or an IP address without brackets; `port` is always set.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str
    """With its leading `?`, or empty."""

    @property
    def origin(self) -> str:
        """Scheme, host and (where not the default) port: `https://example.org`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.has_default_port else f":{self.port}")

    @property
    def href(self) -> str:
        """The whole address as text."""
        return f"{self.origin}{self.path}{self.query}"

    @property
    def has_default_port(self) -> bool:
        """True on port 80 of http and 443 of https."""
        return _DEFAULT_PORTS[self.scheme] == self.port

    def __str__(self) -> str:
        return self.href


def parse_web_url(text: str, base: WebUrl | None = None) -> WebUrl:
    """Return the address that a text means, resolved against `base` where it is relative.

    Raises UnusableUrl: no URL, another scheme than http and https, credentials inside, or too long.
    """
    if len(text) > MAX_URL_LENGTH:
        raise UnusableUrl(f"the address is longer than {MAX_URL_LENGTH} characters")
    try:
        parsed = ada_url.URL(text) if base is None else ada_url.URL(text, base=base.href)
    except ValueError:  # UnicodeEncodeError (lone surrogates) is one of them
        raise UnusableUrl("this is not a complete web address such as https://example.org/") from None
    return _checked(parsed)


def _checked(parsed: ada_url.URL) -> WebUrl:
    scheme = parsed.protocol.removesuffix(":")
    if scheme not in _DEFAULT_PORTS:
        raise UnusableUrl(f"only http and https addresses can be fetched, not {scheme!r}")
    if parsed.username or parsed.password:
        raise UnusableUrl("the address carries a user name or password; leave them out")
    port = int(parsed.port) if parsed.port else _DEFAULT_PORTS[scheme]
    url = WebUrl(scheme, parsed.hostname.strip("[]"), port, parsed.pathname, _query(parsed.search))
    if len(url.href) > MAX_URL_LENGTH:
        raise UnusableUrl(f"the address is longer than {MAX_URL_LENGTH} characters when normalised")
    return url


def _query(search: str) -> str:
    # A lone "?" asks for nothing; dropping it keeps one page from being two.
    return "" if search == "?" else search
