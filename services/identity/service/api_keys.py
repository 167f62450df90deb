"""Commands of API keys: make one, revoke one."""

from datetime import datetime

from kernel.access import ROLE_PERMISSIONS, Permission, TeamGrant, require_team
from kernel.activity import log_activity
from kernel.api_keys import SHOWN_CHARACTERS, new_key
from kernel.clock import utc_now
from kernel.db import Session, Snapshot
from kernel.ids import hash_token
from kernel.principals import Principal
from kernel.problems import Invalid, NotFound
from services.identity.errors import TooManyOpen
from services.identity.models import ApiKey
from services.identity.queries import api_keys as queries

MOST_WORKING = 50


async def make_key(
    session: Session,
    caller: Principal,
    team_id: int,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
) -> tuple[ApiKey, str]:
    """Make a key in the caller's name; returns its row and the key itself, which is never shown again.

    It may do what its maker may and its scopes name. Raises NotFound, Invalid, TooManyOpen.
    """
    await require_team(session, team_id, Permission.READ)
    if expires_at is not None and expires_at <= utc_now():
        raise Invalid.at("/expires_at", "This moment has passed; name a later one, or none.")
    if await queries.count_working(session, team_id, caller.user_id) >= MOST_WORKING:
        raise TooManyOpen(f"You have {MOST_WORKING} keys in this team.", team_id=team_id, limit=MOST_WORKING)
    key = new_key()
    row = ApiKey(
        user_id=caller.user_id,
        team_id=team_id,
        name=name,
        prefix=key[:SHOWN_CHARACTERS],
        key_hash=hash_token(key),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()  # the log and the answer need its id
    await log_activity(
        session,
        "key.made",
        actor=caller,
        team_id=team_id,
        target=f"key:{row.id}",
        prefix=row.prefix,
        scopes=row.scopes,
    )
    return row, key


async def revoke_key(session: Session, caller: Principal, team_id: int, key_id: int) -> None:
    """Revoke one's own key, or as owner or admin any of the team's; every service refuses it at once. Raises NotFound."""
    grant = await require_team(session, team_id, Permission.READ)
    prefix = await queries.revoke(session, team_id, key_id, user_id=only_own(grant, caller))
    if prefix is None:
        raise NotFound.of("key", key_id)
    await log_activity(
        session, "key.revoked", actor=caller, team_id=team_id, target=f"key:{key_id}", prefix=prefix
    )


async def visible_maker(session: Session | Snapshot, caller: Principal, team_id: int) -> int | None:
    """Return whose keys the caller sees: None for everybody's (owner, admin), else only their own. Raises NotFound."""
    return only_own(await require_team(session, team_id, Permission.READ), caller)


def only_own(grant: TeamGrant, caller: Principal) -> int | None:
    """Return the caller's id where the role manages no members, None where it does."""
    manages = Permission.MANAGE_MEMBERS in ROLE_PERMISSIONS[grant.role]
    return None if manages else caller.user_id
