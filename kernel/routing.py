"""The router that services use: FastAPI's, with `Idempotency-Key` honoured on every POST that has a Transaction."""

from typing import Any

from fastapi import APIRouter

from kernel.idempotency import IdempotentRoute


class Router(APIRouter):
    """An APIRouter whose POSTs can be repeated safely."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"route_class": IdempotentRoute, **options})
