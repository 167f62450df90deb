"""Runs analytics' consumers until SIGTERM: `python -m services.analytics.worker`."""

from kernel.subscriptions import run_worker
from services.analytics.consumers import consumers
from services.analytics.settings import settings


def main() -> None:
    """Run until SIGTERM."""
    run_worker(settings(), consumers)


if __name__ == "__main__":
    main()
