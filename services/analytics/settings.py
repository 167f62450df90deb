"""What only analytics reads from its environment."""

from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field

from kernel.settings import Settings


class AnalyticsSettings(Settings):
    """The worker's engine and its cache of datasets."""

    service: str = "analytics"
    cache_folder: Path | None = Field(
        None,
        validation_alias=AliasChoices("ANALYTICS_CACHE_FOLDER", "cache_folder"),
        description="Where the worker keeps copies of datasets' Parquet files and what its engine spills; may be emptied at "
        "any time. Empty means a folder of the worker's own user below the system's temporary folder.",
    )
    cache_max_bytes: int = Field(
        1024**3,
        ge=0,
        validation_alias=AliasChoices("ANALYTICS_CACHE_MAX_BYTES", "cache_max_bytes"),
        description="Size to which the cache is cut back, the longest unused files first.",
    )
    warm_up: bool = Field(
        default=True,
        validation_alias=AliasChoices("ANALYTICS_WARM_UP", "warm_up"),
        description="Load the engine (about 80 MB) when the worker starts, not with its first analysis, which then takes a "
        "second longer. Off in the local stack.",
    )
    engine_threads: int = Field(
        2,
        ge=1,
        le=256,
        validation_alias=AliasChoices("ANALYTICS_ENGINE_THREADS", "engine_threads"),
        description="Threads of the worker's embedded DuckDB.",
    )
    engine_memory_limit: str = Field(
        "1GB",
        pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$",
        validation_alias=AliasChoices("ANALYTICS_ENGINE_MEMORY_LIMIT", "engine_memory_limit"),
        description="Memory of the embedded DuckDB; beyond it, it spills to disk.",
    )


@lru_cache(maxsize=1)
def settings() -> AnalyticsSettings:
    """Return this process's settings, read once."""
    return AnalyticsSettings()
