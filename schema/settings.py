"""Django settings of the migration job: one database, five apps, nothing of a web site.

`DATABASE_URL` names the owner of the tables, in the form that every other process uses
(`postgresql[+driver]://user:password@host:port/name?host=/socket/folder`).
"""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def parse_database_url(url: str) -> dict[str, Any]:
    """Django's connection settings for a database URL; a driver suffix such as `+asyncpg` is ignored."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    port = query.pop("port", None) or parts.port or ""
    # A migration that cannot get its lock gives up instead of queueing every query behind itself.
    query.setdefault("options", "-c lock_timeout=5s")
    query.setdefault("application_name", "plugzero-schema")
    return {
        "ENGINE": "schema.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": query.pop("user", None) or unquote(parts.username or ""),
        "PASSWORD": query.pop("password", None) or unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "OPTIONS": query,
    }


DATABASES = {"default": parse_database_url(os.environ.get("DATABASE_URL", "postgresql:///plugzero"))}
INSTALLED_APPS = [
    "schema.auth.AuthConfig",
    "schema.auth.ContentTypesConfig",
    "schema.accounts",
    "schema.data_ingestion",
    "schema.analysis",
    "schema.intelligence",
    "schema.messaging",
]
# AbstractUser lives in django.contrib.auth; its groups and permissions are not used, so neither app gets tables.
MIGRATION_MODULES = {"auth": None, "contenttypes": None}
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
