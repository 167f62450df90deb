"""The command line of programs that write one generated file: write it, or `--check` that it is up to date."""

import argparse
from collections.abc import Callable
from pathlib import Path


def write_or_check(target: Path, rendered: Callable[[], str], *, description: str | None) -> int:
    """Write what `rendered` returns, or with `--check` only compare; returns the exit status, 1 for a difference."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="only say whether the file is up to date")
    text = rendered()
    if not parser.parse_args().check:
        target.write_text(text)
        return 0
    if target.exists() and target.read_text() == text:
        return 0
    print(f"{target.name} is not what the code says; run `make generate` and commit the result")
    return 1
