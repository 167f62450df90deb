"""Definitions of derived variables: JSON as users write it → `Derived`, checked against the codebook.

Each type is one reader below; docs/datasets.md shows an example of each. Faults are collected with JSON Pointers.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, Final

from contracts.datasets.codebook import CATEGORICAL, NUMERIC, Code, Codebook, Variable
from contracts.datasets.filters import All, FilterError, Missing, Negation, Node, OneOf, read_filter
from services.ingestion.domain.derivations.bands import band_cases
from services.ingestion.domain.derivations.expressions import read_expression
from services.ingestion.domain.derivations.values import (
    Cases,
    Column,
    Constant,
    DefinitionError,
    Derived,
    Joined,
    Members,
    Period,
    Type,
    Value,
)

MAX_CODES: Final = 500
LONGEST_NAME: Final = 120
UNITS: Final = ("year", "quarter", "month", "week", "weekday", "hour")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KINDS_OF: Final[Mapping[Type, tuple[str, ...]]] = {
    Type.NUMBER: ("decimal", "integer", "percentage", "currency", "duration"),
    Type.TEXT: ("text",),
    Type.BOOLEAN: ("boolean",),
    Type.MOMENT: (),
}
_MISSING_SUFFIX: Final = "__missing"


def read_definition(
    alias: str, label: str, definition: object, codebook: Codebook, *, pointer: str = "/definition"
) -> Derived:
    """Return the derived variable; raises DefinitionError with every fault and its pointer.

    `codebook` holds the variables that it may use: it can be derived from others that were derived before it.
    """
    if not isinstance(definition, Mapping) or definition.get("type") not in _READERS:
        known = ", ".join(_READERS)
        raise DefinitionError([(f"{pointer}/type", f"give a definition whose type is one of: {known}")])
    unknown = definition.keys() - _MEMBERS[definition["type"]] - {"type"}
    if unknown:
        allowed = ", ".join(sorted(_MEMBERS[definition["type"]]))
        raise DefinitionError(
            [(f"{pointer}/{name}", f"'{definition['type']}' knows: {allowed}") for name in sorted(unknown)]
        )
    source = _Source(alias, label or alias, dict(definition), codebook, pointer)
    try:
        derived = _READERS[definition["type"]](source)
    except FilterError as error:
        raise DefinitionError(error.errors) from error
    if len(derived.codes) > MAX_CODES:
        raise DefinitionError(
            [(pointer, f"this gives {len(derived.codes)} categories; at most {MAX_CODES} can be told apart")]
        )
    return derived


def refused_alias(alias: str, taken: Sequence[str]) -> str | None:
    """Return why a name cannot be the alias of a new variable, None where it can."""
    lowered = alias.lower()
    if not alias.strip() or len(alias) > LONGEST_NAME or not alias.isprintable():
        return f"give a name of 1 to {LONGEST_NAME} printable characters"
    if lowered.endswith(_MISSING_SUFFIX):
        return f"names that end in {_MISSING_SUFFIX} are kept for the reasons of missing values"
    if lowered in {name.lower() for name in taken}:
        return f"the dataset has a variable '{alias}' already; choose another name"
    return None


class _Source:
    """One definition while it is read."""

    def __init__(
        self, alias: str, label: str, definition: dict[str, Any], codebook: Codebook, pointer: str
    ) -> None:
        self.alias, self.label, self.definition = alias, label, definition
        self.codebook, self.pointer = codebook, pointer

    def fail(self, member: str, detail: str) -> DefinitionError:
        return DefinitionError([(f"{self.pointer}/{member}", detail)])

    def variable(self, kinds: frozenset[str], member: str = "variable", name: object = None) -> Variable:
        name = self.definition.get(member) if name is None else name
        variable = self.codebook.find(name) if isinstance(name, str) else None
        if variable is None:
            raise self.fail(member, self.codebook.explain_unknown(str(name)))
        if variable.kind not in kinds:
            wanted = ", ".join(sorted(kinds))
            raise self.fail(
                member,
                f"'{variable.alias}' is of kind {variable.kind}; '{self.definition['type']}' needs: {wanted}",
            )
        return variable

    def listed(self, member: str) -> list[Any]:
        found = self.definition.get(member)
        if not isinstance(found, list) or not found or len(found) > MAX_CODES:
            raise self.fail(member, f"give a list of 1 to {MAX_CODES} items")
        return found

    def code(self, given: object, member: str) -> Code:
        """A category of the new variable: {"code", "label"?, "value"?}."""
        if not isinstance(given, Mapping) or not isinstance(given.get("code"), str) or not given["code"]:
            raise self.fail(member, 'give a category such as {"code":"young","label":"18 to 34"}')
        label, value = given.get("label") or given["code"], given.get("value")
        if not isinstance(label, str) or isinstance(value, bool) or not isinstance(value, int | float | None):
            raise self.fail(member, "'label' is a text, 'value' a number or null")
        return Code(given["code"], label, value)

    def one_of(self, variable: Variable, values: object, member: str) -> Node:
        """The condition that a variable has one of the values, which are checked against its codes."""
        tree = {"op": "in", "variable": variable.alias, "value": values}
        try:
            return read_filter(tree, self.codebook, pointer="")
        except FilterError as error:
            raise self.fail(member, error.errors[0][1]) from error

    def derived(self, kind: str, value: Value, **more: Any) -> Derived:
        return Derived(self.alias, self.label, kind, value, definition=self.definition, **more)


_CODED = CATEGORICAL | {"multiple", "text", "id", "geo", "integer"}


def _recode(source: _Source) -> Derived:
    """First group whose values the variable has; the rest is kept, missing, or one more category."""
    variable = source.variable(_CODED)
    cases: list[tuple[Node, Value]] = []
    codes: list[Code] = []
    for i, group in enumerate(source.listed("groups")):
        code = source.code(group, f"groups/{i}")
        cases.append(
            (source.one_of(variable, group.get("values"), f"groups/{i}/values"), Constant(code.code))
        )
        codes.append(code)
    others, more = _others(source, variable, cases)
    return source.derived(
        _scale(source),
        Cases(tuple(cases), others),
        codes=_distinct(codes + more),
        missing_like=variable.alias,
    )


def _others(
    source: _Source, variable: Variable, cases: list[tuple[Node, Value]]
) -> tuple[Value | None, list[Code]]:
    """What becomes of the values that no group names; missing values stay missing in any case."""
    given = source.definition.get("others", "missing")
    if given == "missing":
        return None, []
    if given == "keep":
        if variable.kind not in CATEGORICAL:
            raise source.fail(
                "others", f"'keep' needs categories; '{variable.alias}' is of kind {variable.kind}"
            )
        grouped = {str(value) for node, _ in cases if isinstance(node, OneOf) for value in node.values}
        return Column(variable, as_code=True), [code for code in _codes(variable) if code.code not in grouped]
    code = source.code(given, "others")
    return Cases(((Negation(Missing(variable)), Constant(code.code)),)), [code]


def _codes(variable: Variable) -> tuple[Code, ...]:
    if variable.kind == "boolean" and not variable.codes:
        return (Code("false", "false"), Code("true", "true"))
    return variable.codes


def _scale(source: _Source) -> str:
    return "ordered" if source.definition.get("ordered") else "category"


def _distinct(codes: Sequence[Code]) -> tuple[Code, ...]:
    return tuple({code.code: code for code in reversed(codes)}.values())[::-1]


def _band(source: _Source) -> Derived:
    variable = source.variable(NUMERIC | {"date", "datetime"})
    cases, codes = band_cases(variable, source.definition, source.fail)
    return source.derived("ordered", Cases(cases), codes=codes, missing_like=variable.alias)


def _period(source: _Source) -> Derived:
    variable = source.variable(frozenset({"date", "datetime"}))
    unit = source.definition.get("unit")
    if unit not in UNITS or (unit == "hour" and variable.kind == "date"):
        raise source.fail("unit", f"give one of: {', '.join(UNITS)}; a date has no hour")
    codes = tuple(Code(str(n), name, n) for n, name in enumerate(_WEEKDAYS, 1)) if unit == "weekday" else ()
    return source.derived(
        "ordered",
        Period(variable, unit),
        codes=codes,
        codes_from_rows=unit != "weekday",
        missing_like=variable.alias,
    )


def _combine(source: _Source) -> Derived:
    """Every combination of the categories of two or more variables."""
    names = source.listed("variables")
    found = [source.variable(CATEGORICAL, "variables", name) for name in names]
    if len({variable.alias for variable in found}) < 2:  # noqa: PLR2004 - a pair
        raise source.fail("variables", "give at least two different variables")
    separator = source.definition.get("separator", " × ")
    if not isinstance(separator, str) or not 1 <= len(separator) <= LONGEST_NAME:
        raise source.fail("separator", "give a text that is not empty")
    combinations = 1
    for variable in found:
        combinations *= max(1, len(_codes(variable)))
    if combinations > MAX_CODES:
        raise source.fail(
            "variables",
            f"that are {combinations} combinations; at most {MAX_CODES} can be told apart: recode first",
        )
    codes = tuple(
        Code("|".join(c.code for c in each), separator.join(c.label for c in each))
        for each in product(*map(_codes, found))
    )
    return source.derived("category", Joined(tuple(found), "|"), codes=codes)


def _set(source: _Source) -> Derived:
    """A multiple-response set of dichotomies: a variable is an answer where it has one of the selected values."""
    found = [source.variable(CATEGORICAL | NUMERIC, "variables", name) for name in source.listed("variables")]
    selected = source.listed("selected")
    members = tuple((source.one_of(v, _that_fit(v, selected), "selected"), v.alias) for v in found)
    asked = Negation(_all_missing(found))
    codes = _distinct([Code(variable.alias, variable.label) for variable in found])
    if len(codes) < len(found):
        raise source.fail("variables", "a variable stands twice in the list")
    return source.derived("multiple", Members(members, asked), codes=codes)


def _that_fit(variable: Variable, selected: list[Any]) -> list[Any]:
    """The selected values that a variable can have; all of them where none fits, so that the fault is named."""
    codes = {code.code for code in _codes(variable)}
    fitting = [value for value in selected if str(value) in codes] if codes else []
    return fitting or selected


def _all_missing(variables: Sequence[Variable]) -> Node:
    return All(tuple(Missing(variable) for variable in variables))


def _net(source: _Source) -> Derived:
    """Nets over categories, counted from rows: who gave several answers of a net is in it once."""
    variable = source.variable(CATEGORICAL | {"multiple"})
    codes: list[Code] = []
    members: list[tuple[Node, str]] = []
    for i, net in enumerate(source.listed("nets")):
        code = source.code(net, f"nets/{i}")
        codes.append(code)
        members.append((source.one_of(variable, net.get("values"), f"nets/{i}/values"), code.code))
    if source.definition.get("keep", True):
        kept = [code for code in _codes(variable) if code.code not in {c.code for c in codes}]
        members += [(source.one_of(variable, [code.code], "keep"), code.code) for code in kept]
        codes += kept
    if len({code.code for code in codes}) < len(codes):
        raise source.fail("nets", "two nets have the same code")
    asked = Negation(Missing(variable))
    return source.derived(
        "multiple", Members(tuple(members), asked), codes=tuple(codes), missing_like=variable.alias
    )


def _conditions(source: _Source) -> Derived:
    """The category of the first condition that a row meets."""
    cases: list[tuple[Node, Value]] = []
    codes: list[Code] = []
    for i, case in enumerate(source.listed("cases")):
        code = source.code(case, f"cases/{i}")
        node = read_filter(case.get("when"), source.codebook, pointer=f"{source.pointer}/cases/{i}/when")
        cases.append((node, Constant(code.code)))
        codes.append(code)
    otherwise = source.definition.get("otherwise")
    last = source.code(otherwise, "otherwise") if otherwise is not None else None
    if last is not None:
        codes.append(last)
    return source.derived(
        _scale(source),
        Cases(tuple(cases), Constant(last.code) if last else None),
        codes=_distinct(codes),
    )


def _compute(source: _Source) -> Derived:
    value, kind_of_value = read_expression(
        source.definition.get("expression"), source.codebook, pointer=f"{source.pointer}/expression"
    )
    kinds = _KINDS_OF[kind_of_value]
    if not kinds:
        raise source.fail(
            "expression", f"the result is a {kind_of_value}; use 'period', or compute a number of it"
        )
    kind = source.definition.get("kind", kinds[0])
    if kind not in kinds:
        raise source.fail("kind", f"the result is a {kind_of_value}; its kind is one of: {', '.join(kinds)}")
    unit = source.definition.get("unit")
    if not isinstance(unit, str | None) or len(unit or "") > LONGEST_NAME:
        raise source.fail("unit", "give a short text, or leave it out")
    return source.derived(kind, value, unit=unit)


_READERS: Final[Mapping[str, Callable[[_Source], Derived]]] = {
    "recode": _recode,
    "band": _band,
    "period": _period,
    "combine": _combine,
    "set": _set,
    "net": _net,
    "conditions": _conditions,
    "compute": _compute,
}
_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "recode": frozenset({"variable", "groups", "others", "ordered"}),
    "band": frozenset({"variable", "cuts", "labels"}),
    "period": frozenset({"variable", "unit"}),
    "combine": frozenset({"variables", "separator"}),
    "set": frozenset({"variables", "selected"}),
    "net": frozenset({"variable", "nets", "keep"}),
    "conditions": frozenset({"cases", "otherwise", "ordered"}),
    "compute": frozenset({"expression", "kind", "unit"}),
}
TYPES: Final = tuple(_READERS)
"""Every type of definition."""


def variables_of(value: object) -> frozenset[str]:
    """Return the aliases of all variables that a value or a filter node reads."""
    if isinstance(value, Variable):
        return frozenset({value.alias})
    if isinstance(value, tuple | list):
        return frozenset().union(*map(variables_of, value))
    names = getattr(value, "__dataclass_fields__", None)
    return (
        frozenset().union(*(variables_of(getattr(value, name)) for name in names)) if names else frozenset()
    )
