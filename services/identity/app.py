"""Identity's application: wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kernel.http import create_app
from kernel.principals import TokenVerifier
from kernel.resources import Resources
from services.identity.errors import CONSTRAINTS
from services.identity.router import accounts, front, teams
from services.identity.service.accounts import Accounts
from services.identity.settings import IdentitySettings, settings

DESCRIPTION = """Users, log-in, sessions, teams and roles.

Register, log in, and send the access token as `Authorization: Bearer` to every service. Errors are RFC 9457 problems.
"""


def create(identity_settings: IdentitySettings) -> FastAPI:
    """Return the application for these settings."""
    resources = Resources.of(identity_settings)
    commands = Accounts(resources.database, identity_settings)
    # Identity verifies tokens with its own table of keys; the others fetch the same keys from its JWKS.
    resources.verifier = TokenVerifier(identity_settings, commands.keys)

    @asynccontextmanager
    async def serving(_: Resources) -> AsyncIterator[None]:
        await commands.keys.ensure()
        try:
            yield
        finally:
            commands.passwords.close()

    app = create_app(
        identity_settings,
        routers=[accounts.router, teams.router, front.router],
        constraints=CONSTRAINTS,
        title="PlugZero identity",
        description=DESCRIPTION,
        resources=resources,
        lifespan=serving,
    )
    app.state.accounts = commands
    return app


def app() -> FastAPI:
    """Return the application for this process's environment; uvicorn calls it with `--factory`."""
    return create(settings())
