"""What ingestion's worker does on events; importing this package enters all of its consumers."""

import importlib.util

from services.ingestion.consumers import files
from services.ingestion.consumers.registry import consumers

if importlib.util.find_spec("services.ingestion.consumers.surveys"):
    importlib.import_module("services.ingestion.consumers.surveys")

__all__ = ["consumers", "files"]
