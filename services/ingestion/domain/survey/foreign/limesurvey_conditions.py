"""How LimeSurvey writes conditions (ExpressionScript): `Q1.NAOK == "A1" and !is_empty(Q2_SQ001.NAOK)`.

Names are question codes, with `_` and a subquestion's code behind them, or `<survey>X<group>X<question>` and the subquestion's code (SGQA).
Source: manual.limesurvey.org, "ExpressionScript – Presentation".
"""

import re

from services.ingestion.domain.survey.foreign.conditions import Notation, Saying

_SUFFIXES = (".naok", ".code")


def _named(word: str) -> str:
    name = word.strip().removeprefix("that.")
    suffix = next((each for each in _SUFFIXES if name.lower().endswith(each)), "")
    return name[: len(name) - len(suffix)]


EXPRESSION_SCRIPT = Notation(
    token=re.compile(
        r"\s*(?:'(?P<text>(?:[^'\\]|\\.)*)'|\"(?P<text2>(?:[^\"\\]|\\.)*)\""
        r"|(?P<word>(?:\d+X\d+X\d+|[A-Za-z_])[\w#]*(?:\.[A-Za-z_]\w*)*)|(?P<number>\d+(?:\.\d+)?)"
        r"|(?P<sign>>=|<=|!=|==|<|>|&&|\|\||!|[+\-*/(),]))"
    ),
    operators={
        "or": "or", "||": "or", "and": "and", "&&": "and", "!": "!", "==": "==", "eq": "==", "!=": "!=", "ne": "!=",
        ">": ">", "gt": ">", "<": "<", "lt": "<", ">=": ">=", "ge": ">=", "<=": "<=", "le": "<=",
        "+": "+", "-": "-", "*": "*", "/": "/",
    },
    functions={
        "is_empty": Saying.empty, "empty": Saying.empty, "count": Saying.counted, "sum": Saying.summed,
        "strlen": Saying.length, "intval": Saying.itself, "floatval": Saying.itself,
    },
    bare=True,
    named=_named,
)  # fmt: skip
