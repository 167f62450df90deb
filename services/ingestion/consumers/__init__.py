"""What ingestion's worker does on events; importing this package enters all of its consumers."""

from services.ingestion.consumers import files, surveys
from services.ingestion.consumers.registry import consumers

__all__ = ["consumers", "files", "surveys"]
