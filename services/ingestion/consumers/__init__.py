"""What ingestion's worker does on events; importing this package enters all of its consumers."""

from services.ingestion.consumers import (
    changes,
    erasures,
    exports,
    files,
    imports,
    mailings,
    surveys,
    uploads,
)
from services.ingestion.consumers.registry import consumers

__all__ = [
    "changes",
    "consumers",
    "erasures",
    "exports",
    "files",
    "imports",
    "mailings",
    "surveys",
    "uploads",
]
