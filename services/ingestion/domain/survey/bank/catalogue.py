"""The question bank as a whole."""

from services.ingestion.domain.survey.bank.anchors import ANCHORS
from services.ingestion.domain.survey.bank.experience import EXPERIENCE
from services.ingestion.domain.survey.bank.people import PEOPLE
from services.ingestion.domain.survey.bank.pieces import Entry

BANK: tuple[Entry, ...] = (*EXPERIENCE, *ANCHORS, *PEOPLE)
