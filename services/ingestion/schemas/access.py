"""Requests and responses of a survey's rules of access."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.ingestion.domain.survey.entrance import LONGEST_PASSWORD
from services.ingestion.models import SurveyAccess

OnePer = Literal["device", "participant"]
WEEK_MINUTES = 7 * 24 * 60
MOST_RESPONSES = 10_000_000


class SurveyAccessRead(BaseModel):
    """Who may answer a survey, and when; the password itself is never shown."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    grace_minutes: int = 30
    max_responses: int | None = None
    one_per: OnePer | None = None
    has_password: bool = False

    @classmethod
    def of(cls, access: SurveyAccess | None) -> Self:
        """Return a row's rules; a survey without a row has none."""
        if access is None:
            return cls()
        return cls.model_validate(
            {
                "opens_at": access.opens_at,
                "closes_at": access.closes_at,
                "grace_minutes": access.grace_minutes,
                "max_responses": access.max_responses,
                "one_per": access.one_per.lower() or None,
                "has_password": bool(access.password_hash),
            }
        )


class SurveyAccessUpdate(BaseModel):
    """What changes; what is left out stays, and null takes a rule away. It holds at once, for the published version too."""

    model_config = ConfigDict(extra="forbid")

    opens_at: AwareDatetime | None = Field(None, description="Nobody may answer before it.")
    closes_at: AwareDatetime | None = Field(None, description="From then on no interview begins.")
    grace_minutes: Annotated[int, Field(ge=0, le=WEEK_MINUTES)] = Field(
        30, description="How long interviews under way may be finished after `closes_at`."
    )
    max_responses: Annotated[int, Field(ge=1, le=MOST_RESPONSES)] | None = Field(
        None, description="Complete interviews at most; the database lets none pass beyond."
    )
    one_per: OnePer | None = Field(
        None, description="`device`: a browser submits once. `participant`: only personal links get in."
    )
    password: Annotated[str, Field(min_length=6, max_length=LONGEST_PASSWORD)] | None = Field(
        None, description="Asked of whoever begins; stored as an Argon2id hash."
    )
