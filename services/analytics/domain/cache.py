"""The key under which a result is kept: a hash of everything its figures depend on."""

import hashlib
import json
from typing import Any, Final

STATISTICS_VERSION: Final = "1"
"""Raised whenever the same request on the same rows would give other figures or another layout."""


def cache_key(
    *,
    dataset_id: int,
    dataset_version: int,
    calculation_type: str,
    parameters: dict[str, Any],
    filter_tree: object,
    weight: str | None,
) -> str:
    """64 hexadecimal digits: SHA-256 over the request in canonical JSON (sorted keys, RFC 8785 in spirit)."""
    depends_on = {
        "statistics": STATISTICS_VERSION,
        "dataset": [dataset_id, dataset_version],
        "calculation": calculation_type,
        "parameters": parameters,
        "filter": filter_tree,
        "weight": weight,
    }
    text = json.dumps(depends_on, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
