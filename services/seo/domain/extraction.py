"""HTML to facts, with selectolax (lexbor). Worker processes only; pure: bytes in, `HtmlFacts` out."""

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from kernel.outbound import UnusableUrl, WebUrl, parse_web_url
from services.seo.domain.sites import Site, is_trap, page_url
from services.seo.domain.visits import HtmlFacts, Link

MAX_LINKS = 2000
MAX_HEADINGS = 200
MAX_EXAMPLES = 20
_MAX_TEXT = 1000
_MAX_ATTRIBUTE = 4000
_MIN_COMPARABLE_WORDS = 20
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_NOT_A_PAGE = re.compile(r"\s*(javascript|mailto|tel|sms|data|blob|about|whatsapp|callto):", re.IGNORECASE)
# One Chinese, Japanese or Korean character counts as a word: those scripts write no spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_INVISIBLE = ["script", "style", "noscript", "template", "svg", "iframe"]
_RESOURCES = "script[src], img[src], iframe[src], source[src], video[src], audio[src], embed[src]"


def html_facts(body: bytes, *, url: WebUrl, content_type: str, site: Site) -> HtmlFacts:
    """Return what an HTML page says. Never raises: any bytes are a page to an HTML parser."""
    tree = _parsed(body, content_type)
    meta = _Meta.of(tree)
    base = _base(tree, url)
    links = _Links.of(tree, base, site)
    images = [node for node in tree.css("img") if not _is_hidden(node)]
    without_alt = [node for node in images if node.attributes.get("alt", _ABSENT) is _ABSENT]
    insecure = _insecure_resources(tree)
    n_elements = len(tree.css("*"))
    headings = tuple(
        (int((h.tag or "h1")[1]), _text(h)) for h in tree.css("h1, h2, h3, h4, h5, h6")[:MAX_HEADINGS]
    )
    text = _visible_text(tree)
    words = _WORD.findall(text)
    return HtmlFacts(
        titles=tuple(_text(node) for node in tree.css("title") if not _is_inside_svg(node)),
        descriptions=meta.named("description"),
        headings=headings,
        canonicals=tuple(_attribute(node, "href") for node in _links_with_rel(tree, "canonical")),
        robots=_directives(meta.named("robots")),
        lang=_lang(tree),
        viewports=meta.named("viewport"),
        hreflangs=tuple(
            (_attribute(node, "hreflang"), _attribute(node, "href"))
            for node in _links_with_rel(tree, "alternate")
            if "hreflang" in node.attributes
        ),
        social=meta.social(),
        refresh=meta.refresh(),
        links=tuple(links.found.values())[:MAX_LINKS],
        n_links=links.n_links,
        n_unusable_links=len(links.unusable),
        unusable_links=tuple(links.unusable[:MAX_EXAMPLES]),
        n_images=len(images),
        n_images_without_alt=len(without_alt),
        images_without_alt=_sources(without_alt),
        n_images_without_size=sum(1 for node in images if not _has_size(node)),
        insecure_resources=insecure,
        insecure_forms=tuple(
            _attribute(node, "action")
            for node in tree.css("form[action]")
            if _attribute(node, "action").lower().startswith("http:")
        )[:MAX_EXAMPLES],
        n_words=len(words),
        text_hash=_hash(words) if len(words) >= _MIN_COMPARABLE_WORDS else "",
        n_elements=n_elements,
    )


_ABSENT = object()


def _parsed(body: bytes, content_type: str) -> LexborHTMLParser:
    """The header's charset decides (HTML Standard §13.2.3.2), but a byte-order mark and a nonsense charset do not."""
    label = _CHARSET.search(content_type)
    if label and not body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        try:
            text = body.decode(codecs.lookup(label.group(1)).name, "replace")
        except (LookupError, ValueError):
            text = None
        if text is not None:
            return LexborHTMLParser(text, scripting=True)
    return LexborHTMLParser(body, encoding=True, scripting=True)


