"""How SurveyJS writes conditions: `{q} = 'a' and {r} notempty`, questions in braces, `empty` behind them."""

import re

from services.ingestion.domain.survey.foreign.condition_trees import MEMBERSHIPS
from services.ingestion.domain.survey.foreign.conditions import Notation, Saying

SURVEYJS = Notation(
    token=re.compile(
        r"\s*(?:\{(?P<ref>[^{}]+)\}|'(?P<text>[^']*)'|\"(?P<text2>[^\"]*)\"|(?P<number>\d+(?:\.\d+)?)"
        r"|(?P<sign>>=|<=|<>|!=|==|=|<|>|&&|\|\||!|[+\-*/%()\[\],])|(?P<word>[A-Za-z_]\w*))"
    ),
    operators={
        "or": "or", "||": "or", "and": "and", "&&": "and", "not": "not", "!": "not",
        "=": "==", "==": "==", "equal": "==", "<>": "!=", "!=": "!=", "notequal": "!=", ">": ">", "greater": ">", "<": "<", "less": "<",
        ">=": ">=", "greaterorequal": ">=", "<=": "<=", "lessorequal": "<=", "+": "+", "-": "-", "*": "*", "/": "/", "%": "%",
        **{name: name for name in MEMBERSHIPS},
    },
    functions={"empty": Saying.empty, "notempty": Saying.filled},
    after={"empty": "empty", "notempty": "notempty"},
)  # fmt: skip
