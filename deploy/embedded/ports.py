"""Free TCP ports on the loopback interface.

Ports are drawn from below the kernel's range for outgoing connections (32768 and up on Linux): a port that the kernel
hands out by itself could be taken by any client's connection between our choice and the server's `bind`.
"""

import json
import random
import socket
from collections.abc import Iterable
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


def free_port(taken: Iterable[int] = ()) -> int:
    """Return a free loopback port that is not among `taken`."""
    avoid = set(taken)
    draw = random.SystemRandom()
    for _ in range(500):
        port = draw.randint(LOWEST, HIGHEST)
        if port not in avoid and is_free(port):
            return port
    raise RuntimeError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}")


class PortBook:
    """The ports of one stack's parts; kept in a file, so that addresses stay the same from start to start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}

    def port(self, name: str) -> int:
        """Return the port remembered for `name` while it is free, else a new one."""
        remembered = self._ports.get(name)
        if remembered is None or not is_free(remembered):
            self._ports[name] = free_port(self._ports.values())
            self._path.write_text(json.dumps(self._ports, indent=1))
        return self._ports[name]
