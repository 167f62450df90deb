"""`/api/teams/{id}/api-keys`: access for programs. No key can make or revoke keys."""

from fastapi import Response
from fastapi import status as http

from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.pagination import Page, PageQuery, paginate
from kernel.principals import Caller
from kernel.problems import Forbidden, problems_of
from kernel.routing import Router
from services.identity.errors import TooManyOpen
from services.identity.queries import api_keys as queries
from services.identity.schemas.teams import ApiKeyRead, ApiKeyWrite, NewApiKeyRead
from services.identity.service import api_keys as service

router = Router(prefix="/api/teams/{team_id}/api-keys", tags=["api keys"], responses=ACCESS_PROBLEMS)


@router.post("", status_code=http.HTTP_201_CREATED, responses=problems_of(Forbidden, TooManyOpen))
async def make_key(
    team_id: int, body: ApiKeyWrite, caller: Caller, session: Transaction, response: Response
) -> NewApiKeyRead:
    """Make a key that may do what the caller may in this team and the scopes name. It is shown this once."""
    row, key = await service.make_key(
        session, caller, team_id, name=body.name, scopes=body.scopes, expires_at=body.expires_at
    )
    response.headers["Location"] = f"/api/teams/{team_id}/api-keys/{row.id}"
    response.headers["Cache-Control"] = "no-store"
    fields = {name: getattr(row, name) for name in ApiKeyRead.model_fields}
    return NewApiKeyRead(**fields, key=key)


@router.get("")
async def list_keys(team_id: int, caller: Caller, session: ReadOnly, page: PageQuery) -> Page[ApiKeyRead]:
    """List keys that were not revoked, the newest first: one's own; for owner and admin everybody's."""
    maker = await service.visible_maker(session, caller, team_id)
    statement = queries.live_keys_of(team_id, user_id=maker)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.KEY_ORDER)
    return Page(items=[ApiKeyRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.delete("/{key_id}", status_code=http.HTTP_204_NO_CONTENT)
async def revoke_key(team_id: int, key_id: int, caller: Caller, session: Transaction) -> None:
    """Revoke a key: every service refuses it from the next request on."""
    await service.revoke_key(session, caller, team_id, key_id)
