"""Structured logs: one JSON object a line in production, readable lines in the local stack.

Every line of a request carries `request_id` (and `trace_id` where traces are on) through context variables.
"""

import json
import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from kernel.settings import Settings


def configure_logging(settings: Settings, *, process: str) -> None:
    """Send all logs of this process, the libraries' included, to standard output in one format.

    Our own lines go straight to it; those of libraries come by way of `logging` and end in the same renderer.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[_name_logger, *shared, _renderer(settings, as_bytes=True)],
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(settings, as_bytes=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers[:] = []
    logging.getLogger("uvicorn.access").disabled = True  # kernel.http writes one line per request itself
    for name in ("httpx2", "botocore", "aiobotocore", "nats"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def _name_logger(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write the module under the key that `logging` has for it."""
    del logger, method
    event["logger"] = event.pop("module", "")
    return event


def _renderer(settings: Settings, *, as_bytes: bool) -> Any:
    """Return the last processor: JSON, or readable lines in the local stack."""
    if not settings.is_local:
        return structlog.processors.JSONRenderer(serializer=_as_json if as_bytes else json.dumps)
    console = structlog.dev.ConsoleRenderer(colors=False)

    def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str | bytes:
        line = console(logger, name, event)
        return line.encode(errors="backslashreplace") if as_bytes else line

    return render


def _as_json(event: Mapping[str, Any], default: Callable[[Any], Any]) -> bytes:
    try:
        return orjson.dumps(event, default=default)
    except TypeError:  # half a surrogate pair, or an integer of more than 64 bits: no reason to lose a line
        return json.dumps(event, default=default).encode()


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module."""
    logger: FilteringBoundLogger = structlog.get_logger(
        module=name
    )  # `logger` is a parameter of structlog's own
    return logger
