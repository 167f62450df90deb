"""Passwords of the database roles that the migrations made."""

from collections.abc import Mapping
from urllib.parse import quote

SERVICE_ROLES = {name: f"plugzero_{name}" for name in ("identity", "ingestion", "analytics", "seo")}
PUBLIC_ROLES = {"ingestion": "plugzero_respondent", "analytics": "plugzero_reader"}
RELAY_ROLE = "plugzero_relay"
LOGIN_ROLES = (*SERVICE_ROLES.values(), *PUBLIC_ROLES.values(), RELAY_ROLE)


def with_role(url: str, role: str, password: str) -> str:
    """Return the database's address as seen by another role; host, name and options stay."""
    scheme, _, rest = url.partition("://")
    authority, slash, tail = rest.partition("/")
    return f"{scheme}://{role}:{quote(password, safe='')}@{authority.rpartition('@')[2]}{slash}{tail}"


async def set_passwords(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Give each role its password. One process at a time: roles belong to the whole cluster."""
    import asyncpg

    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('plugzero role passwords'))")
            for role, password in passwords.items():
                quoted = await connection.fetchval(
                    "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password
                )
                await connection.execute(quoted)
    finally:
        await connection.close()
