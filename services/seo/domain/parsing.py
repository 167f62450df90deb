"""Bytes to a parsed HTML tree, in time and memory linear in the page's size whatever the page holds. Worker processes only.

Two things stand between a stranger's bytes and the parser. The character encoding comes from a list of those that the
web uses (Python has others, some of them slow or no text at all). And the nesting is flattened beyond a depth, as
browsers do: the HTML Standard looks through all open elements at many tags, so a page of nothing but `<div>` costs
quadratic time: 15 s for 400 kB.
"""

import codecs
import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_DEPTH = 512
"""Open elements; Chromium's limit too."""
_MAX_NODES_OF_TEXT = 500
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Python's names for the encodings of the WHATWG Encoding Standard.
_WEB_CODECS = re.compile(
    r"utf-8|utf-16|ascii|iso8859|cp125|cp874|cp866|koi8|gb|big5|euc_|shift_jis|cp932|iso2022_jp|mac"
)
# The Encoding Standard reads these labels as windows-1252.
_AS_CP1252 = frozenset({"ascii", "iso8859-1"})
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*>?")
# Without an end tag, or closed by what follows them (HTML Standard §13.1.2.4): they do not nest by being left open.
_NOT_NESTING = frozenset(
    b"area base body br col dd dt embed frame head hr html img input li link meta option optgroup p param rp rt "
    b"source tbody td tfoot th thead tr track wbr".split()
)


def parsed(body: bytes, content_type: str) -> LexborHTMLParser:
    """Return the tree of an HTML page; never raises: any bytes are a page to an HTML parser.

    The encoding is the byte-order mark's, else the header's, else the meta element's (HTML Standard §13.2.3.2).
    """
    text = _decoded(body, content_type)
    if text is None:
        return LexborHTMLParser(_flattened(body), encoding=True, scripting=True)
    return LexborHTMLParser(_flattened(text.encode("utf-8", "replace")), scripting=True)


def _decoded(body: bytes, content_type: str) -> str | None:
    """The page as text where mark or header name its encoding; None leaves the choice to the parser."""
    if body.startswith(_UTF16_MARKS):
        return body.decode("utf-16", "replace")
    label = _CHARSET.search(content_type)
    if label is None or body.startswith(codecs.BOM_UTF8):
        return None
    try:
        name = codecs.lookup(label.group(1)).name
    except (LookupError, ValueError):
        return None
    if not _WEB_CODECS.match(name):
        return None
    return body.decode("cp1252" if name in _AS_CP1252 else name, "replace")


def _flattened(body: bytes) -> bytes:
    """The page without the tags that would nest deeper than `MAX_DEPTH`; the same bytes for nearly every page."""
    if body.count(b"<") <= MAX_DEPTH:
        return body
    kept, at = [], 0
    for tag in _tags_too_deep(body):
        kept.append(body[at : tag.start()])
        at = tag.end()
    return b"".join([*kept, body[at:]]) if kept else body


def _tags_too_deep(body: bytes) -> Iterator[re.Match[bytes]]:
    """Start tags beyond the depth, and as many end tags after them: with those left in, the rest would sink deeper."""
    depth = n_dropped = 0
    for tag in _TAG.finditer(body):
        if tag.group(2).lower() in _NOT_NESTING:
            continue
        is_end = bool(tag.group(1))
        if n_dropped or (not is_end and depth >= MAX_DEPTH):
            n_dropped += -1 if is_end else 1
            yield tag
        else:
            depth = max(depth - 1, 0) if is_end else depth + 1


def text_of(node: LexborNode, *, limit: int) -> str:
    """Return an element's text, white space collapsed, at most so many characters, and fit for PostgreSQL.

    It looks at a bounded number of nodes: a link may hold half a page.
    """
    parts: list[str] = []
    length = 0
    for position, inner in enumerate(node.traverse(include_text=True)):
        if position > _MAX_NODES_OF_TEXT or length > limit:
            break
        if inner.is_text_node:
            text = " ".join((inner.text_content or "")[: limit + 1].split())
            parts.append(text)
            length += len(text) + 1
    return clean(" ".join(part for part in parts if part), limit=limit)


def clean(text: str, *, limit: int) -> str:
    """Return a text with its white space collapsed, cut, and without what PostgreSQL cannot keep (NUL, surrogates)."""
    shown = text[: limit * 2].replace("\x00", "").encode("utf-8", "replace").decode()
    return " ".join(shown.split())[:limit]


def attribute(node: LexborNode, name: str, *, limit: int = 4000) -> str:
    """Return an attribute's trimmed value; empty where it is missing or has none."""
    return (node.attributes.get(name) or "").strip()[:limit]
