"""Ingestion's worker: reads uploaded files, keeps survey datasets fresh, until SIGTERM."""

from kernel.subscriptions import run_worker
from services.ingestion.consumers import consumers
from services.ingestion.consumers.jobs import jobs
from services.ingestion.settings import settings


def main() -> None:
    """Run until SIGTERM."""
    run_worker(settings(), consumers, jobs)


if __name__ == "__main__":
    main()
