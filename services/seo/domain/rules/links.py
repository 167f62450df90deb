"""Links as one page writes them; what lies behind them needs the other pages and stands in `across.py`."""

from collections.abc import Iterator

from services.seo.domain.checks import Category, Check, Finding, Severity
from services.seo.domain.visits import Link, Visit

MAX_LINKS = 100
_GENERIC = frozenset(
    {"click here", "here", "more", "read more", "link", "learn more", "hier", "mehr", "weiterlesen"}
)
_EXAMPLES = 10

MANY = Check(
    "links-many",
    Category.LINKS,
    Severity.NOTICE,
    "Very many links",
    f"More than {MAX_LINKS} links on one page spread attention thin, of visitors and of search engines.",
    "Group them over several pages.",
)
NONE = Check(
    "dead-end",
    Category.LINKS,
    Severity.NOTICE,
    "No link to another page of the site",
    "Visitors and crawlers cannot go on from here.",
    "Add navigation or related pages.",
)
NOFOLLOW_INTERNAL = Check(
    "nofollow-internal",
    Category.LINKS,
    Severity.NOTICE,
    "Link to an own page is marked nofollow",
    "The page behind it receives nothing from this link.",
    "Remove rel=nofollow from links within the site.",
)
INSECURE = Check(
    "link-to-http",
    Category.LINKS,
    Severity.NOTICE,
    "https page links to own http address",
    "Each such click takes a redirect or leaves the encrypted connection.",
    "Link to the https address.",
)
UNUSABLE = Check(
    "link-unusable",
    Category.LINKS,
    Severity.WARNING,
    "Link is no web address",
    "The link leads nowhere: its address cannot be read.",
    "Correct the href.",
)
GENERIC_TEXT = Check(
    "link-text-generic",
    Category.LINKS,
    Severity.NOTICE,
    "Link text says nothing",
    "Texts such as “click here” tell neither screen reader users nor search engines what lies behind.",
    "Name the target in the link's text.",
)
TO_LOCALHOST = Check(
    "link-to-localhost",
    Category.LINKS,
    Severity.ERROR,
    "Link to localhost",
    "It works on the author's machine only.",
    "Replace it by the public address.",
)
CHECKS = (MANY, NONE, NOFOLLOW_INTERNAL, INSECURE, UNUSABLE, GENERIC_TEXT, TO_LOCALHOST)


def link_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with the set of links."""
    if not (visit.html and visit.is_page):
        return
    html = visit.html
    if html.n_links > MAX_LINKS:
        yield Finding(MANY, {"n_links": html.n_links})
    if not any(link.internal and link.url != visit.url.href for link in html.links):
        yield Finding(NONE)
    if html.n_unusable_links:
        yield Finding(
            UNUSABLE, {"n_links": html.n_unusable_links, "hrefs": list(html.unusable_links[:_EXAMPLES])}
        )


def each_link_rule(visit: Visit) -> Iterator[Finding]:
    """Yield what is wrong with single links, one finding per check with examples."""
    if not (visit.html and visit.is_page):
        return
    internal = [link for link in visit.html.links if link.internal]
    suspects = {
        NOFOLLOW_INTERNAL: [link for link in internal if link.nofollow],
        INSECURE: [link for link in internal if visit.url.scheme == "https" and link.url.startswith("http:")],
        GENERIC_TEXT: [link for link in visit.html.links if link.text.strip(" .…»>→").lower() in _GENERIC],
        TO_LOCALHOST: [link for link in visit.html.links if not link.internal and _is_local(link)],
    }
    for check, links in suspects.items():
        if links:
            examples = [{"url": link.url, "text": link.text} for link in links[:_EXAMPLES]]
            yield Finding(check, {"n_links": len(links), "links": examples})


def _is_local(link: Link) -> bool:
    authority = link.url.partition("://")[2]
    return authority.startswith(("localhost/", "localhost:", "127.0.0.1/", "127.0.0.1:"))


RULES = (link_rule, each_link_rule)
