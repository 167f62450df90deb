"""The process that limited processes are forked from: it has loaded the engine, so that none of them has to.

    python -m services.ingestion.domain.fork_server <pid of the worker> [<further module to load> …]

Loading Python, DuckDB and this package takes a third of a second; a fork takes a hundredth. Standard input is a socket of
messages. `{"module", "arguments", "folder"}` comes with three descriptors: standard output and error of the new process, and a
pipe that is told its pid at once and how it ended, a line each. `{"kill": pid}` ends one of them. Nothing is opened here, no file
is read and no thread is started: what works on foreign files is a fork, limited (`limited_child`), without the socket.
"""

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from services.ingestion.domain.limited_child import die_with_parent

MESSAGE_BYTES = 65_536
_N_DESCRIPTORS = 3
# What most forks need, none of which starts a thread or opens a file when it is loaded.
_LOADED = (
    "duckdb",
    "python_calamine",
    "services.ingestion.domain.importing",
    "services.ingestion.domain.import_child",
    "services.ingestion.domain.export_child",
    "services.ingestion.domain.change_child",
    "services.ingestion.domain.document_child",
    "services.ingestion.domain.derivations.deriving",
    "services.ingestion.domain.exports.writing",
)
_CRASHED = 1


class ForkServer:
    """Forks one process per message and tells how each ends."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._status: dict[int, int] = {}
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)

    def serve(self) -> None:
        """Answer messages until the worker closes the socket."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno())
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(MESSAGE_BYTES)
                    self._reap()
                if self._control in ready and not self._obey():
                    return

    def _obey(self) -> bool:
        """Do what one message says; False when the worker is gone."""
        message, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, _N_DESCRIPTORS)
        if not message:
            return False
        wanted = json.loads(message)
        if "kill" in wanted:
            # Only a process that was not reaped: its number cannot be another's by now.
            if wanted["kill"] in self._status:
                os.kill(wanted["kill"], signal.SIGKILL)
            return True
        self._fork(wanted, descriptors)
        return True

    def _fork(self, wanted: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        out, err, status = descriptors
        server_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(wanted, server_pid, out, err)
        os.close(out)
        os.close(err)
        self._status[pid] = status
        _say(status, pid)

    def _reap(self) -> None:
        for pid in list(self._status):
            ended, how = os.waitpid(pid, os.WNOHANG)
            if ended:
                status = self._status.pop(pid)
                _say(status, os.waitstatus_to_exitcode(how))
                os.close(status)


def _say(status: int, number: int) -> None:
    # The worker may have lost interest.
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"%d\n" % number)


def _become(wanted: Mapping[str, Any], server_pid: int, out: int, err: int) -> NoReturn:
    """Turn a fork into a program of its own, and run it to its end."""
    code = _CRASHED
    try:
        _let_go(out, err)
        if die_with_parent(server_pid):
            os.chdir(wanted["folder"])
            os.environ |= {"TMPDIR": wanted["folder"], "HOME": wanted["folder"]}
            sys.argv = [wanted["module"], *wanted["arguments"]]
            code = importlib.import_module(wanted["module"]).main()
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here and must not go on as the server
        traceback.print_exc()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _let_go(out: int, err: int) -> None:
    """Keep nothing of the server's but its memory: no descriptor, no signal."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(descriptor, place)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def main() -> int:
    """Serve the worker on standard input; returns the exit code."""
    if not die_with_parent(int(sys.argv[1])):
        return 1
    for name in (*_LOADED, *sys.argv[2:]):
        importlib.import_module(name)
    ForkServer(socket.socket(fileno=os.dup(0))).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
