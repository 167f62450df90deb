"""What the nursery becomes once everything has been forked: a parent that only tells who has ended.

It replaces the nursery's program (execve(2)) and with it 110 MB of libraries, but stays the same process, so the forks keep
their parent. Standard library only and nothing imported that is not needed: this process lives as long as the stack.
"""

import json
import os
import select
import signal


def watch() -> None:
    """Report each ended child on standard output until standard input ends."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        report_ended()  # first of all those who ended while this program was being loaded
        readable, _, _ = select.select([0, wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 512)
        if 0 in readable and not os.read(0, 4096):
            return


def report_ended() -> None:
    """Tell the supervisor which children have ended, one line of JSON each."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        word = {"pid": pid, "exit_code": os.waitstatus_to_exitcode(status)}
        os.write(1, json.dumps(word).encode() + b"\n")


if __name__ == "__main__":
    watch()
