"""Commands of derived variables: ask for one, for another definition, for its removal."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.ingestion import (
    ChangeKind,
)
from kernel.db import Session
from kernel.problems import Invalid, NotFound
from services.ingestion.domain.derivations.deriving import (
    Derivation,
    base_entries,
    check_derivations,
    derivations_in,
)
from services.ingestion.errors import (
    VariableInUse,
    VariableNotDerived,
)
from services.ingestion.models import DatasetChange
from services.ingestion.queries import filters as filter_queries
from services.ingestion.service.changes import add_change, with_one, writable


async def request_derivation(
    session: Session, dataset_id: int, derivation: Derivation, *, replaces: bool, user_id: int
) -> DatasetChange:
    """Ask for a variable to be derived, or for another definition of one that is (`replaces`).

    Raises NotFound, Forbidden for viewers, DatasetWithoutRows, VariableNotDerived, and Invalid where the definition does not
    fit the dataset's present version.
    """
    dataset, grant, version = await writable(session, dataset_id)
    present = derivations_in(version.codebook)
    known = {one.alias for one in present}
    if replaces and derivation.alias not in known:
        raise _no_derived(version.codebook, derivation.alias)
    if not replaces and derivation.alias in known:
        raise Invalid.at(
            "/alias", f"'{derivation.alias}' is derived already; PUT gives it another definition"
        )
    _require_fitting(version.codebook, with_one(present, derivation), derivation.alias)
    request = {"put": derivation.as_json()}
    return await add_change(session, dataset, grant, ChangeKind.DERIVE, request, user_id=user_id)


async def request_removal(session: Session, dataset_id: int, alias: str, *, user_id: int) -> DatasetChange:
    """Ask for a derived variable to go; raises NotFound, Forbidden, VariableNotDerived, VariableInUse."""
    dataset, grant, version = await writable(session, dataset_id)
    present = derivations_in(version.codebook)
    if alias not in {one.alias for one in present}:
        raise _no_derived(version.codebook, alias)
    users = [f"variable '{name}'" for name in _dependents(version.codebook, alias)]
    users += [
        f"filter '{kept.name}'"
        for kept in await filter_queries.filters_of(session, dataset_id)
        if alias in variables_in(kept.expression)
    ]
    if users:
        raise VariableInUse(f"'{alias}' is used by {', '.join(users)}; change or remove these first.")
    return await add_change(session, dataset, grant, ChangeKind.DERIVE, {"remove": alias}, user_id=user_id)


def variables_in(tree: object) -> set[str]:
    """Return the variables that a filter expression names."""
    if isinstance(tree, Mapping):
        own = {tree["variable"]} if isinstance(tree.get("variable"), str) else set()
        return own.union(*(variables_in(part) for part in tree.values()))
    return set().union(*map(variables_in, tree)) if isinstance(tree, list) else set()


def _dependents(codebook: Mapping[str, Any], alias: str) -> list[str]:
    return [
        entry["alias"]
        for entry in codebook.get("variables", ())
        if alias in (entry.get("source") or {}).get("from", ())
    ]


def _no_derived(codebook: Mapping[str, Any], alias: str) -> VariableNotDerived | NotFound:
    if alias in {entry["alias"] for entry in base_entries(codebook)}:
        return VariableNotDerived(
            f"'{alias}' was read with the dataset; only derived variables change like this."
        )
    return NotFound(f"The dataset has no derived variable '{alias}'.")


def _require_fitting(codebook: Mapping[str, Any], wanted: Sequence[Derivation], alias: str) -> None:
    _, faulty = check_derivations(codebook, wanted)
    errors = [fault for one, error in faulty if one.alias == alias for fault in error.errors]
    if errors:
        raise Invalid(errors)
    lost = {each["alias"] for each in codebook.get("not_derived", ())}
    broken = [(one, error) for one, error in faulty if one.alias not in lost]
    if broken:
        raise Invalid(
            [
                ("/definition", f"'{one.alias}' is derived from it and would not fit: {error}")
                for one, error in broken
            ]
        )
