"""The table of addresses, the WHATWG parser, and what the policy makes of both."""

import ipaddress
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.outbound import OutboundPolicy, Reach, UnusableUrl, parse_web_url, reach_of
from kernel.outbound.addresses import IPV4_TABLE, IPV6_TABLE, AddressClass, classify

# Addresses that went through filters elsewhere, with what a filter must make of them.
NASTY = {
    "127.0.0.1": Reach.PRIVATE,
    "127.255.255.254": Reach.PRIVATE,
    "0.0.0.0": Reach.NEVER,  # noqa: S104 - an address to refuse, not to bind
    "0.1.2.3": Reach.NEVER,
    "10.0.0.1": Reach.PRIVATE,
    "100.64.0.1": Reach.PRIVATE,
    "100.127.255.255": Reach.PRIVATE,
    "100.100.100.200": Reach.NEVER,
    "168.63.129.16": Reach.NEVER,
    "169.254.1.1": Reach.NEVER,
    "169.254.169.254": Reach.NEVER,
    "172.15.255.255": Reach.PUBLIC,
    "172.16.0.1": Reach.PRIVATE,
    "172.31.255.255": Reach.PRIVATE,
    "172.32.0.1": Reach.PUBLIC,
    "192.0.0.192": Reach.NEVER,
    "192.0.2.1": Reach.NEVER,
    "192.88.99.1": Reach.NEVER,
    "192.168.255.255": Reach.PRIVATE,
    "198.18.0.1": Reach.NEVER,
    "198.51.100.7": Reach.NEVER,
    "203.0.113.7": Reach.NEVER,
    "224.0.0.1": Reach.NEVER,
    "239.255.255.255": Reach.NEVER,
    "240.0.0.1": Reach.NEVER,
    "255.255.255.255": Reach.NEVER,
    "8.8.8.8": Reach.PUBLIC,
    "93.184.216.34": Reach.PUBLIC,
    "::": Reach.NEVER,
    "::1": Reach.PRIVATE,
    "::127.0.0.1": Reach.NEVER,
    "::ffff:127.0.0.1": Reach.NEVER,
    "::ffff:8.8.8.8": Reach.NEVER,
    "64:ff9b::7f00:1": Reach.NEVER,
    "64:ff9b::808:808": Reach.NEVER,
    "64:ff9b:1::1": Reach.NEVER,
    "100::1": Reach.NEVER,
    "2001::1": Reach.NEVER,
    "2001:0:7f00:1::": Reach.NEVER,
    "2001:db8::1": Reach.NEVER,
    "2002:7f00:1::": Reach.NEVER,
    "3fff::1": Reach.NEVER,
    "4000::1": Reach.NEVER,
    "fc00::1": Reach.PRIVATE,
    "fd00:ec2::254": Reach.NEVER,
    "fd12:3456::1": Reach.PRIVATE,
    "fe80::1": Reach.NEVER,
    "fe80::1%eth0": Reach.NEVER,
    "fec0::1": Reach.NEVER,
    "ff02::1": Reach.NEVER,
    "2606:4700:4700::1111": Reach.PUBLIC,
    "2a00:1450:4001:81b::200e": Reach.PUBLIC,
}


@pytest.mark.parametrize(("address", "reach"), NASTY.items())
def test_an_address_is_classified_by_the_registries(address: str, reach: Reach) -> None:
    assert reach_of(address) is reach


@pytest.mark.parametrize("row", [*IPV4_TABLE, *IPV6_TABLE], ids=lambda row: str(row.block))
def test_the_first_and_last_address_of_a_block_belong_to_it_or_to_a_narrower_row(row: AddressClass) -> None:
    for address in (row.block[0], row.block[-1]):
        found = classify(str(address))
        assert found.block.prefixlen >= row.block.prefixlen
        assert address in found.block


@given(st.ip_addresses(v=4))
def test_a_public_ipv4_address_is_never_one_that_python_calls_private(address: ipaddress.IPv4Address) -> None:
    if reach_of(str(address)) is Reach.PUBLIC:
        assert address.is_global


