"""What identity's commands need at hand: made once per process, shared by all requests."""

from kernel.db import Database
from kernel.mail import mail_of
from services.identity.service.keys import SigningKeys
from services.identity.service.links import LinkSigner
from services.identity.service.passwords import Passwords
from services.identity.service.sealing import Keyring, Sealer
from services.identity.settings import IdentitySettings


class Tools:
    """Hasher, keys, seals and the way out for letters."""

    def __init__(self, database: Database, settings: IdentitySettings) -> None:
        secret = settings.secret_key.get_secret_value()
        self.database = database
        self.settings = settings
        self.keys = SigningKeys(database, settings)
        self.passwords = Passwords(settings)
        self.mail = mail_of(settings)
        self.seeds = seed_keyring(settings)
        self.successors = Sealer(secret, purpose="refresh-successor")
        self.verification = LinkSigner(secret, purpose="verify-email")
        self.resets = LinkSigner(secret, purpose="reset-password")
        self.email_changes = LinkSigner(secret, purpose="change-email")
        self.second_steps = LinkSigner(secret, purpose="second-factor")


def seed_keyring(settings: IdentitySettings) -> Keyring:
    """Return the keys under which seeds of one-time codes are sealed."""
    keys = {key_id: secret.get_secret_value() for key_id, secret in settings.encryption_keys.items()}
    return Keyring(keys, secret_key=settings.secret_key.get_secret_value(), purpose="totp-seed")
