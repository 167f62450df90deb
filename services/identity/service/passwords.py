"""The passwords of accounts: hashed by `kernel.hashing` as this installation's settings say, and judged before they are taken."""

from kernel.hashing import PasswordHashing
from services.identity.domain.passwords import password_fault
from services.identity.settings import IdentitySettings


class Passwords(PasswordHashing):
    """The process's password hasher."""

    def __init__(self, settings: IdentitySettings) -> None:
        super().__init__(
            memory_kib=settings.argon2_memory_kib,
            iterations=settings.argon2_iterations,
            n_threads=settings.password_threads,
            queue=settings.password_queue,
        )

    async def fault(self, password: str, *, email: str, names: tuple[str, ...] = ()) -> str | None:
        """Return why a password cannot be used, or None; in the pool too, since a hostile one takes time to judge."""
        return await self.run(lambda: password_fault(password, email=email, names=names))
