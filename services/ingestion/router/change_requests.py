"""How a change of a dataset is asked for over HTTP: handed to the worker, waited for, and repeated without a second effect."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response, status
from fastapi.responses import JSONResponse

from contracts.ingestion import ChangeStatus
from kernel.db import Session, Tenancy
from kernel.idempotency import claim, keep_answer
from kernel.prefer import PreferWait, wait_until
from kernel.principals import Caller
from services.ingestion.dependencies import ProcessResources
from services.ingestion.queries import changes as queries
from services.ingestion.schemas.derived import ChangeRead

ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": ChangeRead, "description": "Accepted; poll `Location` until `status` is not PENDING."}
}
Ask = Callable[[Session], Awaitable[Any]]
"""Adds the change in the transaction that it is given."""


class Asking:
    """One request for a change: in whose name, and how long its answer may wait."""

    def __init__(
        self,
        caller: Caller,
        resources: ProcessResources,
        wait_s: PreferWait,
        request: Request,
        response: Response,
    ) -> None:
        self.user_id = caller.user_id
        self._caller, self._database, self._wait_s = caller, resources.database, wait_s
        self._request, self._response = request, response

    async def hand_over(self, ask: Ask) -> ChangeRead:
        """Ask in a transaction of its own, so that the worker sees it, then wait as long as the caller prefers.

        A repeat under the same `Idempotency-Key` gets the first answer, and asks for nothing.
        """
        tenancy = Tenancy.of_caller(self._caller)
        async with self._database.transaction(tenancy) as session:
            await claim(session, self._request, caller=self._caller.subject)
            change = shaped_change(await ask(session))
            location = {"Location": f"/api/dataset-changes/{change.id}"}
            answer = JSONResponse(change.model_dump(mode="json"), _status_of(change), location)
            await keep_answer(self._request, answer)

        async def is_over() -> bool:
            async with self._database.snapshot(tenancy) as snapshot:
                found = await queries.find_change(snapshot, change.id)
            return found is None or found.status != ChangeStatus.PENDING

        if self._wait_s and await wait_until(is_over, seconds=self._wait_s):
            async with self._database.snapshot(tenancy) as snapshot:
                change = shaped_change(await queries.get_change(snapshot, change.id))
        self._response.headers.update(location)
        self._response.status_code = _status_of(change)
        return change


ChangeRequest = Annotated[Asking, Depends()]


def shaped_change(change: Any) -> ChangeRead:
    """Return a stored change as the API shows it."""
    return ChangeRead.model_validate({name: getattr(change, name) for name in ChangeRead.model_fields})


def _status_of(change: ChangeRead) -> int:
    return status.HTTP_202_ACCEPTED if change.status is ChangeStatus.PENDING else status.HTTP_200_OK
