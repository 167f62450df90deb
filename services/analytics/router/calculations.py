"""`/api/calculations`: what can be computed, with parameters, formulas and sources."""

from dataclasses import asdict

from fastapi import APIRouter

from contracts.analytics import CalculationType
from contracts.datasets.filters import OPERATORS
from kernel.principals import Caller
from kernel.problems import Unauthenticated, problems_of
from services.analytics.domain.cache import STATISTICS_VERSION
from services.analytics.domain.formulas import FORMULAS, FORMULAS_OF
from services.analytics.domain.profiles import PROFILES
from services.analytics.schemas.analyses import CalculationRead, CalculationsRead, FormulaRead
from services.analytics.schemas.calculations import CALCULATIONS

router = APIRouter(tags=["analyses"], responses=problems_of(Unauthenticated))


@router.get("/api/calculations")
async def list_calculations(_caller: Caller) -> CalculationsRead:
    """List every calculation type with its parameters' JSON Schema, formulas and sources."""
    return CalculationsRead(
        items=[
            CalculationRead(
                calculation_type=CalculationType(kind),
                description=(parameters.__doc__ or "").strip(),
                parameters_schema=parameters.model_json_schema(),
                formulas=[FormulaRead(**asdict(FORMULAS[name])) for name in FORMULAS_OF[kind]],
            )
            for kind, parameters in CALCULATIONS.items()
        ],
        profiles=[profile.described() for profile in PROFILES.values()],
        filter_operators=list(OPERATORS),
        statistics_version=STATISTICS_VERSION,
    )
