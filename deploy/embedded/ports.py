"""Free TCP ports on the loopback interface.

Ports are drawn from below the kernel's range for outgoing connections (32768 and up on Linux): a port that the kernel
hands out by itself could be taken by any client's connection between our choice and the server's `bind`.
"""

import json
import random
import socket
import sys
from collections.abc import Callable
from pathlib import Path

LOWEST, HIGHEST = 18000, 31999
HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """True when a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def claim(port: int) -> socket.socket | None:
    """Return a token that keeps other stacks of this machine from choosing the port, None when one has it.

    On Linux the token is an abstract Unix socket: it lives in the same network namespace as the port and vanishes with its
    holder, however that ends. Elsewhere only the free port itself is checked.
    """
    token = socket.socket(socket.AF_UNIX) if sys.platform == "linux" else socket.socket()
    try:
        if sys.platform == "linux":
            token.bind(f"\0plugzero-port-{port}")
    except OSError:
        token.close()
        return None
    if is_free(port):
        return token
    token.close()
    return None


class PortBook:
    """The ports of one stack's parts; kept in a file, so that addresses stay the same from start to start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._remembered: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        self._claims: dict[str, tuple[int, socket.socket]] = {}

    def port(
        self, name: str, *, prefer: int | None = None, suits: Callable[[int], bool] = lambda _port: True
    ) -> int:
        """Return the port of `name`: `prefer` or the remembered one when free, else a new one; no other stack gets it.

        `suits` is asked once the port is ours: a server may have needs beside the port.
        """
        if name in self._claims:
            return self._claims[name][0]
        wishes = [port for port in (prefer, self._remembered.get(name)) if port is not None]
        draw = random.SystemRandom()
        for port in (*wishes, *(draw.randint(LOWEST, HIGHEST) for _ in range(500))):
            token = claim(port)
            if token is None:
                continue
            if not suits(port):
                token.close()
                continue
            self._claims[name] = (port, token)
            self._remember(name, port)
            return port
        raise RuntimeError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}")

    def _remember(self, name: str, port: int) -> None:
        if self._remembered.get(name) != port:
            self._remembered[name] = port
            self._path.write_text(json.dumps(self._remembered, indent=1))

    def close(self) -> None:
        """Give the ports up."""
        for _, token in self._claims.values():
            token.close()
        self._claims.clear()
