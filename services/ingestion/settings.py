"""What only ingestion reads from its environment."""

from functools import lru_cache

from pydantic import AliasChoices, Field

from kernel.outbound import OutboundPolicy
from kernel.settings import MailSettings

_MIB = 1024 * 1024
USER_AGENT = "PlugZeroBot/1.0 (file import; +https://github.com/plugzero/plugzero-analytics)"


class IngestionSettings(MailSettings):
    """Limits of uploads and of the process that reads them."""

    service: str = "ingestion"
    max_upload_bytes: int = Field(
        2048 * _MIB,
        ge=1,
        validation_alias=AliasChoices("INGESTION_MAX_UPLOAD_BYTES", "max_upload_bytes"),
        description="Largest file that can be uploaded; a larger one is refused with 413 while it arrives.",
    )
    max_response_file_bytes: int = Field(
        15 * _MIB,
        ge=1,
        validation_alias=AliasChoices("INGESTION_MAX_RESPONSE_FILE_BYTES", "max_response_file_bytes"),
        description="Largest file that a respondent can upload, whatever a survey allows, and most that the files of one page may "
        "have together; keep PLUGZERO_PUBLIC_BODY_BYTES of the gateway above it.",
    )
    allow_private_networks: bool = Field(
        default=False,
        validation_alias=AliasChoices("INGESTION_ALLOW_PRIVATE_NETWORKS", "allow_private_networks"),
        description="True lets imports by address reach loopback and private addresses on any port: for files inside "
        "one's own network. Metadata services stay refused.",
    )
    fetch_timeout_s: float = Field(
        600,
        gt=0,
        validation_alias=AliasChoices("INGESTION_FETCH_TIMEOUT_S", "fetch_timeout_s"),
        description="Seconds that fetching one file from an address may take before the import ends as FAILED.",
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
    rows_memory_bytes: int = Field(
        384 * _MIB,
        ge=128 * _MIB,
        validation_alias=AliasChoices("INGESTION_ROWS_MEMORY_BYTES", "rows_memory_bytes"),
        description="Memory of the process that shows rows of datasets, one beside each API process that is asked for rows.",
    )
    rows_timeout_s: float = Field(
        20,
        gt=0,
        validation_alias=AliasChoices("INGESTION_ROWS_TIMEOUT_S", "rows_timeout_s"),
        description="Seconds that one page of rows may take before it is answered with 503.",
    )
    rows_cache_max_bytes: int = Field(
        2048 * _MIB,
        ge=1,
        validation_alias=AliasChoices("INGESTION_ROWS_CACHE_MAX_BYTES", "rows_cache_max_bytes"),
        description="Size to which the copies of datasets beside that process are cut back, the longest unused first.",
    )
    letters_per_day: int = Field(
        20_000,
        ge=0,
        validation_alias=AliasChoices("INGESTION_LETTERS_PER_DAY", "letters_per_day"),
        description="Invitations and reminders that one team may send within 24 hours.",
    )
    scratch_folder: str = Field(
        "",
        validation_alias=AliasChoices("INGESTION_SCRATCH_FOLDER", "scratch_folder"),
        description="Where a worker keeps files while reading them; empty means the system's temporary folder. "
        "It needs about three times the size of the largest upload.",
    )

    @property
    def outbound_policy(self) -> OutboundPolicy:
        """What an import by address may fetch."""
        return OutboundPolicy(
            allow_private=self.allow_private_networks,
            max_bytes=self.max_upload_bytes,
            # It goes to disk and is bounded there: tables of few different values shrink to a thousandth.
            max_compression_ratio=2000,
            timeout_s=self.fetch_timeout_s,
            connect_timeout_s=min(10.0, self.fetch_timeout_s),
            user_agent=USER_AGENT,
        )


@lru_cache(maxsize=1)
def settings() -> IngestionSettings:
    """Return this process's settings, read once."""
    return IngestionSettings()
