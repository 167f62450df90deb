"""What only identity reads from its environment."""

from functools import lru_cache

from pydantic import Field, SecretStr

from kernel.settings import MailSettings


class IdentitySettings(MailSettings):
    """Passwords, tokens and the door to new accounts."""

    service: str = "identity"
    auto_verify: bool = Field(
        default=False,
        description="True verifies a new account's email at once; for the local stack only. "
        "False: the account must open the link that it was mailed.",
    )
    account_pages_url: str = Field(
        "",
        description="Where your own front end shows the pages that letters link to: `/verify-email`, `/reset-password`, "
        "`/change-email` and `/accept-invitation`, each with `?token=`, and `/forgot-password`. Empty: the gateway's "
        "`/account`, which identity serves.",
    )
    argon2_memory_kib: int = Field(
        19_456, ge=8, description="Argon2id memory per hash; OWASP's floor is 19 MiB."
    )
    argon2_iterations: int = Field(2, ge=1, description="Argon2id passes over the memory.")
    password_threads: int = Field(
        0,
        ge=0,
        le=64,
        description="Passwords hashed at the same time. 0: as many as there are processors, less one for everything else.",
    )
    password_queue: int = Field(
        100, ge=1, description="Log-ins that may wait for a hash; more are answered 429 with Retry-After."
    )
    login_failures_per_address: int = Field(
        50,
        ge=5,
        description="Failed log-ins from one address, over all accounts, before it has to wait; raise it for a campus "
        "behind one address.",
    )
    access_token_s: int = Field(900, ge=60, le=3600, description="Life of an access token.")
    refresh_token_s: int = Field(30 * 86_400, ge=3600, description="Absolute life of a session, from log-in.")
    session_idle_s: int = Field(
        7 * 86_400, ge=3600, description="A session that was not refreshed for this long has to log in again."
    )
    mfa_token_s: int = Field(
        300, ge=30, le=3600, description="Time between the password and the one-time code of a log-in."
    )
    encryption_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Keys that seal seeds of one-time codes, as JSON: `{"2026b": "…", "2026a": "…"}`, the present one '
        "first. A new key goes in front; a job seals every seed anew, then the old key may leave. Empty: PLUGZERO_SECRET_KEY.",
    )
    invitation_days: int = Field(7, ge=1, le=90, description="Days for which an invitation can be accepted.")
    activity_days: int = Field(
        730, ge=30, description="Days for which the activity log is kept; older rows leave from the front."
    )
    purge_after_days: int = Field(
        30, ge=1, description="Days after which deleted teams and closed accounts are removed for good."
    )
    signing_key_days: int = Field(90, ge=1, description="Age at which a new signing key is made.")


@lru_cache(maxsize=1)
def settings() -> IdentitySettings:
    """Return this process's settings, read once."""
    return IdentitySettings()