@dataclass(frozen=True, slots=True)
class _Meta:
    """The page's meta elements as attribute dictionaries."""

    elements: list[dict[str, str | None]]

    @classmethod
    def of(cls, tree: LexborHTMLParser) -> "_Meta":
        return cls([node.attributes for node in tree.css("meta")])

    def named(self, name: str) -> tuple[str, ...]:
        return tuple(
            _short(element.get("content") or "")
            for element in self.elements
            if (element.get("name") or "").strip().lower() == name
        )

    def social(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in self.elements:
            name = (element.get("property") or element.get("name") or "").strip().lower()
            if name.startswith(("og:", "twitter:")) and len(found) < MAX_EXAMPLES:
                found.setdefault(name[:60], _short(element.get("content") or ""))
        return found

    def refresh(self) -> str:
        for element in self.elements:
            if (element.get("http-equiv") or "").strip().lower() == "refresh":
                return _short(element.get("content") or "")
        return ""


class _Links:
    """Links to pages, each address once, in order."""

    def __init__(self) -> None:
        self.found: dict[str, Link] = {}
        self.unusable: list[str] = []
        self.n_links = 0

    @classmethod
    def of(cls, tree: LexborHTMLParser, base: WebUrl, site: Site) -> "_Links":
        links = cls()
        for node in tree.css("a[href], area[href]"):
            links.add(node, base, site)
        return links

    def add(self, node: LexborNode, base: WebUrl, site: Site) -> None:
        href = _attribute(node, "href")
        if _NOT_A_PAGE.match(href) or href.startswith("#"):
            return
        self.n_links += 1
        try:
            url = parse_web_url(href, base)
        except UnusableUrl:
            self.unusable.append(href[:200])
            return
        internal = site.holds(url)
        if internal:
            url = page_url(url)
        nofollow = "nofollow" in _attribute(node, "rel").lower().split()
        if url.href in self.found:
            return
        link = Link(url.href, _text(node)[:200], internal=internal, nofollow=nofollow, is_trap=is_trap(url))
        self.found[url.href] = link


def _base(tree: LexborHTMLParser, url: WebUrl) -> WebUrl:
    node = tree.css_first("base[href]")
    if node is None:
        return url
    try:
        return parse_web_url(_attribute(node, "href"), url)
    except UnusableUrl:
        return url


def _links_with_rel(tree: LexborHTMLParser, rel: str) -> Iterable[LexborNode]:
    return [node for node in tree.css("link[rel]") if rel in _attribute(node, "rel").lower().split()]


def _directives(contents: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip().lower() for content in contents for part in content.split(",") if part.strip())


def _lang(tree: LexborHTMLParser) -> str | None:
    root = tree.css_first("html")
    if root is None or "lang" not in root.attributes:
        return None
    return _attribute(root, "lang")


def _insecure_resources(tree: LexborHTMLParser) -> tuple[str, ...]:
    sources = [_attribute(node, "src") for node in tree.css(_RESOURCES)]
    styles = [_attribute(node, "href") for node in _links_with_rel(tree, "stylesheet")]
    return _first(sources + styles, lambda source: source.lower().startswith("http:"))


def _first(values: list[str], wanted: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple([value[:300] for value in dict.fromkeys(values) if wanted(value)][:MAX_EXAMPLES])


def _sources(images: list[LexborNode]) -> tuple[str, ...]:
    sources = [_attribute(node, "src") or _attribute(node, "data-src") for node in images[:MAX_EXAMPLES]]
    return tuple(source[:300] for source in sources)


def _is_hidden(image: LexborNode) -> bool:
    attributes = image.attributes
    return attributes.get("role") in {"presentation", "none"} or attributes.get("aria-hidden") == "true"


def _has_size(image: LexborNode) -> bool:
    return bool(_attribute(image, "width") and _attribute(image, "height"))


def _is_inside_svg(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag == "svg":
            return True
        parent = parent.parent
    return False


def _visible_text(tree: LexborHTMLParser) -> str:
    """Text of the body without scripts and such; changes the tree, hence last."""
    tree.strip_tags(_INVISIBLE)
    return tree.body.text(separator=" ") if tree.body is not None else ""


def _hash(words: list[str]) -> str:
    return hashlib.sha256(" ".join(words).lower().encode("utf-8", "replace")).hexdigest()


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()[:_MAX_ATTRIBUTE]


def _text(node: LexborNode) -> str:
    return _short(node.text(separator=" "))


def _short(text: str) -> str:
    # PostgreSQL keeps neither NUL nor lone surrogates.
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return " ".join(clean.split())[:_MAX_TEXT]
