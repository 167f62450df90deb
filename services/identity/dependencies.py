"""What identity's routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from services.identity.service.accounts import Accounts, Device


def accounts(request: Request) -> Accounts:
    """Return the account commands of this process."""
    commands: Accounts = request.app.state.accounts
    return commands


def device(request: Request) -> Device:
    """Return from where this request comes."""
    address = request.client.host if request.client else ""
    return Device(user_agent=request.headers.get("user-agent", ""), ip_address=address)


AccountCommands = Annotated[Accounts, Depends(accounts)]
CallerDevice = Annotated[Device, Depends(device)]
