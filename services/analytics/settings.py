"""What only analytics reads from its environment."""

from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field

from kernel.settings import Settings


class AnalyticsSettings(Settings):
    """The worker's engine and its cache of datasets."""

    service: str = "analytics"
    cache_folder: Path = Field(
        Path(".plugzero/analytics-cache"),
        validation_alias=AliasChoices("ANALYTICS_CACHE_FOLDER", "cache_folder"),
        description="Where the worker keeps copies of datasets' Parquet files; may be emptied at any time.",
    )
    cache_max_bytes: int = Field(
        10 * 1024**3,
        ge=0,
        validation_alias=AliasChoices("ANALYTICS_CACHE_MAX_BYTES", "cache_max_bytes"),
        description="Size to which the cache is cut back, the longest unused files first.",
    )
    engine_threads: int = Field(
        2,
        ge=1,
        le=256,
        validation_alias=AliasChoices("ANALYTICS_ENGINE_THREADS", "engine_threads"),
        description="Threads of the worker's embedded DuckDB.",
    )
    engine_memory_limit: str = Field(
        "2GB",
        pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$",
        validation_alias=AliasChoices("ANALYTICS_ENGINE_MEMORY_LIMIT", "engine_memory_limit"),
        description="Memory of the embedded DuckDB; beyond it, it spills to disk.",
    )


@lru_cache(maxsize=1)
def settings() -> AnalyticsSettings:
    """Return this process's settings, read once."""
    return AnalyticsSettings()
