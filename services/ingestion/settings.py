"""What only ingestion reads from its environment."""

from functools import lru_cache

from pydantic import AliasChoices, Field

from kernel.settings import Settings

_MIB = 1024 * 1024


class IngestionSettings(Settings):
    """Limits of uploads and of the process that reads them."""

    service: str = "ingestion"
    max_upload_bytes: int = Field(
        2048 * _MIB,
        ge=1,
        validation_alias=AliasChoices("INGESTION_MAX_UPLOAD_BYTES", "max_upload_bytes"),
        description="Largest file that can be uploaded; a larger one is refused with 413 while it arrives.",
    )
    import_memory_bytes: int = Field(
        1024 * _MIB,
        ge=256 * _MIB,
        validation_alias=AliasChoices("INGESTION_IMPORT_MEMORY_BYTES", "import_memory_bytes"),
        description="Memory of the process that reads one file; a file that needs more ends as FAILED.",
    )
    import_timeout_s: float = Field(
        1800,
        gt=0,
        validation_alias=AliasChoices("INGESTION_IMPORT_TIMEOUT_S", "import_timeout_s"),
        description="Seconds that reading one file may take before it ends as FAILED.",
    )
    import_threads: int = Field(
        2,
        ge=1,
        le=64,
        validation_alias=AliasChoices("INGESTION_IMPORT_THREADS", "import_threads"),
        description="Processor threads that reading one file may use.",
    )
    scratch_folder: str = Field(
        "",
        validation_alias=AliasChoices("INGESTION_SCRATCH_FOLDER", "scratch_folder"),
        description="Where a worker keeps files while reading them; empty means the system's temporary folder. "
        "It needs about three times the size of the largest upload.",
    )


@lru_cache(maxsize=1)
def settings() -> IngestionSettings:
    """Return this process's settings, read once."""
    return IngestionSettings()
