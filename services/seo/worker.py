"""The process that crawls."""

from kernel.subscriptions import run_worker
from services.seo.consumers import consumers
from services.seo.settings import settings


def main() -> None:
    """Run until SIGTERM."""
    run_worker(settings(), consumers)


if __name__ == "__main__":
    main()
