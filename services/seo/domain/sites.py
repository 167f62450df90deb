"""Which addresses belong to the audited site, and which of them are worth a visit."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl

from kernel.outbound import WebUrl

_NOISE = re.compile(
    r"^(utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|phpsessid|jsessionid|aspsessionid\w*|sid)$", re.IGNORECASE
)
_PATH_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_MAX_PARAMETERS = 8
_MAX_SEGMENTS = 30
_MAX_SEGMENT_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Site:
    """The hosts of one site: the target's, with and without `www.`, over http and https."""

    keys: frozenset[str]

    @classmethod
    def of(cls, urls: Iterable[WebUrl]) -> Self:
        """Return the site that these addresses open: the target, and where its redirects lead."""
        return cls(frozenset(_site_key(url) for url in urls))

    def holds(self, url: WebUrl) -> bool:
        """True where the address belongs to the site."""
        return _site_key(url) in self.keys


def _site_key(url: WebUrl) -> str:
    host = url.host.rstrip(".").removeprefix("www.")
    return host if url.has_default_port else f"{host}:{url.port}"


def page_url(url: WebUrl) -> WebUrl:
    """Return the address under which a page counts once: without session ids and campaign parameters."""
    path = _PATH_SESSION.sub("", url.path)
    return replace(url, path=path, query=_without_noise(url.query))


def _without_noise(query: str) -> str:
    parts = query.removeprefix("?").split("&")
    kept = [part for part in parts if not _NOISE.match(part.partition("=")[0])]
    if len(kept) == len(parts):
        return query
    return "?" + "&".join(kept) if kept else ""


def url_hash(href: str) -> str:
    """Return the SHA-256 of a normalised address as 64 hexadecimal digits: its key in an audit."""
    return hashlib.sha256(href.encode()).hexdigest()


def is_trap(url: WebUrl) -> bool:
    """True where an address looks machine-made without end: many parameters, deep or repeating paths."""
    segments = [segment for segment in url.path.split("/") if segment]
    repeats = max(Counter(segments).values(), default=0)
    n_parameters = len(parse_qsl(url.query.removeprefix("?"), keep_blank_values=True))
    return n_parameters > _MAX_PARAMETERS or len(segments) > _MAX_SEGMENTS or repeats > _MAX_SEGMENT_REPEATS
