"""Names to checked addresses: what DNS answers is classified, and the connection is made to exactly that.

The address is checked twice, where DNS answers and where the socket is opened; the second check is the choke point
that nothing can pass by, literal addresses included. Between them lies no second look-up, so a name that changes
its answer (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from kernel.outbound.addresses import classify
from kernel.outbound.policy import OutboundPolicy

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Host name → every IPv4 and IPv6 address of it; raises OSError where there is none."""


class AddressRefused(OSError):  # noqa: N818 - reads as the condition it names
    """An address that the policy does not connect to; an OSError, since that is what aiohttp hands through."""


async def system_lookup(host: str) -> Sequence[str]:
    """Return every address that the system's resolver knows of a name, in its order, without repeats."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedResolver(AbstractResolver):
    """aiohttp's resolver: refuses a name as soon as one of its addresses is not allowed."""

    def __init__(self, policy: OutboundPolicy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the checked addresses. Raises AddressRefused, or OSError where the name has none."""
        addresses = await self._lookup(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        for address in addresses:
            if self._policy.refusal_of_address(address) is not None:
                # The address itself stays untold: inner names and their addresses are nobody's business.
                raise AddressRefused(
                    f"{host} leads to an address that is not public: {classify(address).name}"
                )
        return [_resolved(host, address, port) for address in addresses if _is_of(family, address)]

    async def close(self) -> None:
        """Nothing is held."""


def checked_socket_factory(policy: OutboundPolicy) -> Callable[[Any], socket.socket]:
    """Return what opens sockets for aiohttp: only towards addresses that the policy allows."""

    def open_socket(address_info: Any) -> socket.socket:
        family, kind, protocol, _name, address = address_info
        if refusal := policy.refusal_of_address(str(address[0])):
            raise AddressRefused(refusal)
        return socket.socket(family=family, type=kind, proto=protocol)

    return open_socket


def _resolved(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=_family(address),
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _is_of(wanted: socket.AddressFamily, address: str) -> bool:
    return wanted in {socket.AF_UNSPEC, _family(address)}
