"""What identity's routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from services.identity.service.tools import Tools


async def tools(request: Request) -> Tools:
    """Return what the commands of this process need at hand."""
    found: Tools = request.app.state.tools
    return found


IdentityTools = Annotated[Tools, Depends(tools)]
