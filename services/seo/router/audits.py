"""`/api/audits`: start, read, cancel and delete audits."""

from fastapi import APIRouter, Request, Response
from fastapi import status as http
from fastapi.responses import JSONResponse

from kernel.access import Permission, require_project
from kernel.db import CurrentDatabase, ReadOnly, Tenancy, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.idempotency import Claim, IdempotencyKeyReused, claim
from kernel.pagination import Page, PageQuery, paginate
from kernel.prefer import PreferWait, wait_until
from kernel.principals import Caller
from kernel.problems import NotFound, problems_of
from services.seo.dependencies import Config
from services.seo.domain.catalogue import CHECKS
from services.seo.errors import AuditFinished
from services.seo.queries import audits as queries
from services.seo.schemas import DEFAULT_MAX_PAGES, AuditCreate, AuditRead, CheckRead, ChecksRead
from services.seo.service import audits as service

router = APIRouter(prefix="/api", tags=["audits"], responses=ACCESS_PROBLEMS)


@router.post(
    "/projects/{project_id}/audits",
    status_code=http.HTTP_202_ACCEPTED,
    responses={
        http.HTTP_200_OK: {"model": AuditRead, "description": "Finished while waiting."},
        **problems_of(IdempotencyKeyReused),
    },
)
async def request_audit(
    project_id: int,
    body: AuditCreate,
    *,
    caller: Caller,
    config: Config,
    database: CurrentDatabase,
    wait_s: PreferWait,
    request: Request,
    response: Response,
) -> AuditRead:
    """Start an audit. With `Prefer: wait=N` the answer is a finished 200 if it ends within N seconds."""
    tenancy = Tenancy.of_caller(caller)
    # Committed before waiting: the worker cannot see what is still open.
    async with database.transaction(tenancy) as session:
        await claim(session, request, caller=caller.subject)
        audit = await service.request_audit(
            session,
            project_id,
            target_url=body.target_url,
            max_pages=body.max_pages or min(DEFAULT_MAX_PAGES, config.max_pages),
            max_depth=body.max_depth,
            most_pages=config.max_pages,
            policy=config.outbound_policy,
            created_by_id=caller.user_id,
        )
        accepted = AuditRead.model_validate(audit)
        await _keep_answer(request, accepted)
    response.headers["Location"] = f"/api/audits/{accepted.id}"

    async def is_finished() -> bool:
        nonlocal accepted
        async with database.snapshot(tenancy) as snapshot:
            found = await queries.find_audit(snapshot, accepted.id)
        if found is not None:
            accepted = AuditRead.model_validate(found)
        return found is None or accepted.completed_at is not None

    if wait_s and await wait_until(is_finished, seconds=wait_s):
        response.status_code = http.HTTP_200_OK
        response.headers["Preference-Applied"] = f"wait={wait_s:.0f}"
    return accepted


async def _keep_answer(request: Request, accepted: AuditRead) -> None:
    """Keep the acceptance under the request's Idempotency-Key, if it has one, in the transaction that made the audit."""
    held: Claim | None = getattr(request.state, "idempotency_claim", None)
    if held is not None:
        headers = {"Location": f"/api/audits/{accepted.id}"}
        await held.store(JSONResponse(accepted.model_dump(mode="json"), http.HTTP_202_ACCEPTED, headers))


@router.get("/projects/{project_id}/audits")
async def list_audits(project_id: int, session: ReadOnly, page: PageQuery) -> Page[AuditRead]:
    """List a project's audits, newest first."""
    await require_project(session, project_id, Permission.READ)
    rows, next_cursor = await paginate(
        session, queries.audits_of(project_id), page, order_by=queries.AUDIT_ORDER
    )
    return Page(items=[AuditRead.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/audits/checks")
async def list_checks(caller: Caller) -> ChecksRead:  # noqa: ARG001 - for callers who are logged in
    """List every check with its meaning and its remedy."""
    return ChecksRead(items=[CheckRead.model_validate(check) for check in CHECKS.values()])


@router.get("/audits/{audit_id}")
async def read_audit(audit_id: int, session: ReadOnly) -> AuditRead:
    """Return one audit with its progress."""
    audit = await queries.find_audit(session, audit_id)
    if audit is None:
        raise NotFound.of("audit", audit_id)
    return AuditRead.model_validate(audit)


@router.post("/audits/{audit_id}/cancel", responses=problems_of(AuditFinished))
async def cancel_audit(audit_id: int, session: Transaction) -> AuditRead:
    """End an audit before its time; what it has found so far stays."""
    return AuditRead.model_validate(await service.cancel_audit(session, audit_id))


@router.delete("/audits/{audit_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_audit(audit_id: int, session: Transaction) -> Response:
    """Remove an audit with its pages and findings."""
    await service.delete_audit(session, audit_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)
