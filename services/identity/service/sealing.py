"""Authenticated encryption of small secrets that must be read again: signing keys, seeds, successors of refresh tokens.

AES-256-GCM (NIST SP 800-38D) under keys derived by HKDF-SHA-256 (RFC 5869), one per purpose; the context (row id) is
authenticated, so a ciphertext moved to another row does not open.
"""

import base64
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class Sealer:
    """Seals and opens text for one purpose."""

    def __init__(self, secret: str, *, purpose: str) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=f"plugzero/{purpose}".encode()).derive(secret.encode())
        self._cipher = AESGCM(key)

    def seal(self, text: str, *, context: str) -> str:
        """Return Base64 of nonce and ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), context.encode())).decode()

    def open(self, sealed: str, *, context: str) -> str:
        """Return the text; raises ValueError when key or context differ or the ciphertext was changed."""
        raw = base64.b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
        except InvalidTag as error:
            raise ValueError("sealed under another key or for another row") from error


class Keyring:
    """Sealers by key id. What is sealed names its key, so keys can be replaced while both are in use.

    `keys` are those of `PLUGZERO_ENCRYPTION_KEYS`, the present one first; what was sealed before there were any opens
    with key `0`, which is `PLUGZERO_SECRET_KEY`.
    """

    def __init__(self, keys: Mapping[str, str], *, secret_key: str, purpose: str) -> None:
        ordered = {**keys, "0": secret_key} if "0" not in keys else dict(keys)
        self._sealers = {key_id: Sealer(secret, purpose=purpose) for key_id, secret in ordered.items()}
        self.present = next(iter(ordered))

    def seal(self, text: str, *, context: str) -> str:
        """Return `<key id>:<Base64>` under the present key."""
        return f"{self.present}:{self._sealers[self.present].seal(text, context=context)}"

    def open(self, sealed: str, *, context: str) -> str:
        """Return the text; raises ValueError when its key is missing or anything differs."""
        key_id, _, rest = sealed.partition(":")
        if key_id not in self._sealers:
            raise ValueError(f"PLUGZERO_ENCRYPTION_KEYS lacks the key {key_id!r}")
        return self._sealers[key_id].open(rest, context=context)

    def is_present(self, sealed: str) -> bool:
        """Return whether it was sealed under the present key."""
        return sealed.startswith(f"{self.present}:")
