"""`/api/projects/{id}/analyses` and `/api/analyses`: requesting, reading and drawing results."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi import status as http
from fastapi.responses import JSONResponse

from contracts.analytics import AnalysisStatus, CalculationType
from kernel.access import Permission, require_project
from kernel.db import ReadOnly, Transaction
from kernel.http import ACCESS_PROBLEMS
from kernel.idempotency import Claim, IdempotencyKeyReused, claim
from kernel.ids import RowId
from kernel.pagination import Page, PageQuery, paginate
from kernel.prefer import PreferWait, wait_until
from kernel.principals import Caller
from kernel.problems import NotFound, problems_of
from services.analytics.dependencies import CallerDatabase, InCallersName, StoredObjects
from services.analytics.domain.artefacts import MEDIA_TYPES, chart_key
from services.analytics.domain.charts import chart_spec
from services.analytics.domain.tables import csv_table
from services.analytics.errors import AlreadyFinished, ChartNotReady, DatasetEmpty, NotFinished
from services.analytics.queries import analyses as queries
from services.analytics.schemas.analyses import AnalysisCreate, AnalysisRead, AnalysisSummary
from services.analytics.service import analyses as service

router = APIRouter(tags=["analyses"], responses=ACCESS_PROBLEMS)
ENDED = {AnalysisStatus.SUCCESS, AnalysisStatus.FAILED, AnalysisStatus.CANCELLED}
COUNTING_S = 25.0
"""How long a request waits for the interviews submitted before it; then it is answered from those that are counted."""
Command = Callable[[Transaction, bool], Awaitable[Any]]
"""What a route does in its transaction, given whether the dataset may lack submitted interviews."""
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": AnalysisRead, "description": "Accepted; poll `Location` until `status` ends."}
}


@router.post(
    "/api/projects/{project_id}/analyses",
    responses={**ACCEPTED, **problems_of(DatasetEmpty, IdempotencyKeyReused)},
)
async def request_analysis(
    *,
    project_id: int,
    body: AnalysisCreate,
    caller: Caller,
    database: InCallersName,
    wait_s: PreferWait,
    request: Request,
    response: Response,
) -> AnalysisRead:
    """Compute something, or return the kept result of the same request on the same data.

    200 with figures when they exist or came within `Prefer: wait=N`; else 202.
    """

    async def command(session: Transaction, may_lag: bool) -> Any:
        return await service.request_analysis(
            session, project_id, body, user_id=caller.user_id, may_lag=may_lag
        )

    accepted = await _handed_over(database, request, command)
    return await _answer(database, accepted, wait_s, response)


@router.get("/api/projects/{project_id}/analyses")
async def list_analyses(
    project_id: int,
    session: ReadOnly,
    page: PageQuery,
    dataset_id: Annotated[RowId | None, Query(description="Only of this dataset.")] = None,
    calculation_type: Annotated[CalculationType | None, Query(description="Only of this type.")] = None,
) -> Page[AnalysisSummary]:
    """List a project's analyses without their figures, newest first."""
    await require_project(session, project_id, Permission.READ)
    statement = queries.analyses_of(project_id, dataset_id=dataset_id, kind=calculation_type)
    rows, next_cursor = await paginate(session, statement, page, order_by=queries.NEWEST_FIRST)
    versions = await queries.current_versions(session, {row.dataset_id for row in rows})
    items = [
        AnalysisSummary.model_validate(row).model_copy(update={"stale": _is_stale(row, versions)})
        for row in rows
    ]
    return Page(items=items, next_cursor=next_cursor)


@router.get("/api/analyses/{analysis_id}")
async def read_analysis(analysis_id: int, session: ReadOnly) -> AnalysisRead:
    """Return one analysis with its figures."""
    return await _read(session, analysis_id)


@router.delete("/api/analyses/{analysis_id}", status_code=http.HTTP_204_NO_CONTENT)
async def delete_analysis(analysis_id: int, session: Transaction) -> Response:
    """Delete an analysis; insights drawn from it stay."""
    await service.delete_analysis(session, analysis_id)
    return Response(status_code=http.HTTP_204_NO_CONTENT)


@router.post("/api/analyses/{analysis_id}/cancel", responses=problems_of(AlreadyFinished))
async def cancel_analysis(analysis_id: int, session: Transaction) -> AnalysisRead:
    """Stop an analysis that has not ended."""
    await service.cancel_analysis(session, analysis_id)
    await session.flush()  # the answer is read back in the same transaction
    return await _read(session, analysis_id)


@router.post(
    "/api/analyses/{analysis_id}/rerun",
    responses={**ACCEPTED, **problems_of(DatasetEmpty, IdempotencyKeyReused)},
)
async def rerun_analysis(
    *,
    analysis_id: int,
    caller: Caller,
    database: InCallersName,
    wait_s: PreferWait,
    request: Request,
    response: Response,
) -> AnalysisRead:
    """Compute the same request again on the dataset's present version."""

    async def command(session: Transaction, may_lag: bool) -> Any:
        return await service.rerun_analysis(session, analysis_id, user_id=caller.user_id, may_lag=may_lag)

    accepted = await _handed_over(database, request, command)
    return await _answer(database, accepted, wait_s, response)


