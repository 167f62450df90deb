"""Sitemaps: the addresses that a site itself lists. Source: sitemaps.org protocol 0.9 (XML, index, text, gzip).

An expat parser that refuses DOCTYPE, and with it all entities: a sitemap needs none, and an attack on the parser does.
"""

import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_ENTRIES = 50_000
"""The protocol's own limit for one file."""
MAX_SITEMAP_BYTES = 50 * 1024 * 1024
"""The protocol's own limit for one file, unpacked."""
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_LOC = 2048


@dataclass(slots=True)
class Sitemap:
    """What one file lists, as written."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    problem: str = ""
    """Why reading ended early; what came before it is kept."""


def read_sitemap(body: bytes) -> Sitemap:
    """Return the addresses that a sitemap, a sitemap index or a text sitemap lists; never raises."""
    content = _unpacked(body)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _Reader().read(content)
    lines = (line.strip() for line in content.decode("utf-8-sig", "replace").splitlines())
    return Sitemap(pages=[line for line in lines if line.startswith(("http://", "https://"))][:MAX_ENTRIES])


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP_MAGIC):
        return body
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, MAX_SITEMAP_BYTES)
    except zlib.error:
        return b""


class _Reader:
    """Collects the text of `loc` elements that stand in `url` or `sitemap`; others (images, videos) are not pages."""

    def __init__(self) -> None:
        self.found = Sitemap()
        self._open: list[str] = []
        self._text: list[str] | None = None

    def read(self, content: bytes) -> Sitemap:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(content, True)  # the whole file at once
        except (expat.ExpatError, ValueError) as error:
            self.found.problem = str(error)
        return self.found

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._open.append(name)
        if [_local(n) for n in self._open[-2:]] in (["url", "loc"], ["sitemap", "loc"]) and _is_same_space(
            self._open
        ):
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None and len(self._text) < _MAX_LOC:
            self._text.append(text[:_MAX_LOC])

    def _end(self, _name: str) -> None:
        self._open.pop()
        if self._text is None:
            return
        listed = self.found.pages if _local(self._open[-1]) == "url" else self.found.sitemaps
        listed.append("".join(self._text).strip())
        self._text = None
        if len(self.found.pages) + len(self.found.sitemaps) >= MAX_ENTRIES:
            raise ValueError(f"more than {MAX_ENTRIES} entries")

    def _refuse(self, *_declaration: object) -> None:
        raise ValueError("a sitemap with a DOCTYPE is not read")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _is_same_space(names: list[str]) -> bool:
    """False for `image:loc`, whose namespace differs from its parent's."""
    return names[-1].rpartition(" ")[0] == names[-2].rpartition(" ")[0]
