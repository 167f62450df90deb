"""HTML to facts, with selectolax (lexbor). Worker processes only; pure: bytes in, `HtmlFacts` out."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from kernel.outbound import UnusableUrl, WebUrl, parse_web_url
from services.seo.domain.parsing import MAX_DEPTH, attribute, clean, parsed, text_of
from services.seo.domain.sites import Site, is_trap, page_url
from services.seo.domain.visits import HtmlFacts, Link

MAX_LINKS = 2000
MAX_LINKS_READ = 10_000
"""Links beyond are only counted."""
MAX_HEADINGS = 200
MAX_HREFLANGS = 200
MAX_EXAMPLES = 20
_MAX_TEXT = 1000
_MAX_HEADING = 200
_MAX_LINK_TEXT = 200
_MIN_COMPARABLE_WORDS = 20
_NOT_A_PAGE = re.compile(r"\s*(javascript|mailto|tel|sms|data|blob|about|whatsapp|callto):", re.IGNORECASE)
# One Chinese, Japanese or Korean character counts as a word: those scripts write no spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_INVISIBLE = ["script", "style", "noscript", "template", "svg", "iframe"]
_RESOURCES = "script[src], img[src], iframe[src], source[src], video[src], audio[src], embed[src]"


def html_facts(body: bytes, *, url: WebUrl, content_type: str, site: Site) -> HtmlFacts:
    """Return what an HTML page says. Never raises: any bytes are a page to an HTML parser."""
    tree = parsed(body, content_type)
    meta = _Meta.of(tree)
    links = _Links.of(tree, _base(tree, url), site)
    images = _Images.of(tree)
    n_elements = len(tree.css("*"))
    return HtmlFacts(
        titles=_titles(tree),
        descriptions=meta.named("description"),
        headings=_headings(tree),
        canonicals=_canonicals(tree),
        robots=_directives(meta.named("robots")),
        lang=_lang(tree),
        viewports=meta.named("viewport"),
        hreflangs=_hreflangs(tree),
        social=meta.social(),
        refresh=meta.refresh(),
        links=tuple(links.found.values())[:MAX_LINKS],
        n_links=links.n_links,
        n_unusable_links=len(links.unusable),
        unusable_links=tuple(links.unusable[:MAX_EXAMPLES]),
        n_images=images.n_images,
        n_images_without_alt=images.n_without_alt,
        images_without_alt=images.without_alt,
        n_images_without_size=images.n_without_size,
        insecure_resources=_insecure_resources(tree),
        insecure_forms=_insecure_forms(tree),
        n_elements=n_elements,
        # Last, since it takes scripts and such out of the tree.
        n_words=len(words := _WORD.findall(_visible_text(tree))),
        text_hash=_hash(words),
    )


def _titles(tree: LexborHTMLParser) -> tuple[str, ...]:
    nodes = tree.css("title")[:MAX_EXAMPLES]
    return tuple(text_of(node, limit=_MAX_TEXT) for node in nodes if not _is_inside_svg(node))


def _headings(tree: LexborHTMLParser) -> tuple[tuple[int, str], ...]:
    nodes = tree.css("h1, h2, h3, h4, h5, h6")[:MAX_HEADINGS]
    return tuple((int((node.tag or "h1")[1]), text_of(node, limit=_MAX_HEADING)) for node in nodes)


def _canonicals(tree: LexborHTMLParser) -> tuple[str, ...]:
    return tuple(attribute(node, "href") for node in _links_with_rel(tree, "canonical")[:MAX_EXAMPLES])


def _hreflangs(tree: LexborHTMLParser) -> tuple[tuple[str, str], ...]:
    nodes = _links_with_rel(tree, "alternate")[:MAX_HREFLANGS]
    return tuple(
        (attribute(n, "hreflang"), attribute(n, "href")) for n in nodes if "hreflang" in n.attributes
    )


def _insecure_forms(tree: LexborHTMLParser) -> tuple[str, ...]:
    actions = [attribute(node, "action") for node in tree.css("form[action]")]
    return _first(actions, _is_http)


@dataclass(frozen=True, slots=True)
class _Images:
    """The page's images that carry content."""

    n_images: int
    n_without_alt: int
    without_alt: tuple[str, ...]
    n_without_size: int

    @classmethod
    def of(cls, tree: LexborHTMLParser) -> "_Images":
        images = [node for node in tree.css("img") if not _is_hidden(node)]
        without_alt = [node for node in images if "alt" not in node.attributes]
        n_without_size = sum(1 for node in images if not _has_size(node))
        return cls(len(images), len(without_alt), _sources(without_alt), n_without_size)


