"""Identity's worker: recurring jobs; it consumes no events yet."""

from kernel.subscriptions import Consumers, run_worker
from services.identity.settings import settings

consumers = Consumers("identity")


def main() -> None:
    """Run until SIGTERM."""
    run_worker(settings(), consumers)


if __name__ == "__main__":
    main()
