"""Which addresses belong together, which count once, and which never end."""

import pytest

from kernel.outbound import parse_web_url
from services.seo.domain.sites import Site, is_trap, page_url, url_hash


@pytest.mark.parametrize(
    ("url", "belongs"),
    [
        ("https://example.org/a", True),
        ("http://example.org/", True),
        ("https://www.example.org/", True),
        ("https://EXAMPLE.org./", True),
        ("https://shop.example.org/", False),
        ("https://example.org:8443/", False),
        ("https://example.com/", False),
        ("https://notexample.org/", False),
    ],
)
def test_a_site_is_its_host_with_and_without_www(url: str, belongs: bool) -> None:
    assert Site.of([parse_web_url("https://example.org/")]).holds(parse_web_url(url)) is belongs


@pytest.mark.parametrize(
    ("url", "counts_as"),
    [
        ("https://a.example/?utm_source=x&utm_medium=y", "https://a.example/"),
        ("https://a.example/?b=1&gclid=2&c=3", "https://a.example/?b=1&c=3"),
        ("https://a.example/x;jsessionid=AB12?b=1", "https://a.example/x?b=1"),
        ("https://a.example/?PHPSESSID=1", "https://a.example/"),
        ("https://a.example/?side=1&a=%20b", "https://a.example/?side=1&a=%20b"),
        ("https://a.example/#part", "https://a.example/"),
        ("https://a.example/?", "https://a.example/"),
    ],
)
def test_session_ids_and_campaigns_do_not_make_a_page_two(url: str, counts_as: str) -> None:
    assert page_url(parse_web_url(url)).href == counts_as


def test_the_key_of_an_address_is_the_same_for_all_its_spellings() -> None:
    spellings = ["HTTP://Example.ORG:80/a/../b", "http://example.org/b", "http://example.org/./b#x"]
    assert len({url_hash(parse_web_url(spelling).href) for spelling in spellings}) == 1
    assert len(url_hash(parse_web_url(spellings[0]).href)) == 64


@pytest.mark.parametrize(
    ("path", "trap"),
    [
        ("/a/b/c", False),
        ("/2024/05/12/", False),
        ("/x/x/x/", False),
        ("/cal/cal/cal/cal/", True),
        ("/" + "/".join(str(n) for n in range(31)), True),
        ("/?" + "&".join(f"p{n}=1" for n in range(8)), False),
        ("/?" + "&".join(f"p{n}=1" for n in range(9)), True),
    ],
)
def test_addresses_that_are_made_without_end_are_not_followed(path: str, trap: bool) -> None:
    assert is_trap(parse_web_url(f"https://a.example{path}")) is trap
