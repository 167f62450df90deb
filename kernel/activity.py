"""The activity log: who did what, on what, from where, and how it ended. One call, in the transaction of the act.

Rows are added by a function of the database that chains each to the one before by its hash; no role can change or
remove one. What was refused is noted after its transaction was rolled back, by `log_refusal`.
"""

import json
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from kernel.db import Executor
from kernel.principals import Principal


class Outcome(StrEnum):
    """How an act ended: done, tried in vain (a wrong password), or refused to a known caller."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a request comes."""

    ip_address: str = ""
    user_agent: str = ""
    request_id: str = ""


ORIGIN: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - frozen
"""The request that is being served; set by the middleware, empty in workers."""

APPEND = (
    "access.append_activity(CAST(:team AS bigint), CAST(:actor_id AS bigint), :actor, :action, :target, :outcome,"
    " :ip_address, :user_agent, :request_id, CAST(:details AS jsonb))"
)
"""The call that appends a row, for a statement that does so beside something else; its values are `activity_values`."""
_APPEND = text(f"SELECT {APPEND}")


async def log_activity(
    session: Executor,
    action: str,
    *,
    actor: Principal | int | None,
    team_id: int | None = None,
    target: str = "",
    outcome: Outcome = Outcome.SUCCESS,
    **details: Any,
) -> None:
    """Append a row to the log of a team, else to the actor's own, else to that of the anonymous.

    `action` is `<noun>.<past tense>`, `target` `<noun>:<id>`. Call it last: the chain is locked until the commit.
    """
    values = activity_values(action, actor=actor, team_id=team_id, target=target, outcome=outcome, **details)
    await session.rows(_APPEND, values)


def activity_values(
    action: str,
    *,
    actor: Principal | int | None,
    team_id: int | None = None,
    target: str = "",
    outcome: Outcome = Outcome.SUCCESS,
    **details: Any,
) -> dict[str, Any]:
    """Return the values that `APPEND` takes, by name; they are as log_activity has them."""
    origin = ORIGIN.get()
    actor_id, name = _identified(actor)
    return {
        "team": team_id,
        "actor_id": actor_id,
        "actor": name,
        "action": action,
        "target": target,
        "outcome": outcome.value,
        "ip_address": origin.ip_address[:45],
        "user_agent": origin.user_agent[:512],
        "request_id": origin.request_id[:64],
        "details": json.dumps(details, ensure_ascii=True),
    }


def _identified(actor: Principal | int | None) -> tuple[int | None, str]:
    if isinstance(actor, Principal):
        return actor.user_id, actor.subject
    return actor, "anonymous" if actor is None else f"user:{actor}"
