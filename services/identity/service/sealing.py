"""Authenticated encryption of small secrets that must be read again: signing keys and successors of refresh tokens.

AES-256-GCM (NIST SP 800-38D) under a key derived from `PLUGZERO_SECRET_KEY` by HKDF-SHA-256 (RFC 5869), one key per
purpose; the context (row id) is authenticated, so a ciphertext moved to another row does not open.
"""

import base64
import secrets

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
            raise ValueError("sealed under another PLUGZERO_SECRET_KEY or for another row") from error
