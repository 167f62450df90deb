"""What only seo reads from its environment."""

from functools import lru_cache

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from kernel.outbound import OutboundPolicy
from kernel.settings import Settings


def _named(field: str) -> AliasChoices:
    return AliasChoices(f"SEO_{field.upper()}", field)


class SeoSettings(Settings):
    """Limits of audits, and how politely they crawl."""

    model_config = SettingsConfigDict(
        env_prefix="PLUGZERO_", frozen=True, extra="ignore", populate_by_name=True
    )

    service: str = "seo"
    allow_private_networks: bool = Field(
        default=False,
        validation_alias=_named("allow_private_networks"),
        description="True lets audits reach loopback and private addresses on any port: for the local stack, and for "
        "sites inside one's own network. Metadata services stay refused.",
    )
    user_agent: str = Field(
        "PlugZeroBot/1.0 (site audit; +https://github.com/plugzero/plugzero-analytics)",
        validation_alias=_named("user_agent"),
        description="How the crawler introduces itself; give an address at which the sites' owners reach you.",
    )
    robots_token: str = Field(
        "PlugZeroBot",
        pattern=r"^[A-Za-z_-]+$",
        validation_alias=_named("robots_token"),
        description="The crawler's product token in robots.txt (RFC 9309 §2.2.1); part of the user agent.",
    )
    max_pages: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        validation_alias=_named("max_pages"),
        description="Most pages that one audit may ask for.",
    )
    max_page_bytes: int = Field(
        5 * 1024 * 1024,
        ge=10_000,
        validation_alias=_named("max_page_bytes"),
        description="Bytes of an HTML document that are read, after decompression.",
    )
    page_timeout_s: float = Field(
        20,
        gt=0,
        le=300,
        validation_alias=_named("page_timeout_s"),
        description="Seconds for one page, whole.",
    )
    concurrency: int = Field(
        4,
        ge=1,
        le=64,
        validation_alias=_named("concurrency"),
        description="Requests to one site under way at the same time; one where robots.txt asks for a delay.",
    )
    interval_s: float = Field(
        0.2,
        ge=0,
        le=60,
        validation_alias=_named("interval_s"),
        description="Seconds between the starts of two requests to one site; robots.txt may ask for more.",
    )
    private_concurrency: int = Field(
        16,
        ge=1,
        le=256,
        validation_alias=_named("private_concurrency"),
        description="The same for sites on private addresses, which are crawled without an interval.",
    )
    lease_margin_s: float = Field(
        20,
        gt=0,
        validation_alias=_named("lease_margin_s"),
        description="Seconds beyond a page's time limit after which a killed worker's pages go to another one.",
    )
    max_audit_s: float = Field(
        6 * 3600,
        gt=0,
        validation_alias=_named("max_audit_s"),
        description="Seconds of crawling after which an audit is finished with the pages it has.",
    )

    @property
    def outbound_policy(self) -> OutboundPolicy:
        """What the crawler may fetch: pages one hop at a time, so that each redirect is an address of its own."""
        return OutboundPolicy(
            allow_private=self.allow_private_networks,
            max_bytes=self.max_page_bytes,
            max_redirects=0,
            timeout_s=self.page_timeout_s,
            connect_timeout_s=min(10.0, self.page_timeout_s),
            user_agent=self.user_agent,
        )


@lru_cache(maxsize=1)
def settings() -> SeoSettings:
    """Return this process's settings, read once."""
    return SeoSettings()
