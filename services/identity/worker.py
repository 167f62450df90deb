"""Identity's worker process: its consumers and recurring jobs until SIGTERM."""

from kernel.subscriptions import run_worker
from services.identity.consumers import consumers, jobs
from services.identity.settings import settings


def main() -> None:
    """Run until SIGTERM."""
    run_worker(settings(), consumers, jobs)


if __name__ == "__main__":
    main()
