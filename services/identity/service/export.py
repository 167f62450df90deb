"""The export of one's own data (GDPR, articles 15 and 20): everything that identity keeps about a person, as one object."""

from datetime import datetime
from typing import Any

from kernel.clock import utc_now
from kernel.db import Snapshot
from kernel.principals import Principal
from services.identity.queries import accounts, activity, api_keys, sessions
from services.identity.queries import teams as team_queries
from services.identity.service.credentials import get_user

_USER = ("id", "email", "first_name", "last_name", "segment", "institution", "is_2fa_enabled")
_USER_TIMES = ("date_joined", "email_verified_at")
_SESSION = (
    "id",
    "created_at",
    "last_used_at",
    "expires_at",
    "ended_at",
    "user_agent",
    "ip_address",
    "methods",
)
_KEY = ("id", "team_id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
_ACTIVITY = (
    *("created_at", "team_id", "action", "target", "outcome", "ip_address", "user_agent", "request_id"),
    "details",
)


async def export_account(session: Snapshot, caller: Principal) -> dict[str, Any]:
    """Return the caller's profile, memberships, sessions, keys and activity; no secret is among it. Raises NotFound."""
    user = await get_user(session, caller)
    memberships = await accounts.list_teams_of(session, user.id)
    owned = await team_queries.list_owned_teams(session, user.id)
    return {
        "format": "plugzero-account-export/1",
        "exported_at": utc_now().isoformat(),
        "account": _fields(user, (*_USER, *_USER_TIMES)),
        "teams": [{"id": t.id, "name": t.name, "role": t.role} for t in memberships],
        "owned_teams": [{"id": t.id, "name": t.name, "n_members": t.n_members} for t in owned],
        "sessions": [_fields(s, _SESSION) for s in await sessions.list_sessions_of(session, user.id)],
        "api_keys": [_fields(k, _KEY) for k in await api_keys.list_keys_of(session, user.id)],
        "activity": [_fields(a, _ACTIVITY) for a in await activity.list_activity_of(session, user.id)],
    }


def _fields(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)
