"""What a process holds open while it lives: database pools, objects, the token verifier."""

from dataclasses import dataclass

from kernel.api_keys import KeyFinder
from kernel.db import Database, Tenancy
from kernel.objects import Objects
from kernel.principals import JwksKeys, KeySource, TokenVerifier
from kernel.settings import Settings


@dataclass
class Resources:
    """Connections of one process; every part connects at first use, so making this is cheap."""

    settings: Settings
    database: Database
    public_database: Database
    objects: Objects
    verifier: TokenVerifier
    key_finder: KeyFinder

    @classmethod
    def of(cls, settings: Settings, *, keys: KeySource | None = None) -> "Resources":
        """Return the resources that the settings describe; `keys` replaces identity's JWKS over HTTP."""
        database = Database(settings.database_url, settings)
        public_url = settings.public_database_url
        return cls(
            settings=settings,
            database=database,
            public_database=Database(public_url, settings) if public_url else database,
            objects=Objects(settings),
            verifier=TokenVerifier(settings, keys or JwksKeys(settings)),
            key_finder=KeyFinder(lambda: database.transaction(Tenancy.none())),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.objects.close()
        await self.database.close()
        if self.public_database is not self.database:
            await self.public_database.close()
