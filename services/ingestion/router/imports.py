"""HTTP of imports by address."""

from fastapi import Response, status

from kernel.db import Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.limits import PlanLimitReached
from kernel.principals import Caller
from kernel.problems import problems_of
from kernel.routing import Router
from services.ingestion.dependencies import ProcessResources, ingestion_settings
from services.ingestion.router.file_shapes import shaped_file
from services.ingestion.schemas.files import FileRead
from services.ingestion.schemas.imports import ImportCreate
from services.ingestion.service import imports as service

router = Router(prefix="/api", tags=["files"], responses=ACCESS_PROBLEMS)


@router.post(
    "/projects/{project_id}/imports",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems_of(PlanLimitReached),
)
async def request_import(  # noqa: PLR0917 - FastAPI's parameters
    project_id: int,
    body: ImportCreate,
    session: Transaction,
    caller: Caller,
    resources: ProcessResources,
    response: Response,
) -> FileRead:
    """Fetch a file from a web address, or a public Google sheet, in the background. Follow `Location`.

    It becomes a file like any other: the original is kept as it was fetched, and `source` says from where.
    """
    settings = ingestion_settings(resources)
    file = await service.request_import(
        session,
        settings.plan_limits,
        project_id,
        service.ImportWish(body.url, body.name or "", body.on_duplicate),
        policy=settings.outbound_policy,
        user_id=caller.user_id,
    )
    response.headers["Location"] = f"/api/files/{file.id}"
    return await shaped_file(session, file)