@router.get("/api/analyses/{analysis_id}/chart.json", responses=problems_of(NotFinished))
async def read_chart_spec(analysis_id: int, session: ReadOnly) -> dict[str, Any]:
    """Return the result's picture as a Vega-Lite specification with its data inside."""
    analysis = await _read(session, analysis_id)
    return chart_spec(analysis.calculation_type, _figures(analysis))


@router.get(
    "/api/analyses/{analysis_id}/chart.{extension}",
    response_class=Response,
    responses={
        **problems_of(NotFinished, ChartNotReady),
        200: {"content": {"image/svg+xml": {}, "image/png": {}}},
    },
)
async def read_chart(
    analysis_id: int, extension: Literal["svg", "png"], database: InCallersName, objects: StoredObjects
) -> Response:
    """Return the result's picture, drawn by the worker when it was computed."""
    async with database.snapshot() as session:
        analysis = await _read(session, analysis_id)
        grant = await require_project(session, analysis.project_id, Permission.READ)
    _figures(analysis)
    key = chart_key(
        team_id=grant.team_id, project_id=grant.project_id, analysis_id=analysis_id, extension=extension
    )
    try:
        content = await objects.get(key)
    except NotFound as error:
        raise ChartNotReady("The worker has not drawn this chart yet.") from error
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(content, media_type=MEDIA_TYPES[extension], headers=headers)


@router.get(
    "/api/analyses/{analysis_id}/table.csv",
    response_class=Response,
    responses={**problems_of(NotFinished), 200: {"content": {"text/csv": {}}}},
)
async def read_table(analysis_id: int, session: ReadOnly) -> Response:
    """Return the result as CSV: UTF-8 with a byte order mark, one block per table."""
    analysis = await _read(session, analysis_id)
    content = csv_table(analysis.calculation_type, _figures(analysis))
    disposition = f'attachment; filename="analysis-{analysis_id}.csv"'
    return Response(content, media_type="text/csv", headers={"Content-Disposition": disposition})


async def _handed_over(database: CallerDatabase, request: Request, command: Command) -> AnalysisRead:
    """Run the command in a transaction of its own and return the analysis as it was accepted.

    Committed before anybody waits for figures: the worker cannot see what is still open. Where submitted interviews are
    not counted yet, it waits for them first, so that people find their own.
    """
    try:
        return await _attempt(database, request, command, may_lag=False)
    except service.InterviewsPendingError as pending:
        await _until_counted(database, pending.dataset_id)
    return await _attempt(database, request, command, may_lag=True)


async def _attempt(
    database: CallerDatabase, request: Request, command: Command, *, may_lag: bool
) -> AnalysisRead:
    async with database.transaction() as session:
        await claim(session, request, caller=database.caller.subject)
        accepted = AnalysisRead.model_validate(await command(session, may_lag))
        held: Claim | None = getattr(request.state, "idempotency_claim", None)
        if held is not None:
            headers = {"Location": f"/api/analyses/{accepted.id}"}
            await held.store(JSONResponse(accepted.model_dump(mode="json"), _status_of(accepted), headers))
        return accepted


async def _until_counted(database: CallerDatabase, dataset_id: int) -> None:
    """Wait until the dataset holds every interview submitted before this request, at most `COUNTING_S`.

    Two new versions suffice where a busy survey is always behind: the second was begun after the request.
    """
    first_version: int | None = None

    async def is_counted() -> bool:
        nonlocal first_version
        async with database.snapshot() as session:
            standing = await queries.find_standing(session, dataset_id)
        if standing is None or not standing.is_behind:
            return True
        first_version = standing.version if first_version is None else first_version
        return standing.version >= first_version + 2

    await wait_until(is_counted, seconds=COUNTING_S)


async def _answer(
    database: CallerDatabase, analysis: AnalysisRead, wait_s: float, response: Response
) -> AnalysisRead:
    """Wait as long as the caller prefers, then answer 200 with an ended analysis or 202 with a running one."""

    async def has_ended() -> bool:
        async with database.snapshot() as session:
            return await queries.find_status(session, analysis.id) in {None, *ENDED}

    if wait_s:
        response.headers["Preference-Applied"] = f"wait={wait_s:.0f}"
        if analysis.status not in ENDED and await wait_until(has_ended, seconds=wait_s):
            async with database.snapshot() as session:
                analysis = await _read(session, analysis.id)
    response.headers["Location"] = f"/api/analyses/{analysis.id}"
    response.status_code = _status_of(analysis)
    return analysis


def _status_of(analysis: AnalysisRead) -> int:
    return http.HTTP_200_OK if analysis.status in ENDED else http.HTTP_202_ACCEPTED


async def _read(session: ReadOnly | Transaction, analysis_id: int) -> AnalysisRead:
    analysis = await queries.find_analysis(session, analysis_id)
    if analysis is None:
        raise NotFound.of("analysis", analysis_id)
    versions = await queries.current_versions(session, [analysis.dataset_id])
    return AnalysisRead.model_validate(analysis).model_copy(update={"stale": _is_stale(analysis, versions)})


def _is_stale(analysis: Any, versions: dict[int, int]) -> bool:
    newest: int = versions.get(analysis.dataset_id, analysis.dataset_version)
    return bool(newest != analysis.dataset_version)


def _figures(analysis: AnalysisRead) -> dict[str, Any]:
    if analysis.status != AnalysisStatus.SUCCESS or analysis.result_data is None:
        raise NotFinished(f"Analysis {analysis.id} is {analysis.status}; only a successful one has figures.")
    return analysis.result_data
