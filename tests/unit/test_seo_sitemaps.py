"""Sitemaps as sites write them, and as attackers do."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.seo.domain.sitemaps import MAX_ENTRIES, read_sitemap

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@pytest.mark.parametrize("attributes", ["", NAMESPACE])
def test_pages_and_further_sitemaps_are_told_apart(attributes: str) -> None:
    pages = f"<?xml version='1.0'?><urlset {attributes}><url><loc> https://e.org/a?x=1&amp;y=2 </loc></url></urlset>"
    index = f"<sitemapindex {attributes}><sitemap><loc>https://e.org/s.xml</loc></sitemap></sitemapindex>"
    assert read_sitemap(pages.encode()).pages == ["https://e.org/a?x=1&y=2"]
    assert read_sitemap(index.encode()).sitemaps == ["https://e.org/s.xml"]


def test_images_of_a_page_are_no_pages() -> None:
    text = (
        f'<urlset {NAMESPACE} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url>'
        "<loc>https://e.org/a</loc><image:image><image:loc>https://e.org/i.png</image:loc></image:image></url></urlset>"
    )
    assert read_sitemap(text.encode()).pages == ["https://e.org/a"]


def test_text_and_packed_sitemaps_are_read() -> None:
    assert read_sitemap(b"\xef\xbb\xbfhttps://e.org/a\r\nnothing\nhttp://e.org/b\n").pages == [
        "https://e.org/a",
        "http://e.org/b",
    ]
    assert read_sitemap(gzip.compress(b"<urlset><url><loc>https://e.org/a</loc></url></urlset>")).pages == [
        "https://e.org/a"
    ]


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE urlset SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_a_sitemap_with_a_doctype_is_not_read(declaration: str) -> None:
    found = read_sitemap(f"{declaration}<urlset><url><loc>https://e.org/&b;</loc></url></urlset>".encode())
    assert found.pages == []
    assert "DOCTYPE" in found.problem


def test_a_broken_sitemap_keeps_what_came_before() -> None:
    found = read_sitemap(b"<urlset><url><loc>https://e.org/a</loc></url><url><loc>https://e.org/b</url>")
    assert found.pages == ["https://e.org/a"]
    assert found.problem


def test_a_sitemap_is_read_up_to_the_limit_of_the_protocol() -> None:
    found = read_sitemap(
        b"<urlset>" + b"<url><loc>https://e.org/a</loc></url>" * (MAX_ENTRIES + 5) + b"</urlset>"
    )
    assert len(found.pages) == MAX_ENTRIES


@given(st.binary(max_size=300))
def test_no_file_raises(body: bytes) -> None:
    for content in (body, b"<urlset><url><loc>" + body, b"\x1f\x8b" + body):
        read_sitemap(content)
