"""Commands of analyses: request, start, finish, fail, cancel, rerun, delete."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts.analytics import AnalysisComplete, AnalysisFailed, AnalysisRequested, AnalysisStatus
from contracts.datasets.codebook import NUMERIC, Codebook, Need, read_codebook, unmet_needs
from contracts.datasets.filters import FilterError, read_filter
from contracts.datasets.stored_filters import inlined, names_in
from kernel.access import Permission, ProjectGrant, require_project
from kernel.clock import utc_now
from kernel.db import Session
from kernel.events import record
from kernel.problems import Invalid, NotFound
from services.analytics.domain.cache import STATISTICS_VERSION, cache_key
from services.analytics.domain.formulas import FORMULAS_OF
from services.analytics.errors import AlreadyFinished, DatasetEmpty
from services.analytics.models import AnalysisResult, DatasetVersion
from services.analytics.queries import analyses as queries
from services.analytics.schemas.analyses import AnalysisCreate
from services.analytics.schemas.calculations import CALCULATIONS, CalculationParameters, ComparisonParameters

MAX_POINTER_PARTS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """What the worker needs to compute an analysis."""

    analysis_id: int
    project_id: int
    calculation_type: str
    parameters: dict[str, Any]
    filter: dict[str, Any] | None
    weight: str | None
    dataset_id: int
    dataset_version: int
    parquet_key: str
    content_hash: str
    codebook: dict[str, Any]


class InterviewsPendingError(Exception):
    """Interviews were submitted that the dataset does not hold yet; ingestion adds them within a moment."""

    def __init__(self, dataset_id: int) -> None:
        super().__init__(dataset_id)
        self.dataset_id = dataset_id


async def request_analysis(
    session: Session, project_id: int, body: AnalysisCreate, *, user_id: int, may_lag: bool
) -> AnalysisResult:
    """Return the analysis that answers the request: a kept one, or a new one that was handed to the workers.

    Raises NotFound for a project or dataset that the caller cannot see, Forbidden for viewers, DatasetEmpty, and
    Invalid with a pointer for every parameter, variable and filter expression that does not fit; unless it `may_lag`,
    InterviewsPendingError where the dataset lacks submitted interviews.
    """
    grant = await require_project(session, project_id, Permission.WRITE)
    standing = await queries.find_standing(session, body.dataset_id, project_id=project_id)
    if standing is None:
        raise NotFound.of("dataset", body.dataset_id)
    if standing.is_behind and not may_lag:
        raise InterviewsPendingError(body.dataset_id)
    body = await _with_kept_filters(session, body)
    parameters = typed_parameters(body)
    key = _cache_key(body, parameters, standing.version)
    found = await queries.find_live(session, project_id, key)
    if found is not None:
        return found
    version = await queries.find_version(session, body.dataset_id, standing.version)
    if version is None:
        raise DatasetEmpty(
            f"Dataset {body.dataset_id} has no rows yet; wait until its file or first interview is in."
        )
    require_fit(body, parameters, read_codebook(version.codebook))
    return await _insert(
        session, grant, body, parameters=parameters, version=version, key=key, user_id=user_id
    )


async def _with_kept_filters(session: Session, body: AnalysisCreate) -> AnalysisCreate:
    """Return the request with the trees of stored filters in place: the analysis keeps them, whatever becomes of the filter."""
    if not names_in(body.filter):
        return body
    kept = await queries.kept_filters(session, body.dataset_id)
    try:
        return body.model_copy(update={"filter": inlined(body.filter, kept)})
    except FilterError as error:
        raise Invalid(error.errors) from error


def typed_parameters(body: AnalysisCreate) -> CalculationParameters:
    """Return the parameters as their type says; raises Invalid with every fault."""
    try:
        return CALCULATIONS[body.calculation_type].model_validate(body.parameters)
    except ValidationError as error:
        raise Invalid(_faults(error)) from error


def require_fit(body: AnalysisCreate, parameters: CalculationParameters, codebook: Codebook) -> None:
    """Raise Invalid with every variable and filter expression that does not fit the dataset."""
    needs = parameters.needs()
    if body.weight is not None:
        needs = [*needs, Need("/weight", body.weight, NUMERIC, "a weight")]
    errors = unmet_needs(codebook, needs)
    if body.filter is not None:
        try:
            read_filter(body.filter, codebook)
        except FilterError as error:
            errors += error.errors
    if errors:
        raise Invalid(errors)


def _faults(error: ValidationError) -> list[tuple[str, str]]:
    return [
        ("/parameters" + "".join(f"/{part}" for part in fault["loc"][:MAX_POINTER_PARTS]), fault["msg"])
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _cache_key(body: AnalysisCreate, parameters: CalculationParameters, version: int) -> str:
    return cache_key(
        dataset_id=body.dataset_id,
        dataset_version=version,
        calculation_type=body.calculation_type,
        parameters=parameters.model_dump(mode="json"),
        filter_tree=body.filter,
        weight=body.weight,
    )


async def _insert(
    session: Session,
    grant: ProjectGrant,
    body: AnalysisCreate,
    *,
    parameters: CalculationParameters,
    version: DatasetVersion,
    key: str,
    user_id: int,
) -> AnalysisResult:
    """Insert the analysis, or find the one of the same key that another request inserted a moment ago."""
    analysis_id = await queries.add_analysis(
        session,
        project_id=grant.project_id,
        dataset_id=version.dataset_id,
        dataset_version=version.number,
        calculation_type=body.calculation_type.value,
        parameters=parameters.model_dump(mode="json"),
        filter=body.filter,
        weight=body.weight,
        status=AnalysisStatus.PENDING.value,
        lineage=_lineage(version, body, parameters),
        cache_key=key,
        created_by_id=user_id,
    )
    if analysis_id is not None:
        event = AnalysisRequested(project_id=grant.project_id, analysis_result_id=analysis_id)
        await record(session, event, team_id=grant.team_id, project_id=grant.project_id)
        return await _get(session, analysis_id)
    found = await queries.find_live(session, grant.project_id, key)
    if found is None:
        raise NotFound.of("analysis", key)
    return found


def _lineage(
    version: DatasetVersion, body: AnalysisCreate, parameters: CalculationParameters
) -> dict[str, Any]:
    """Where the figures will come from: enough to compute them again and to check every formula."""
    lineage: dict[str, Any] = {
        "dataset_id": version.dataset_id,
        "dataset_version": version.number,
        "content_hash": version.content_hash,
        "n_rows": version.n_rows,
        "filter": body.filter,
        "weight": body.weight,
        "statistics_version": STATISTICS_VERSION,
        "formulas": list(FORMULAS_OF[body.calculation_type]),
    }
    if isinstance(parameters, ComparisonParameters):
        lineage["profile"] = {
            **parameters.test_profile.described(),
            "correction": parameters.used_correction,
            "alphas": list(parameters.used_alphas),
        }
    return lineage


async def start_analysis(session: Session, analysis_id: int) -> Job | None:
    """Mark an analysis as running and return its job; None where it is gone, cancelled or done."""
    analysis = await queries.find_analysis(session, analysis_id, lock=True)
    if analysis is None or analysis.status not in queries.UNFINISHED or analysis.dataset_id is None:
        return None
    version = await queries.find_version(session, analysis.dataset_id, analysis.dataset_version)
    if version is None:
        return None
    analysis.status = AnalysisStatus.RUNNING.value
    analysis.progress = {"done": 0, "total": 1, "phase": "computing"}
    return Job(
        analysis_id=analysis.id,
        project_id=analysis.project_id,
        calculation_type=analysis.calculation_type,
        parameters=analysis.parameters,
        filter=analysis.filter,
        weight=analysis.weight,
        dataset_id=version.dataset_id,
        dataset_version=version.number,
        parquet_key=version.parquet_key,
        content_hash=version.content_hash,
        codebook=version.codebook,
    )


async def complete_analysis(
    session: Session, job: Job, *, team_id: int, result_data: dict[str, Any], engine: dict[str, str]
) -> None:
    """Keep the figures and tell so, unless the analysis was deleted or cancelled meanwhile."""
    analysis = await queries.find_analysis(session, job.analysis_id, lock=True)
    if analysis is None or analysis.status not in queries.UNFINISHED:
        return
    analysis.result_data = result_data
    analysis.lineage = {**analysis.lineage, "engine": engine}
    analysis.status = AnalysisStatus.SUCCESS.value
    analysis.progress = {"done": 1, "total": 1, "phase": "done"}
    analysis.completed_at = utc_now()
    event = AnalysisComplete(
        project_id=job.project_id,
        analysis_result_id=job.analysis_id,
        calculation_type=job.calculation_type,
        dataset_id=job.dataset_id,
        dataset_version=job.dataset_version,
    )
    await record(session, event, team_id=team_id, project_id=job.project_id)


async def fail_analysis(session: Session, job: Job, *, team_id: int, error: dict[str, Any]) -> None:
    """Keep why there are no figures and tell so, unless the analysis was deleted or cancelled meanwhile."""
    analysis = await queries.find_analysis(session, job.analysis_id, lock=True)
    if analysis is None or analysis.status not in queries.UNFINISHED:
        return
    analysis.error = error
    analysis.status = AnalysisStatus.FAILED.value
    analysis.completed_at = utc_now()
    event = AnalysisFailed(
        project_id=job.project_id,
        analysis_result_id=job.analysis_id,
        calculation_type=job.calculation_type,
        dataset_id=job.dataset_id,
        dataset_version=job.dataset_version,
        slug=str(error["type"]).rpartition("/")[2],
        detail=str(error["detail"]),
    )
    await record(session, event, team_id=team_id, project_id=job.project_id)


async def cancel_analysis(session: Session, analysis_id: int) -> AnalysisResult:
    """Stop an analysis that has not ended; raises NotFound, Forbidden, AlreadyFinished."""
    analysis = await _writable(session, analysis_id)
    if analysis.status not in queries.UNFINISHED:
        raise AlreadyFinished(f"Analysis {analysis_id} has ended with {analysis.status}.")
    analysis.status = AnalysisStatus.CANCELLED.value
    analysis.completed_at = utc_now()
    return analysis


async def rerun_analysis(
    session: Session, analysis_id: int, *, user_id: int, may_lag: bool
) -> AnalysisResult:
    """Compute the same request again on the dataset's present version; raises NotFound, Forbidden, Invalid.

    On a newer version this is a new analysis; on the same version the figures are computed afresh in place.
    """
    analysis = await _writable(session, analysis_id)
    body = AnalysisCreate(
        dataset_id=analysis.dataset_id or 0,
        calculation_type=analysis.calculation_type,
        parameters=analysis.parameters,
        filter=analysis.filter,
        weight=analysis.weight,
    )
    answer = await request_analysis(session, analysis.project_id, body, user_id=user_id, may_lag=may_lag)
    if answer.status == AnalysisStatus.SUCCESS:
        grant = await require_project(session, analysis.project_id, Permission.WRITE)
        answer.status = AnalysisStatus.PENDING.value
        answer.completed_at = None
        event = AnalysisRequested(project_id=answer.project_id, analysis_result_id=answer.id)
        await record(session, event, team_id=grant.team_id, project_id=grant.project_id)
    return answer


async def delete_analysis(session: Session, analysis_id: int) -> None:
    """Delete an analysis; insights drawn from it stay; raises NotFound and Forbidden."""
    await _writable(session, analysis_id)
    await queries.remove_analysis(session, analysis_id)


async def _writable(session: Session, analysis_id: int) -> AnalysisResult:
    analysis = await queries.find_analysis(session, analysis_id)
    if analysis is None:
        raise NotFound.of("analysis", analysis_id)
    await require_project(session, analysis.project_id, Permission.WRITE)
    locked = await queries.find_analysis(session, analysis_id, lock=True)
    if locked is None:
        raise NotFound.of("analysis", analysis_id)
    return locked


async def _get(session: Session, analysis_id: int) -> AnalysisResult:
    analysis = await queries.find_analysis(session, analysis_id)
    if analysis is None:
        raise NotFound.of("analysis", analysis_id)
    return analysis
