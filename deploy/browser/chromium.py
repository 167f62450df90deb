"""Chromium without a window, driven through the Chrome DevTools Protocol over a pair of pipes.

Page tests, screenshots and measurements share it. One process serves many pages; nothing but the standard library is needed,
because `--remote-debugging-pipe` speaks JSON texts that end with a zero byte. It is not a general browser library: it does what
our own pages need.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

AXE_SCRIPT = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
ANSWER_WITHIN_S = 30
HOLDS_WITHIN_S = 10
WEBP_QUALITY = 70
FIRST_FREE_DESCRIPTOR = 10
"""Above those that the shell line below redirects."""
KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
}
"""Key → (code, number in the Windows numbering that the protocol wants, text that it types)."""


class BrowserError(RuntimeError):
    """The browser refused a command, or did not answer in time."""


def find_chromium() -> str | None:
    """The path of the installed Chromium, None without one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One running browser; a context manager that ends it."""

    def __init__(self, profile: Path) -> None:
        binary = find_chromium()
        if binary is None:
            raise BrowserError("Chromium is not installed; `make install-optional` installs it.")
        ours_out, theirs_in, theirs_out, ours_in = _two_pipes()
        # The protocol lives on descriptors 3 and 4, which the test runner may have given away.
        line = f'exec "$0" "$@" 3</dev/fd/{theirs_in} 4>/dev/fd/{theirs_out}'
        argv = ["sh", "-c", line, binary, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            argv, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._out, self._in = ours_out, ours_in
        self._unread = b""
        self._number = 0
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._out)  # the end of its commands is the end of the browser
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        os.close(self._in)

    def open_page(self) -> "Page":
        """A new tab with cookies and storage of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, context)
        page.begin()
        return page

    def close_page(self, page: "Page") -> None:
        """Close a tab and forget its cookies."""
        self.call("Target.disposeBrowserContext", browserContextId=page.context)
        del self._pages[page.session]

    def call(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Run one command and return its result; what happens meanwhile is noted by the pages it concerns."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        for answer in self.messages():
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return dict(answer.get("result", {}))
        raise BrowserError(f"{method}: Chromium ended")

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the browser says, each event also noted by its page; raises BrowserError after half a minute of silence."""
        while True:
            while b"\0" not in self._unread:
                if not select.select([self._in], [], [], ANSWER_WITHIN_S)[0]:
                    raise BrowserError(f"Chromium said nothing for {ANSWER_WITHIN_S} s")
                received = os.read(self._in, 1 << 20)
                if not received:
                    return
                self._unread += received
            text, _, self._unread = self._unread.partition(b"\0")
            message = json.loads(text)
            page = self._pages.get(message.get("sessionId", ""))
            if page is not None and "method" in message:
                page.note(message["method"], message["params"])
            yield message


class Page:
    """One tab. `complaints` are script errors and refusals by the Content-Security-Policy so far."""

    def __init__(self, browser: Chromium, session: str, context: str) -> None:
        self.session, self.context = session, context
        self.complaints: list[str] = []
        self._browser = browser
        self._n_loads = 0

    def begin(self) -> None:
        """Ask for the events that `note` reads."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Run one command in this tab."""
        return self._browser.call(method, session=self.session, **parameters)

    def note(self, event: str, told: Mapping[str, Any]) -> None:
        """Take in one event."""
        if event == "Page.loadEventFired":
            self._n_loads += 1
        elif event == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Log.entryAdded" and told["entry"]["source"] in {"security", "javascript", "violation"}:
            self.complaints.append(told["entry"]["text"])

    def goto(self, address: str) -> None:
        """Open an address and wait until it is loaded."""
        with self.loading():
            failure = self.call("Page.navigate", url=address).get("errorText")
            if failure:
                raise BrowserError(f"{address}: {failure}")

    @contextmanager
    def loading(self) -> Iterator[None]:
        """What is done inside makes the tab load another page; on leaving it is there."""
        before = self._n_loads
        yield
        deadline = time.monotonic() + ANSWER_WITHIN_S
        messages = self._browser.messages()
        while self._n_loads == before:
            if time.monotonic() > deadline:
                raise BrowserError("no page was loaded")
            next(messages)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited when it is a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a JavaScript condition holds; raises BrowserError after ten seconds.

        It is asked from here: a page that loads forgets what it was to wait for, and without scripts there are no timers.
        """
        deadline = time.monotonic() + HOLDS_WITHIN_S
        fault = ""
        while time.monotonic() < deadline:
            try:
                if self.run(f"!!({condition})"):
                    return
            except BrowserError as error:  # between two pages there is nothing to ask
                fault = f": {error}"
            time.sleep(0.01)  # the browser sends no event for an arbitrary condition
        raise BrowserError(f"{condition} does not hold{fault}")

    def size(self, width: int, height: int, *, phone: bool = False, zoom: float = 1) -> None:
        """Give the tab a size in CSS pixels; a phone has touch and a viewport of its own."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=zoom, mobile=phone,
        )  # fmt: skip
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)

    def prefer(self, **features: str) -> None:
        """What the system prefers: `forced_colors="active"`, `prefers_reduced_motion="reduce"`; nothing resets all."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=listed)

    def without_scripts(self) -> None:
        """Run none of the pages' own scripts from now on."""
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def connected(self, *, is_connected: bool) -> None:
        """Cut the tab off from the network, or let it back."""
        self.call(
            "Network.emulateNetworkConditions",
            offline=not is_connected, latency=0, downloadThroughput=-1, uploadThroughput=-1,
        )  # fmt: skip

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go, like a finger."""
        code, number, text = KEYS[key]
        told = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": 8 if shift else 0}
        down = "keyDown" if text else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=down, **told, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def drag(self, *places: tuple[float, float]) -> None:
        """Press the mouse at the first place (CSS pixels in the window), move over the others and let it go."""
        for number, (x, y) in enumerate(places):
            kind = "mouseMoved" if number else "mousePressed"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
        x, y = places[-1]
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)

    def write(self, text: str) -> None:
        """Type a text into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, *, kind: str = "png", whole: bool = False) -> bytes:
        """What is seen, or the whole page, as PNG or WebP."""
        quality = {"quality": WEBP_QUALITY} if kind == "webp" else {}
        shot = self.call("Page.captureScreenshot", format=kind, captureBeyondViewport=whole, **quality)
        return base64.b64decode(shot["data"])

    def close(self) -> None:
        """Close the tab."""
        self._browser.close_page(self)


def _two_pipes() -> tuple[int, int, int, int]:
    """(we write, it reads, it writes, we read): two pipes with descriptors that nothing else redirects."""
    theirs_in, ours_out = _pipe()
    ours_in, theirs_out = _pipe()
    return ours_out, theirs_in, theirs_out, ours_in


def _pipe() -> tuple[int, int]:
    """(to read, to write) of a pipe, both above the descriptors 3 and 4."""
    move: Callable[[int], int] = lambda end: fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR)  # noqa: E731
    ends = os.pipe()
    moved = move(ends[0]), move(ends[1])
    for end in ends:
        os.close(end)
    return moved
