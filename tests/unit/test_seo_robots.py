"""robots.txt after RFC 9309. Cases marked with a section are the RFC's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.outbound import Fetched, Outcome, parse_web_url
from services.seo.domain.robots import MAX_CRAWL_DELAY_S, MAX_ROBOTS_BYTES, Robots, robots_url

URL = "https://example.org/robots.txt"


def robots(text: str | bytes, *, status: int = 200, agent: str = "PlugZeroBot") -> Robots:
    body = text.encode() if isinstance(text, str) else text
    return Robots.of(Fetched(URL, Outcome.OK, status=status, body=body), product_token=agent)


def allows(rules: Robots, path: str) -> bool:
    return rules.allows(parse_web_url(f"https://example.org{path}"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_4xx_allows_everything(status: int) -> None:
    """§2.3.1.3"""
    assert allows(robots("User-agent: *\nDisallow: /", status=status), "/any")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_5xx_forbids_everything_but_robots_txt_itself(status: int) -> None:
    """§2.3.1.4"""
    rules = robots("", status=status)
    assert not allows(rules, "/any")
    assert allows(rules, "/robots.txt")
    assert str(status) in rules.reason


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.DNS_ERROR, Outcome.REFUSED, Outcome.TLS_ERROR])
def test_no_answer_forbids_everything_and_says_which_failure(outcome: Outcome) -> None:
    """§2.3.1.4"""
    rules = Robots.of(Fetched(URL, outcome, "why"), product_token="PlugZeroBot")
    assert not allows(rules, "/")
    assert (rules.failure, rules.reason) == (outcome, "why")


def test_too_many_redirects_allow_everything() -> None:
    """§2.3.1.2"""
    assert allows(Robots.of(Fetched(URL, Outcome.TOO_MANY_REDIRECTS), product_token="x"), "/any")


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        ("Disallow: /a", "/a", False),
        ("Disallow: /a", "/ab", False),
        ("Disallow: /a/", "/a", True),
        ("Disallow:", "/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Disallow: /a/b\nAllow: /a", "/a/b", False),
        ("Disallow: /page\nAllow: /page", "/page", True),
        ("Disallow: /*.gif$", "/x/y.gif", False),
        ("Disallow: /*.gif$", "/x/y.gif?z", True),
        ("Disallow: /a%3cd.html", "/a%3Cd.html", False),
        ("disallow : /a # comment", "/a", False),
        ("Disallow: /q?", "/q?x=1", False),
    ],
)
def test_the_longest_match_wins_and_ties_go_to_allow(lines: str, path: str, expected: bool) -> None:
    """§2.2.2, §2.2.3"""
    assert allows(robots(f"User-agent: *\n{lines}\n"), path) is expected


def test_groups_of_the_same_agent_are_merged_and_the_specific_group_wins() -> None:
    """§2.2.1"""
    text = "User-agent: *\nDisallow: /\n\nUser-agent: plugzerobot\nDisallow: /a\n\nUser-agent: PLUGZEROBOT\nDisallow: /b\n"
    rules = robots(text)
    assert [allows(rules, path) for path in ("/a", "/b", "/c")] == [False, False, True]
    assert not allows(robots(text, agent="OtherBot"), "/c")


def test_only_the_first_500_kib_count() -> None:
    """§2.5"""
    filler = "# " + "x" * (MAX_ROBOTS_BYTES - 40) + "\n"
    cut = Fetched(
        URL,
        Outcome.TOO_LARGE,
        status=200,
        body=(f"User-agent: *\n{filler}").encode() + b"Disallow: /a\nDisall",
    )
    rules = Robots.of(cut, product_token="PlugZeroBot")
    assert not allows(rules, "/a")
    assert allows(rules, "/b")


def test_a_crawl_delay_is_obeyed_up_to_a_limit() -> None:
    assert robots("User-agent: *\nCrawl-delay: 2").crawl_delay_s == 2
    assert robots("User-agent: *\nCrawl-delay: 900").crawl_delay_s == MAX_CRAWL_DELAY_S
    assert robots("User-agent: *\nCrawl-delay: soon").crawl_delay_s == 0
    assert robots("", status=404).crawl_delay_s == 0


def test_sitemaps_are_listed_for_everyone() -> None:
    assert robots("Sitemap: https://example.org/s.xml\nUser-agent: x\nDisallow: /").sitemaps == (
        "https://example.org/s.xml",
    )


def test_a_byte_order_mark_and_other_encodings_do_no_harm() -> None:
    assert not allows(robots(b"\xef\xbb\xbfUser-agent: *\nDisallow: /a"), "/a")
    assert not allows(robots("User-agent: *\r\nDisallow: /ä\r\n"), "/%C3%A4")
    assert allows(robots(b"<html>\xff\xfe not found"), "/a")


@given(st.binary(max_size=400))
def test_no_file_raises(body: bytes) -> None:
    rules = robots(b"User-agent: *\n" + body)
    assert isinstance(allows(rules, "/x?y=1"), bool)
    assert 0 <= rules.crawl_delay_s <= MAX_CRAWL_DELAY_S


def test_robots_txt_lies_at_the_root_of_each_origin() -> None:
    assert (
        robots_url(parse_web_url("https://example.org:8443/a/b?c")) == "https://example.org:8443/robots.txt"
    )
