"""Analytics' worker: computes analyses and draws their charts, until SIGTERM."""

import threading

from kernel.subscriptions import run_worker
from services.analytics.consumers import consumers
from services.analytics.consumers.analyses import warm_up
from services.analytics.settings import settings


def main() -> None:
    """Run until SIGTERM; the engine loads in the background meanwhile, where that is wanted."""
    if settings().warm_up:
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    run_worker(settings(), consumers)


if __name__ == "__main__":
    main()
