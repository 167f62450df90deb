"""Requests and responses of letters to participants."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Subject = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class MailingCreate(BaseModel):
    """A round of letters: whom it is for, and what it says, by language; `{{ link }}`, `{{ name | friend }}` are filled in."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["invitation", "reminder"] = Field(
        description="`invitation`: to who was not invited. `reminder`: to who was and has not finished."
    )
    subject: dict[str, Subject] = Field(min_length=1, max_length=50)
    text: dict[str, Text] = Field(min_length=1, max_length=50, description="Plain text, with `{{ link }}`.")


class MailingRead(BaseModel):
    """A round of letters, and how far it has come."""

    id: int
    kind: Literal["invitation", "reminder"]
    subject: dict[str, str]
    text: dict[str, str]
    created_at: datetime
    pending: int
    sent: int
    failed: int = Field(description="Refused by the mail server; `mail_error` of the participant says why.")
    skipped: int = Field(description="Finished or unsubscribed before their letter was sent.")
    uncertain: int = Field(
        description="Being handed over at this moment, or when a process died; never sent a second time by itself."
    )
