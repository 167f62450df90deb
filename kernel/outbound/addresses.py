"""Which IP addresses may be connected to: our own table over the IANA special-purpose registries.

Why not `ipaddress.is_global`: Python 3.11 calls NAT64, 6to4, `::127.0.0.1` and `fec0::1` global, and
100.64.0.0/10 neither global nor private. The table is short enough to read, and a test walks every row.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190 and updates); IANA IPv6 address
space: only 2000::/3 is global unicast. Metadata services: the clouds' own documentation.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address


class Reach(StrEnum):
    """Who may be meant by an address."""

    PUBLIC = "public"
    """A host of the open internet."""
    PRIVATE = "private"
    """A host of our own machine or network: only where the deployment allows private networks."""
    NEVER = "never"
    """Nothing a user may name in any deployment: metadata services, multicast, translated and reserved forms."""


@dataclass(frozen=True, slots=True)
class AddressClass:
    """One row of the table: a block, its reach, and its name in the registries' words."""

    block: IPv4Network | IPv6Network
    reach: Reach
    name: str


def _row(block: str, reach: Reach, name: str) -> AddressClass:
    return AddressClass(ip_network(block), reach, name)


# Order matters: the first block that holds an address decides, so narrow rows stand above wide ones.
IPV4_TABLE = (
    _row("169.254.169.254/32", Reach.NEVER, "cloud metadata service"),
    _row("100.100.100.200/32", Reach.NEVER, "cloud metadata service (Alibaba)"),
    _row("168.63.129.16/32", Reach.NEVER, "cloud host service (Azure)"),
    _row("0.0.0.0/8", Reach.NEVER, "this network (RFC 791 §3.2)"),
    _row("10.0.0.0/8", Reach.PRIVATE, "private use (RFC 1918)"),
    _row("100.64.0.0/10", Reach.PRIVATE, "shared address space (RFC 6598)"),
    _row("127.0.0.0/8", Reach.PRIVATE, "loopback (RFC 1122)"),
    _row("169.254.0.0/16", Reach.NEVER, "link-local (RFC 3927)"),
    _row("172.16.0.0/12", Reach.PRIVATE, "private use (RFC 1918)"),
    _row("192.0.0.0/24", Reach.NEVER, "IETF protocol assignments (RFC 6890)"),
    _row("192.0.2.0/24", Reach.NEVER, "documentation (RFC 5737)"),
    _row("192.88.99.0/24", Reach.NEVER, "6to4 relay anycast (RFC 7526)"),
    _row("192.168.0.0/16", Reach.PRIVATE, "private use (RFC 1918)"),
    _row("198.18.0.0/15", Reach.NEVER, "benchmarking (RFC 2544)"),
    _row("198.51.100.0/24", Reach.NEVER, "documentation (RFC 5737)"),
    _row("203.0.113.0/24", Reach.NEVER, "documentation (RFC 5737)"),
    _row("224.0.0.0/4", Reach.NEVER, "multicast (RFC 5771)"),
    _row("240.0.0.0/4", Reach.NEVER, "reserved and broadcast (RFC 1112 §4)"),
    _row("0.0.0.0/0", Reach.PUBLIC, "public"),
)

# Addresses that carry an IPv4 address inside are refused whole: no page of the open web needs one, and each is a
# known way round a filter.
IPV6_TABLE = (
    _row("fd00:ec2::254/128", Reach.NEVER, "cloud metadata service (AWS)"),
    _row("fd20:ce::254/128", Reach.NEVER, "cloud metadata service (Google)"),
    _row("::/128", Reach.NEVER, "unspecified (RFC 4291)"),
    _row("::1/128", Reach.PRIVATE, "loopback (RFC 4291)"),
    _row("::ffff:0:0/96", Reach.NEVER, "IPv4-mapped (RFC 4291)"),
    _row("::/96", Reach.NEVER, "IPv4-compatible (RFC 4291 §2.5.5.1)"),
    _row("64:ff9b::/96", Reach.NEVER, "NAT64 (RFC 6052)"),
    _row("64:ff9b:1::/48", Reach.NEVER, "local-use NAT64 (RFC 8215)"),
    _row("100::/64", Reach.NEVER, "discard-only (RFC 6666)"),
    _row("2001::/32", Reach.NEVER, "Teredo (RFC 4380)"),
    _row("2001::/23", Reach.NEVER, "IETF protocol assignments (RFC 2928)"),
    _row("2001:db8::/32", Reach.NEVER, "documentation (RFC 3849)"),
    _row("2002::/16", Reach.NEVER, "6to4 (RFC 3056)"),
    _row("3fff::/20", Reach.NEVER, "documentation (RFC 9637)"),
    _row("2000::/3", Reach.PUBLIC, "public"),
    _row("5f00::/16", Reach.NEVER, "segment routing (RFC 9602)"),
    _row("fc00::/7", Reach.PRIVATE, "unique local (RFC 4193)"),
    _row("fe80::/10", Reach.NEVER, "link-local (RFC 4291)"),
    _row("fec0::/10", Reach.NEVER, "site-local, deprecated (RFC 3879)"),
    _row("ff00::/8", Reach.NEVER, "multicast (RFC 4291)"),
    _row("::/0", Reach.NEVER, "not assigned as global unicast"),
)


@lru_cache(maxsize=4096)
def classify(address: str) -> AddressClass:
    """Return the row of the table that an IP address falls under; `address` is canonical text, a scope id is dropped.

    Raises ValueError where the text is no IP address.
    """
    parsed: Address = ip_address(address.partition("%")[0])
    table = IPV4_TABLE if parsed.version == 4 else IPV6_TABLE  # noqa: PLR2004 - IP versions are 4 and 6
    return next(row for row in table if parsed in row.block)


def reach_of(address: str) -> Reach:
    """Return who may be meant by an IP address. Raises ValueError where the text is no IP address."""
    return classify(address).reach


def is_ip_address(host: str) -> bool:
    """True where a host (without brackets) is an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
