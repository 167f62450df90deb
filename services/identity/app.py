"""Identity's application: wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from contracts.identity import SCOPES
from kernel.access import permission_table
from kernel.http import create_app
from kernel.principals import TokenVerifier
from kernel.resources import Resources
from services.identity.errors import CONSTRAINTS
from services.identity.router import account_pages, accounts, api_keys, front, invitations, me, teams
from services.identity.service.tools import Tools
from services.identity.settings import IdentitySettings, settings

DESCRIPTION = f"""Users, log-in, sessions, teams and roles.

Register, log in, and send the access token as `Authorization: Bearer` to every service. Programs send an API key the
same way. Errors are RFC 9457 problems.

**What each role allows in its team**

{permission_table()}

**Scopes of API keys**, each within what the role of the key's maker allows: {", ".join(f"`{s}`" for s in sorted(SCOPES))}.
"""


def create(identity_settings: IdentitySettings) -> FastAPI:
    """Return the application for these settings."""
    resources = Resources.of(identity_settings)
    tools = Tools(resources.database, identity_settings)
    # Identity verifies tokens with its own table of keys; the others fetch the same keys from its JWKS.
    resources.verifier = TokenVerifier(identity_settings, tools.keys)

    @asynccontextmanager
    async def serving(_: Resources) -> AsyncIterator[None]:
        await tools.keys.ensure()
        try:
            yield
        finally:
            tools.passwords.close()

    app = create_app(
        identity_settings,
        routers=[
            accounts.router,
            account_pages.router,
            me.router,
            teams.router,
            invitations.router,
            api_keys.router,
            front.router,
        ],
        constraints=CONSTRAINTS,
        title="PlugZero identity",
        description=DESCRIPTION,
        resources=resources,
        lifespan=serving,
    )
    app.state.tools = tools
    return app


def app() -> FastAPI:
    """Return the application for this process's environment; uvicorn calls it with `--factory`."""
    return create(settings())
