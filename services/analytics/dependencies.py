"""What analytics' routes ask for."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kernel.db import Database, Session, Snapshot, Tenancy, current_database
from kernel.objects import Objects
from kernel.principals import Caller, Principal


@dataclass(frozen=True, slots=True)
class CallerDatabase:
    """The database in the caller's name, for routes that need more than one transaction (waiting, drawing)."""

    database: Database
    caller: Principal

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Open a write transaction; it commits at the end of the block."""
        return self.database.transaction(Tenancy.of_caller(self.caller))

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a read-only snapshot."""
        return self.database.snapshot(Tenancy.of_caller(self.caller))


async def caller_database(request: Request, caller: Caller) -> CallerDatabase:
    """Return the database in the caller's name."""
    return CallerDatabase(current_database(request), caller)


async def stored_objects(request: Request) -> Objects:
    """Return the bucket of this deployment."""
    objects: Objects = request.app.state.resources.objects
    return objects


InCallersName = Annotated[CallerDatabase, Depends(caller_database)]
StoredObjects = Annotated[Objects, Depends(stored_objects)]
