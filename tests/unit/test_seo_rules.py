"""Every rule on pages made for it: what is found, and that a good page is left in peace."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from kernel.outbound import Fetched, Outcome, WebUrl, parse_web_url
from services.seo.domain.catalogue import CHECKS, page_findings
from services.seo.domain.checks import Category, Severity
from services.seo.domain.extraction import html_facts
from services.seo.domain.rules import across
from services.seo.domain.rules.across import Redirect, mostly_noindex, redirect_findings
from services.seo.domain.sites import Site
from services.seo.domain.visits import Visit, visit_of

HOME = parse_web_url("https://example.org/page")
SECURE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-encoding": "gzip",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'self'",
}
NO_CHANGE: Mapping[str, str] = {}
GOOD_HEAD = """<title>A title of a suitable length</title>
<meta name="description" content="A description that is long enough to fill the two lines that a search result shows.">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="canonical" href="https://example.org/page">
<meta property="og:title" content="x"><meta property="og:image" content="https://example.org/i.png">"""
GOOD_BODY = f"<h1>Subject</h1><h2>Part</h2><p>{'word ' * 220}</p><a href='/other'>The other page</a>"


def html(head: str = GOOD_HEAD, body: str = GOOD_BODY, root: str = '<html lang="en">') -> bytes:
    return f"<!doctype html>{root}<head>{head}</head><body>{body}</body></html>".encode()


def visited(
    content: bytes | None = None,
    *,
    url: WebUrl = HOME,
    status: int = 200,
    headers: Mapping[str, str] = NO_CHANGE,
) -> Visit:
    """The visit of a page over https with all protective headers; an empty header is left out."""
    sent = {**SECURE_HEADERS, **headers}
    body = html() if content is None else content
    fetched = Fetched(
        url=url.href,
        outcome=Outcome.OK,
        status=status,
        headers=tuple((name, value) for name, value in sent.items() if value),
        body_bytes=len(body),
        first_byte_ms=50,
    )
    facts = html_facts(body, url=url, content_type=sent["content-type"], site=Site.of([url]))
    location = parse_web_url(sent["location"], url) if sent.get("location") else None
    return visit_of(url, fetched, location=location, html=facts)


def codes(visit: Visit) -> set[str]:
    return {finding.check.code for finding in page_findings(visit)}


def evidence(visit: Visit, code: str) -> dict[str, Any]:
    return next(finding.evidence for finding in page_findings(visit) if finding.check.code == code)


def test_a_good_page_has_no_findings() -> None:
    assert codes(visited()) == set()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "",
            {
                "title-missing",
                "description-missing",
                "viewport-missing",
                "canonical-missing",
                "open-graph-missing",
            },
        ),
        (GOOD_HEAD.replace("A title of a suitable length", "  "), {"title-missing"}),
        (GOOD_HEAD.replace("A title of a suitable length", "Short"), {"title-short"}),
        (GOOD_HEAD.replace("A title of a suitable length", "x" * 61), {"title-long"}),
        (GOOD_HEAD.replace("A title of a suitable length", "x" * 60), set()),
        (GOOD_HEAD + "<title>Another title of the page</title>", {"titles-several"}),
        (GOOD_HEAD + '<meta name="Description" content="Another">', {"descriptions-several"}),
        (
            GOOD_HEAD.replace("that is long enough to fill the two lines that a search result", "that"),
            {"description-short"},
        ),
        (GOOD_HEAD.replace("A description", "A description" + "x" * 100), {"description-long"}),
        (GOOD_HEAD + '<meta http-equiv="Refresh" content="0; url=/next">', {"meta-refresh"}),
        (GOOD_HEAD + '<meta http-equiv="refresh" content="300">', set()),
        (GOOD_HEAD + '<meta name="robots" content="NOINDEX, follow">', {"noindex"}),
        (GOOD_HEAD + '<meta name="robots" content="none">', {"noindex", "nofollow-page"}),
        (GOOD_HEAD + '<meta name="robots" content="nosnippet">', {"nosnippet"}),
        (GOOD_HEAD + '<link rel="canonical" href="https://example.org/b">', {"canonical-several"}),
        (GOOD_HEAD.replace("https://example.org/page", "/page"), {"canonical-relative"}),
        (GOOD_HEAD.replace('href="https://example.org/page"', 'href=""'), {"canonical-unusable"}),
        (GOOD_HEAD.replace("https://example.org/page", "https://example.org/b"), {"canonical-elsewhere"}),
        (GOOD_HEAD.replace("initial-scale=1", "user-scalable=no"), {"zoom-disabled"}),
        (GOOD_HEAD.replace("initial-scale=1", "maximum-scale=1"), {"zoom-disabled"}),
        (GOOD_HEAD.replace("initial-scale=1", "maximum-scale=5"), set()),
        (GOOD_HEAD + '<link rel="alternate" hreflang="english" href="/en">', {"hreflang-invalid"}),
        (
            GOOD_HEAD
            + '<link rel="alternate" hreflang="de-AT" href="/de"><link rel="alternate" hreflang="x-default" href="/">',
            set(),
        ),
        (GOOD_HEAD + '<script src="http://cdn.example/x.js"></script>', {"mixed-content"}),
    ],
)
def test_the_head_is_judged(head: str, expected: set[str]) -> None:
    assert codes(visited(html(head=head))) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("<h1>Subject</h1>", ""), {"h1-missing"}),
        (("<h1>Subject</h1>", "<h1>Subject</h1><h1>Second</h1>"), {"h1-several"}),
        (("<h2>Part</h2>", "<h4>Part</h4>"), {"heading-order"}),
        (("<h2>Part</h2>", "<h2> </h2>"), {"heading-empty"}),
        (("word " * 220, "word " * 150), {"content-thin"}),
        (("word " * 220, "<script>" + "word " * 220 + "</script>"), {"content-thin"}),
        (("word " * 220, "漢字" * 120), set()),
        (("<h2>", '<img src="a.png"><h2>'), {"image-alt-missing", "image-size-missing"}),
        (("<h2>", '<img src="a.png" alt="" width="1" height="1"><h2>'), set()),
        (("<h2>", '<img src="a.png" role="presentation"><h2>'), set()),
        (("<h2>", '<form action="http://example.org/send"></form><h2>'), {"insecure-form"}),
        (("The other page", "click here"), {"link-text-generic"}),
        (("href='/other'", "href='/other' rel='nofollow'"), {"nofollow-internal"}),
        (("href='/other'", "href='http://example.org/other'"), {"link-to-http"}),
        (("href='/other'", "href='https://else.example/'"), {"dead-end"}),
        (("</a>", "</a><a href='http://[bad/'>x</a>"), {"link-unusable"}),
        (("</a>", "</a><a href='http://localhost:3000/'>x</a>"), {"link-to-localhost"}),
        (("</a>", "</a><a href='mailto:a@example.org'>x</a><a href='#top'>y</a>"), set()),
        (("</a>", "</a>" + "".join(f"<a href='/{n}'>Page {n}</a>" for n in range(100))), {"links-many"}),
        (("<h2>", "<div>" * 0 + "<i></i>" * 1500 + "<h2>"), {"dom-large"}),
    ],
)
def test_the_body_is_judged(change: tuple[str, str], expected: set[str]) -> None:
    body = GOOD_BODY.replace(*change)
    assert body != GOOD_BODY
    assert codes(visited(html(body=body))) == expected


@pytest.mark.parametrize(
    ("root", "expected"),
    [("<html>", {"lang-missing"}), ('<html lang="">', {"lang-missing"}), ('<html lang="english language">', {"lang-invalid"}),
     ('<html lang="zh-Hant-TW">', set())],
)  # fmt: skip
def test_the_language_is_judged(root: str, expected: set[str]) -> None:
    assert codes(visited(html(root=root))) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"strict-transport-security": ""}, {"hsts-missing"}),
        ({"x-content-type-options": "yes"}, {"nosniff-missing"}),
        ({"content-security-policy": ""}, {"csp-missing"}),
        ({"server": "Apache/2.4.1"}, {"server-version-shown"}),
        ({"server": "Apache"}, set()),
        ({"content-encoding": ""}, {"uncompressed"}),
        ({"x-robots-tag": "noindex"}, {"noindex"}),
    ],
)
def test_the_headers_are_judged(headers: dict[str, str], expected: set[str]) -> None:
    assert codes(visited(headers=headers)) == expected


def test_speed_and_weight_are_judged() -> None:
    assert codes(replace(visited(), first_byte_ms=801)) == {"first-byte-slow"}
    assert codes(replace(visited(), size_bytes=3_000_000)) == {"page-heavy"}


def test_a_page_without_encryption_is_told_once() -> None:
    insecure = parse_web_url("http://example.org/page")
    head = GOOD_HEAD.replace("https://example.org/page", "http://example.org/page")
    assert codes(visited(html(head=head), url=insecure)) == {"not-https"}


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        (404, "", {"client-error"}),
        (410, "", {"client-error"}),
        (500, "", {"server-error"}),
        (403, "", {"denied"}),
        (429, "", {"denied"}),
        (301, "https://example.org/new", set()),
        (302, "https://example.org/new", {"redirect-temporary"}),
        (301, "http://example.org/new", {"redirect-to-http"}),
        (301, "", {"redirect-to-nowhere"}),
    ],
)
def test_other_answers_are_judged_by_their_status_only(
    status: int, location: str, expected: set[str]
) -> None:
    assert codes(visited(b"<html>no", status=status, headers={"location": location})) == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.TIMEOUT, "timed-out"),
        (Outcome.TOO_LARGE, "too-large"),
        (Outcome.DNS_ERROR, "unreachable"),
        (Outcome.TLS_ERROR, "unreachable"),
        (Outcome.REFUSED, "unreachable"),
        (Outcome.BAD_RESPONSE, "unreachable"),
    ],
)
def test_a_page_without_an_answer_is_a_class_of_its_own(outcome: Outcome, expected: str) -> None:
    visit = visit_of(HOME, Fetched(HOME.href, outcome, "why"), location=None, html=None)
    assert codes(visit) == {expected}
    assert evidence(visit, expected)["outcome"] == outcome


def test_evidence_says_what_was_seen() -> None:
    assert evidence(visited(html(head="<title>Short</title>")), "title-short") == {
        "text": "Short",
        "length": 5,
    }
    images = evidence(visited(html(body=GOOD_BODY + '<img src="/a.png">')), "image-alt-missing")
    assert images == {"n_images": 1, "images": ["/a.png"]}


def test_indexability_follows_status_directives_and_canonical() -> None:
    assert visited().is_indexable is True
    assert visited(headers={"x-robots-tag": "none"}).is_indexable is False
    assert visited(status=404).is_indexable is False
    assert visited(html(head=GOOD_HEAD.replace("example.org/page", "example.org/b"))).is_indexable is False
    assert visited(html(head="")).is_indexable is True
    assert visit_of(HOME, Fetched(HOME.href, Outcome.TIMEOUT), location=None, html=None).is_indexable is None


def test_every_check_has_its_texts_and_a_code_of_its_own() -> None:
    checks = list(CHECKS.values())
    assert len(checks) >= 50
    assert max(Counter(check.title for check in checks).values()) == 1
    for code, check in CHECKS.items():
        assert code == check.code
        assert len(code) <= 60
        assert isinstance(check.severity, Severity)
        assert isinstance(check.category, Category)
        assert check.meaning.endswith((".", ")"))
        assert check.remedy.endswith((".", ">."))
        assert check.version >= 1


def chain(*urls: str) -> dict[str, Redirect]:
    return {url: Redirect(n, url, target) for n, (url, target) in enumerate(pairwise(urls))}


def test_one_redirect_is_no_chain() -> None:
    assert list(redirect_findings(chain("/a", "/b"))) == []


def test_a_chain_is_told_where_it_starts() -> None:
    (finding,) = redirect_findings(chain("/a", "/b", "/c"))
    assert (finding.check, finding.url, finding.evidence["hops"]) == (
        across.REDIRECT_CHAIN,
        "/a",
        ["/a", "/b", "/c"],
    )
    assert finding.evidence["n_redirects"] == 2


def test_every_address_that_leads_into_a_loop_is_told() -> None:
    redirects = {**chain("/in", "/a", "/b"), "/b": Redirect(9, "/b", "/a"), **chain("/self", "/self")}
    found = {finding.url: finding.check for finding in redirect_findings(redirects)}
    assert found == dict.fromkeys(["/in", "/a", "/b", "/self"], across.REDIRECT_LOOP)


def test_a_very_long_chain_is_walked_in_linear_time() -> None:
    redirects = chain(*(f"/{n}" for n in range(20_000)))
    assert sum(1 for _ in redirect_findings(redirects)) == 19_998


def test_a_site_is_mostly_noindex_only_beyond_the_half() -> None:
    assert not list(mostly_noindex(n_pages=4, n_noindex=2, url="/"))
    assert not list(mostly_noindex(n_pages=0, n_noindex=0, url="/"))
    (finding,) = mostly_noindex(n_pages=3, n_noindex=2, url="/")
    assert finding.page_id is None
