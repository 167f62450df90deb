"""What a test runs as if it were the reader of a file, and is killed, as by the kernel for lack of memory."""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
