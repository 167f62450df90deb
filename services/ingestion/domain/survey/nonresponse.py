"""Item nonresponse that is said: a respondent refuses a question, or does not know, which is not the same as leaving it out.

It is stored where the answer would be, as `{"@missing": "refused"}`: no option, row or field can have that code. It satisfies a required
question, and everywhere else it is missing: conditions, computed values and texts see no answer. Terms: de Leeuw, Hox and Huisman,
"Prevention and Treatment of Item Nonresponse", Journal of Official Statistics 19 (2003).
"""

from collections.abc import Mapping
from typing import Any

from contracts.datasets.values import MissingKind
from services.ingestion.domain.survey.answers import Answer, AnswerRefused, Fault, canonical, is_empty
from services.ingestion.domain.survey.expressions import NONRESPONSE
from services.ingestion.domain.survey.parts import Asked

KEY = NONRESPONSE
"""The one key of a stored answer that says why there is none."""
ANSWER = "@answer"
"""Beside KEY in the raw value of a form that gave an answer too; nothing takes both."""
SIGN = "@"
"""Before the kind where a form sends it as the value of a choice."""
KINDS = (MissingKind.REFUSED.value, MissingKind.DONT_KNOW.value)


def nonresponse(answer: Any) -> str | None:
    """Why a stored answer is none, in the words of MissingKind; None for an answer."""
    kind = answer.get(KEY) if isinstance(answer, Mapping) else None
    return kind if kind in KINDS else None


def taken(question: Asked, raw: Any) -> Answer | None:
    """The stored form of a raw answer or nonresponse, None for neither; AnswerRefused where it is no such thing."""
    if not isinstance(raw, Mapping) or KEY not in raw:
        return canonical(question, raw)
    kind = raw[KEY]
    if len(raw) > 1 or isinstance(kind, list):
        raise AnswerRefused(Fault("missing_and_answer"))
    if kind not in {offered.code for offered in question.missing}:
        raise AnswerRefused(Fault("not_offered", {"value": str(kind)[:40]}))
    return {KEY: kind}


def said(kinds: list[str], answer: Any) -> Any:
    """What a form says, which has a field for the answer and one for each kind of nonresponse, as the JSON door would."""
    if not kinds:
        return answer
    one: Any = kinds[0] if len(kinds) == 1 else kinds
    return {KEY: one} if is_empty(answer) or answer is False else {KEY: one, ANSWER: answer}


def parted(raw: Any) -> tuple[Any, tuple[str, ...]]:
    """(answer, kinds of nonresponse) of a raw or stored value, for showing it again."""
    if not isinstance(raw, Mapping) or KEY not in raw:
        return raw, ()
    kinds = raw[KEY]
    return raw.get(ANSWER), tuple(kinds) if isinstance(kinds, list) else (str(kinds),)
