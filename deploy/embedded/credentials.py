"""Passwords and secrets of one local stack: made once, kept in a file that only its owner reads."""

import json
import os
import secrets
import threading
from pathlib import Path


class Credentials:
    """Random secrets by name; each is made on first use and found again at the next start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_at_a_time = threading.Lock()
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def __getitem__(self, name: str) -> str:
        """Return the secret called `name`: 43 URL-safe characters, 256 random bits."""
        with self._one_at_a_time:
            if name not in self._values:
                self._values[name] = secrets.token_urlsafe(32)
                self._save()
            return self._values[name]

    def _save(self) -> None:
        draft = self._path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self._values, file, indent=1)
        draft.replace(self._path)
