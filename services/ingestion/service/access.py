"""Commands of a survey's rules of access: when it takes answers, how many, from whom."""

from collections.abc import Mapping
from typing import Any

from kernel.access import Permission, require_project
from kernel.db import Session
from kernel.etags import require_match
from kernel.hashing import PasswordHashing
from kernel.problems import Invalid
from services.ingestion.models import SurveyAccess
from services.ingestion.queries import access as queries
from services.ingestion.queries import surveys as survey_queries
from services.ingestion.service.surveys import refuse_archived

NO_RULES = 0
"""The revision of rules that nobody has written yet."""


async def edit_access(
    session: Session,
    survey_id: int,
    changes: Mapping[str, Any],
    *,
    if_match: str | None,
    hashing: PasswordHashing,
) -> SurveyAccess:
    """Change the rules that are named; raises NotFound, Forbidden, PreconditionFailed, Invalid."""
    survey = await survey_queries.get_survey(session, survey_id)
    await require_project(session, survey.project_id, Permission.WRITE)
    refuse_archived(await survey_queries.lock_survey(session, survey_id))
    access = await queries.find_access(session, survey_id)
    require_match(if_match, access.revision if access else NO_RULES)
    if access is None:
        access = SurveyAccess(project_id=survey.project_id, survey_id=survey_id)
        session.add(access)
        await session.flush()  # what the database fills in is needed below
    else:
        access.revision += 1
    for name, value in changes.items():
        if name == "password":
            access.password_hash = "" if value is None else await hashing.hash(value)
        else:
            setattr(access, name, (value or "").upper() if name == "one_per" else value)
    if access.opens_at and access.closes_at and access.opens_at >= access.closes_at:
        raise Invalid.at("/closes_at", "The survey would close before it opens; choose a later moment.")
    await session.flush()  # the answer carries what the database holds
    return access
