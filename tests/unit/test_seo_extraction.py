"""From bytes to facts, for pages as they are."""

import json
import time
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.outbound import parse_web_url
from services.seo.domain.extraction import MAX_LINKS, html_facts
from services.seo.domain.sites import Site
from services.seo.domain.visits import HtmlFacts

URL = parse_web_url("https://example.org/shop/list")


def facts(html: str | bytes, content_type: str = "text/html; charset=utf-8") -> HtmlFacts:
    body = html.encode() if isinstance(html, str) else html
    return html_facts(body, url=URL, content_type=content_type, site=Site.of([URL]))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>Füße</title>".encode(), "text/html"),
        ("<title>Füße</title>".encode("latin-1"), "text/html; charset=ISO-8859-1"),
        ('<meta charset="windows-1252"><title>Füße</title>'.encode("cp1252"), "text/html"),
        ("<title>Füße</title>".encode("utf-16"), "text/html"),
        ("<title>Füße</title>".encode(), "text/html; charset=nonsense"),
        (b"\xef\xbb\xbf" + "<title>Füße</title>".encode(), "text/html; charset=latin-1"),
    ],
)
def test_the_encoding_is_found_as_browsers_find_it(body: bytes, content_type: str) -> None:
    assert facts(body, content_type).titles == ("Füße",)


def test_links_are_resolved_kept_once_and_told_apart() -> None:
    found = facts(
        "<a href='item?id=1&utm_source=x#a'>One</a><a href='/shop/item?id=1'>Again</a>"
        "<a href='https://www.example.org/' rel='ugc NoFollow'>Home</a><a href='//other.example/x'><b>O</b>ther</a>"
        "<a href='mailto:x@y.z'>m</a><a>none</a><area href='/map'><a href=''>self</a>"
    )
    assert [(link.url, link.text, link.internal, link.nofollow) for link in found.links] == [
        ("https://example.org/shop/item?id=1", "One", True, False),
        ("https://www.example.org/", "Home", True, True),
        ("https://other.example/x", "O ther", False, False),
        ("https://example.org/map", "", True, False),
        ("https://example.org/shop/list", "self", True, False),
    ]
    assert found.n_links == 6


def test_a_base_element_moves_relative_links() -> None:
    assert facts("<base href='/other/'><a href='x'>x</a>").links[0].url == "https://example.org/other/x"


def test_a_page_with_very_many_links_is_cut_but_counted() -> None:
    found = facts("".join(f"<a href='/{n}'>{n}</a>" for n in range(MAX_LINKS + 500)))
    assert (len(found.links), found.n_links) == (MAX_LINKS, MAX_LINKS + 500)


def test_titles_of_drawings_are_not_titles_of_the_page() -> None:
    assert facts("<title>Page</title><body><svg><title>Icon</title></svg>").titles == ("Page",)


def test_words_are_counted_without_scripts_and_styles() -> None:
    found = facts(
        "<body>one <b>two</b><script>three four</script><style>five</style><noscript>six</noscript>, 7!"
    )
    assert found.n_words == 3


def test_the_same_text_has_the_same_hash_whatever_the_markup() -> None:
    words = " ".join(f"word{n}" for n in range(30))
    first, second = facts(f"<p>{words}</p>"), facts(f"<div><i>{words.upper()}</i></div><script>x()</script>")
    assert first.text_hash == second.text_hash != ""
    assert facts("<p>too little to compare").text_hash == ""


def test_what_noscript_holds_does_not_end_the_head() -> None:
    found = facts(
        "<head><noscript><img src=x></noscript><link rel=canonical href='/a'><meta name=robots content=noindex></head>"
    )
    assert (found.canonicals, found.robots) == (("/a",), ("noindex",))


def test_facts_can_be_stored_as_json_whatever_the_page_holds() -> None:
    found = facts("<title>a\x00b&#0;&#xD800;</title><img alt=x src='\x00'>")
    assert "\x00" not in found.titles[0]
    found.titles[0].encode()


BOMBS = {
    "deep": "<div>",
    "deep and closed": "<div><title>x</title>",
    "headings in headings": "<h1><div>x",
    "links in links": "<a href=x><table><tr><td>y",
    "formatting": "<b><p>",
    "mis-nested": "<font><p><a href=y>",
    "drawings": "<svg><title>",
    "links": "<a href=/x>x</a>",
    "canonicals": "<link rel=canonical href=/x>",
    "directives": "<meta name=robots content=noindex>",
    "unclosed": "<p><span><h2>a",
    "broken": "<a <b <c ",
}


@pytest.mark.parametrize("unit", BOMBS.values(), ids=BOMBS)
def test_time_and_facts_stay_small_whatever_a_page_repeats(unit: str) -> None:
    started = time.process_time()
    found = facts(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 6  # a tenth of that on an idle machine; minutes without the guards
    assert len(json.dumps(asdict(found))) < 600_000


def test_a_page_that_is_flattened_keeps_its_words_and_links() -> None:
    inner = "<p>word</p><a href='/x'>here</a>"
    deep = "<div>" * 2000 + inner + "</div>" * 2000 + "<p>after</p><a href='/y'>there</a>"
    found = facts(f"<html lang=en><title>Deep</title><body>{deep}")
    assert (found.n_words, found.titles, found.lang) == (4, ("Deep",), "en")
    assert "https://example.org/y" in {link.url for link in found.links}


@pytest.mark.parametrize("label", ["punycode", "idna", "hex", "zip", "rot13", "unicode_escape", "utf-7"])
def test_encodings_that_are_none_of_the_web_are_not_tried(label: str) -> None:
    assert facts(b"<title>plain</title>", f"text/html; charset={label}").titles == ("plain",)


@given(
    st.binary(max_size=600),
    st.sampled_from(["text/html", "text/html; charset=utf-16", "text/html; charset=idna"]),
)
def test_no_bytes_raise(body: bytes, content_type: str) -> None:
    found = facts(body + b"<a href='/x'><h1>\xff</h1><meta name=robots content=,>", content_type)
    assert found.n_words >= 0
