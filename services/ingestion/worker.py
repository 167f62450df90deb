"""Ingestion's worker: reads uploaded files, keeps survey datasets fresh, until SIGTERM."""

from kernel.subscriptions import run_worker
from services.ingestion.consumers import consumers
from services.ingestion.settings import settings

if __name__ == "__main__":
    run_worker(settings(), consumers)
