"""`make run` with stand-ins for our own processes: `python stack_driver.py [broken]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from deploy.embedded.__main__ import main
from deploy.embedded.python_process import Program, api

APP = "tests.faults.stack_dummies:app"
WORKER = ("tests.faults.stack_dummies",)
PROGRAMS = [
    *(api(name, APP) for name in ("identity", "ingestion", "analytics", "seo")),
    Program("identity-worker", "identity", WORKER, port_variable="PLUGZERO_METRICS_PORT"),
]
BROKEN = Program(
    "broken-worker", "seo", ("tests.faults.no_such_module",), port_variable="PLUGZERO_METRICS_PORT"
)

if __name__ == "__main__":
    broken = [BROKEN] if sys.argv[1:] == ["broken"] else []
    del sys.argv[1:]
    sys.exit(main([*PROGRAMS, *broken]))
