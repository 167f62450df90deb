"""Environment variables → one frozen `Settings` object per process.

Why here: every process reads the same variables under the same names, so an operator learns them once.
`docs/configuration.md` is rendered from the field descriptions. A service adds its own fields in a subclass.
"""

from functools import cached_property
from typing import Self
from urllib.parse import quote

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.limits import Limit

SHORTEST_SECRET_CHARACTERS = 32
DEFAULT_PLANS: dict[str, dict[Limit, int]] = {
    "STUDENT": {
        Limit.PROJECTS: 10,
        Limit.STORAGE_BYTES: 2 * 1024**3,
        Limit.RESPONSES: 5_000,
        Limit.ROWS: 2_000_000,
    },
    "SMB": {
        Limit.PROJECTS: 200,
        Limit.STORAGE_BYTES: 200 * 1024**3,
        Limit.RESPONSES: 1_000_000,
        Limit.ROWS: 200_000_000,
    },
}


class Settings(BaseSettings):
    """What every process needs to know about its surroundings."""

    model_config = SettingsConfigDict(
        env_prefix="PLUGZERO_", frozen=True, extra="ignore", populate_by_name=True
    )

    service: str = Field(
        "kernel", description="Name of the service this process belongs to; set by its code."
    )
    environment: str = Field(
        "production", description="`local` in the embedded stack: readable logs; anything else: JSON logs."
    )
    database_url: str = Field(
        "",
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL, `postgresql://role:password@host:port/name`, with this service's own role.",
    )
    public_database_url: str = Field(
        "",
        validation_alias=AliasChoices("PUBLIC_DATABASE_URL", "public_database_url"),
        description="The same database with the narrow role that public pages use (respondent or reader).",
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="Connections kept open per process and role."
    )
    database_statement_timeout_s: float = Field(
        60, gt=0, description="PostgreSQL ends a statement that runs longer; the caller gets a 503."
    )
    nats_url: str = Field(
        "nats://127.0.0.1:4222",
        validation_alias=AliasChoices("NATS_URL", "nats_url"),
        description="NATS with JetStream, `nats://user:password@host:port`; several, separated by commas.",
    )
    events_prefix: str = Field(
        "plugzero",
        pattern=r"^[a-z][a-z0-9-]{0,31}$",
        description="First word of every subject, and (upper-cased) the stream's name.",
    )
    s3_endpoint_url: str = Field(
        "",
        validation_alias=AliasChoices("S3_ENDPOINT_URL", "s3_endpoint_url"),
        description="S3 endpoint; empty means Amazon's own.",
    )
    s3_public_endpoint_url: str = Field(
        "", description="Endpoint written into presigned links, where browsers reach S3 under another name."
    )
    s3_region: str = Field("us-east-1", description="S3 region.")
    s3_bucket: str = Field(
        "plugzero", description="Bucket for all objects; made at start where it is missing."
    )
    s3_access_key_id: str = Field("", description="S3 key id.")
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="S3 secret key.")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="≥ 32 characters. Signs list cursors and form tokens, encrypts seeds and signing keys. "
        "Losing it ends open cursors and makes encrypted columns unreadable: back it up.",
    )
    jwks_url: str = Field(
        "http://127.0.0.1:8081/.well-known/jwks.json",
        description="Where identity publishes the keys that verify access tokens.",
    )
    jwks_cache_s: float = Field(
        60, gt=0, description="Seconds for which fetched keys are used without asking again."
    )
    token_issuer: str = Field("plugzero-identity", description="`iss` of access tokens.")
    token_audience: str = Field("plugzero-api", description="`aud` of access tokens.")
    gateway_url: str = Field(
        "http://127.0.0.1:8080", description="Address under which people reach the gateway."
    )
    peers: dict[str, str] = Field(
        default_factory=dict,
        description="JSON object of service → internal base URL, for the combined `/readyz` and `/docs`.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Worker's and relay's port for `/metrics`; 0 is off."
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="Address of that port; in containers 0.0.0.0, so that probes and Prometheus reach it.",
    )
    plan_limits: dict[str, dict[Limit, int]] = Field(
        default_factory=lambda: DEFAULT_PLANS,
        description="What a team may have, by the tier of its owner: JSON object of tier → limit → most, with the limits "
        "`projects`, `storage_bytes`, `responses` (completed interviews) and `rows` (of files). What is not named has none.",
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    otlp_endpoint: str = Field("", description="OTLP/HTTP address for traces; empty sends none.")

    @model_validator(mode="after")
    def _secret_is_long_enough(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if secret and len(secret) < SHORTEST_SECRET_CHARACTERS:
            raise ValueError(
                "PLUGZERO_SECRET_KEY needs at least 32 characters; make one with `openssl rand -hex 32`"
            )
        return self

    @cached_property
    def is_local(self) -> bool:
        """True in the embedded stack."""
        return self.environment == "local"


class MailSettings(Settings):
    """What a process needs to know that sends letters."""

    mail_folder: str = Field(
        ".plugzero/outbox", description="Where mails are written as .eml files while no SMTP server is named."
    )
    smtp_url: str = Field(
        "",
        description="`smtp://user:password@host:587` (STARTTLS) or `smtps://…`; empty writes files instead.",
    )
    mail_from: str = Field("PlugZero Analytics <no-reply@localhost>", description="Sender of all mails.")


def async_database_url(url: str) -> str:
    """Return the address with SQLAlchemy's asyncpg driver named, whichever PostgreSQL scheme it came with."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError("DATABASE_URL must look like postgresql://role:password@host:port/name")
    if scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL has the scheme {scheme!r}; only postgresql:// is supported")
    return f"postgresql+asyncpg://{rest}"


def with_role(url: str, *, role: str, password: str) -> str:
    """Return a database address with another role and password in it; host, name and options stay."""
    scheme, _, rest = url.partition("://")
    authority, slash, tail = rest.partition("/")
    host = authority.rpartition("@")[2]
    return f"{scheme}://{quote(role, safe='')}:{quote(password, safe='')}@{host}{slash}{tail}"
