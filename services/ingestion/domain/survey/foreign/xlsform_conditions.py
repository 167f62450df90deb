"""How XLSForm writes conditions (a part of XPath 1.0): `${age} >= 18 and selected(${brands}, 'a')`; `.` is the question's own answer.

Source: xlsform.org and the ODK XForms specification, "XPath functions".
"""

import re

from services.ingestion.domain.survey.foreign.conditions import Notation, Saying

XPATH = Notation(
    token=re.compile(
        r"\s*(?:\$\{(?P<ref>[^{}]+)\}|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<ref2>\.)(?!\.)"
        r"|'(?P<text>[^']*)'|\"(?P<text2>[^\"]*)\"|(?P<word>[A-Za-z_][\w:-]*)|(?P<sign>>=|<=|!=|=|<|>|[+\-*(),]))"
    ),
    operators={
        "or": "or", "and": "and", "=": "==", "!=": "!=", ">": ">", "<": "<", ">=": ">=", "<=": "<=",
        "+": "+", "-": "-", "*": "*", "div": "/", "mod": "%",
    },
    functions={
        "selected": Saying.selected, "not": Saying.negated, "count-selected": Saying.counted, "string-length": Saying.length,
        "contains": Saying.contained, "number": Saying.itself, "date": Saying.itself, "boolean": Saying.met, "true": Saying.true, "false": Saying.false,
    },
)  # fmt: skip