@given(st.ip_addresses(v=6))
def test_a_public_ipv6_address_is_always_global_unicast(address: ipaddress.IPv6Address) -> None:
    if reach_of(str(address)) is Reach.PUBLIC:
        assert address in ipaddress.ip_network("2000::/3")
        assert address.is_global


@given(st.ip_addresses(v=4))
def test_no_ipv6_form_of_an_ipv4_address_is_ever_allowed(address: ipaddress.IPv4Address) -> None:
    low = int(address)
    forms = [
        ipaddress.IPv6Address((0xFFFF << 32) | low),
        ipaddress.IPv6Address((0x64FF9B << 96) | low),
        ipaddress.IPv6Address((0x2002 << 112) | (low << 80)),
        ipaddress.IPv6Address((0x20010000 << 96) | low),
    ]
    assert {reach_of(str(form)) for form in forms} == {Reach.NEVER}


@pytest.mark.parametrize(
    "text",
    [
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.0.0.1./",
        "http://１２７.０.０.１/",
        "http:\\\\127.0.0.1\\",
        "http:127.0.0.1",
        "  http://127.0.0.1/ \n",
        "http://127.0.0.1%2f/",
        "http://127。0。0。1/",
    ],
)
def test_an_odd_form_of_loopback_counts_as_loopback_or_is_no_address_at_all(text: str) -> None:
    try:
        url = parse_web_url(text)
    except UnusableUrl:
        return
    assert url.host == "127.0.0.1"
    assert OutboundPolicy().refusal(url) is not None


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://example.org:22/",
        "http://example.org:8080/",
    ],
)
def test_an_address_of_our_own_network_is_refused_before_any_look_up(text: str) -> None:
    assert OutboundPolicy().refusal(parse_web_url(text)) is not None


def test_a_deployment_can_allow_its_own_network_but_never_the_metadata_service() -> None:
    policy = OutboundPolicy(allow_private=True)
    for allowed in (
        "http://127.0.0.1:8123/",
        "http://[::1]:9/",
        "http://192.168.1.2/",
        "http://localhost:1/",
    ):
        assert policy.refusal(parse_web_url(allowed)) is None
    for refused in (
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0/",
    ):
        assert policy.refusal(parse_web_url(refused)) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "complete web address"),
        ("example.org", "complete web address"),
        ("/relative", "complete web address"),
        ("http://", "complete web address"),
        ("http://a b/", "complete web address"),
        ("http://1.2.3.4.5/", "complete web address"),
        ("ftp://example.org/", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("https://user:secret@example.org/", "user name or password"),
        ("https://example.org/" + "a" * 3000, "longer than 2048"),
        ("http://example.org/\udcff", "complete web address"),
    ],
)
def test_what_cannot_be_fetched_says_why(text: str, reason: str) -> None:
    with pytest.raises(UnusableUrl, match=reason):
        parse_web_url(text)


def test_an_address_is_normalised_once() -> None:
    url = parse_web_url("HTTPS://EXAMPLE.org:443/a/../b%7e/?#top")
    assert url.href == "https://example.org/b%7e/"
    assert (url.scheme, url.host, url.port, url.path, url.query) == (
        "https",
        "example.org",
        443,
        "/b%7e/",
        "",
    )


def test_a_relative_address_is_resolved_against_its_page() -> None:
    page = parse_web_url("http://example.org/shop/list?page=2")
    assert parse_web_url("../about", page).href == "http://example.org/about"
    assert parse_web_url("?page=3", page).href == "http://example.org/shop/list?page=3"
    assert parse_web_url("//cdn.example.net/x", page).href == "http://cdn.example.net/x"


@given(st.text(alphabet=string.printable + "é\u3002\u200b", max_size=40))
def test_parsing_never_raises_anything_else_and_is_stable(text: str) -> None:
    try:
        url = parse_web_url("http://" + text)
    except UnusableUrl:
        return
    assert parse_web_url(url.href) == url