@dataclass(frozen=True, slots=True)
class _Meta:
    """The page's meta elements as attribute dictionaries."""

    elements: list[dict[str, str | None]]

    @classmethod
    def of(cls, tree: LexborHTMLParser) -> "_Meta":
        return cls([node.attributes for node in tree.css("meta")])

    def named(self, name: str) -> tuple[str, ...]:
        contents = [
            clean(element.get("content") or "", limit=_MAX_TEXT)
            for element in self.elements
            if (element.get("name") or "").strip().lower() == name
        ]
        return tuple(contents[:MAX_EXAMPLES])

    def social(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in self.elements:
            name = (element.get("property") or element.get("name") or "").strip().lower()
            if name.startswith(("og:", "twitter:")) and len(found) < MAX_EXAMPLES:
                found.setdefault(name[:60], clean(element.get("content") or "", limit=_MAX_TEXT))
        return found

    def refresh(self) -> str:
        for element in self.elements:
            if (element.get("http-equiv") or "").strip().lower() == "refresh":
                return clean(element.get("content") or "", limit=_MAX_TEXT)
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
        href = attribute(node, "href")
        if _NOT_A_PAGE.match(href) or href.startswith("#"):
            return
        self.n_links += 1
        if self.n_links > MAX_LINKS_READ:
            return
        try:
            url = parse_web_url(href, base)
        except UnusableUrl:
            self.unusable.append(href[:200])
            return
        internal = site.holds(url)
        if internal:
            url = page_url(url)
        nofollow = "nofollow" in attribute(node, "rel").lower().split()
        if url.href in self.found:
            return
        link = Link(
            url.href,
            text_of(node, limit=_MAX_LINK_TEXT),
            internal=internal,
            nofollow=nofollow,
            is_trap=is_trap(url),
        )
        self.found[url.href] = link


def _base(tree: LexborHTMLParser, url: WebUrl) -> WebUrl:
    node = tree.css_first("base[href]")
    if node is None:
        return url
    try:
        return parse_web_url(attribute(node, "href"), url)
    except UnusableUrl:
        return url


def _links_with_rel(tree: LexborHTMLParser, rel: str) -> list[LexborNode]:
    return [node for node in tree.css("link[rel]") if rel in attribute(node, "rel").lower().split()]


def _directives(contents: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip().lower() for content in contents for part in content.split(",") if part.strip())


def _lang(tree: LexborHTMLParser) -> str | None:
    root = tree.css_first("html")
    if root is None or "lang" not in root.attributes:
        return None
    return attribute(root, "lang")


def _insecure_resources(tree: LexborHTMLParser) -> tuple[str, ...]:
    sources = [attribute(node, "src") for node in tree.css(_RESOURCES)]
    styles = [attribute(node, "href") for node in _links_with_rel(tree, "stylesheet")]
    return _first(sources + styles, _is_http)


def _is_http(address: str) -> bool:
    return address.lower().startswith("http:")


def _first(values: list[str], wanted: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple([value[:300] for value in dict.fromkeys(values) if wanted(value)][:MAX_EXAMPLES])


def _sources(images: list[LexborNode]) -> tuple[str, ...]:
    sources = [attribute(node, "src") or attribute(node, "data-src") for node in images[:MAX_EXAMPLES]]
    return tuple(source[:300] for source in sources)


def _is_hidden(image: LexborNode) -> bool:
    attributes = image.attributes
    return attributes.get("role") in {"presentation", "none"} or attributes.get("aria-hidden") == "true"


def _has_size(image: LexborNode) -> bool:
    return bool(attribute(image, "width") and attribute(image, "height"))


def _is_inside_svg(node: LexborNode) -> bool:
    parent = node.parent
    for _ in range(MAX_DEPTH):
        if parent is None:
            break
        if parent.tag == "svg":
            return True
        parent = parent.parent
    return False


def _visible_text(tree: LexborHTMLParser) -> str:
    """Text of the body without scripts and such; changes the tree, hence last."""
    tree.strip_tags(_INVISIBLE)
    return tree.body.text(separator=" ") if tree.body is not None else ""


def _hash(words: list[str]) -> str:
    if len(words) < _MIN_COMPARABLE_WORDS:
        return ""
    return hashlib.sha256(" ".join(words).lower().encode("utf-8", "replace")).hexdigest()
