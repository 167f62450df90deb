"""A small client of the gateway: one call, one expected status, and waiting for long work."""

import time
from typing import Any

import httpx2


class DemoFailedError(RuntimeError):
    """A step did not do what it promises."""


class Client:
    """Calls the gateway as one logged-in person."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = httpx2.Client(base_url=self.base_url, timeout=60, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def log_in_as_somebody_new(self, email: str, password: str) -> None:
        """Register, log in, and send the token from now on."""
        self.call("POST", "/api/accounts/register", json={"email": email, "password": password}, expect=202)
        tokens = self.call("POST", "/api/accounts/login", json={"email": email, "password": password})
        self._http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def call(self, method: str, path: str, *, expect: int | tuple[int, ...] = 200, **request: Any) -> Any:
        """Return the answer's JSON (or text); raises DemoFailedError for any other status."""
        answer = self._http.request(method, path, **request)
        expected = expect if isinstance(expect, tuple) else (expect,)
        if answer.status_code not in expected:
            raise DemoFailedError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        is_json = answer.content and "json" in answer.headers.get("content-type", "")
        return answer.json() if is_json else answer.text

    def wait(self, path: str, field: str, *, seconds: float = 60) -> Any:
        """Poll a resource until its status field is final; raises DemoFailedError when it failed or takes too long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.call("GET", path)
            if found[field] == "SUCCESS":
                return found
            if found[field] in {"FAILED", "CANCELLED"}:
                raise DemoFailedError(f"{path} is {found[field]}: {found.get('error')}")
            time.sleep(0.1)
        raise DemoFailedError(f"{path} is still {found[field]} after {seconds:g} s")
