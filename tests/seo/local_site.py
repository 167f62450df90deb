"""A website on loopback that says exactly what a test wants, and remembers what it was asked."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """One answer; `wait_s` before it, or for ever when negative."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0


@dataclass
class LocalSite:
    """The site: what it answers by path, and how often each path was asked for."""

    pages: dict[str, Reply]
    base: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    agents: set[str] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_asked(self, path: str) -> None:
        """Wait until somebody asks for a path."""
        while not self.asked[path]:
            self.arrived.clear()
            await self.arrived.wait()

    @property
    def visited(self) -> Counter[str]:
        """Paths that were asked for, robots.txt and sitemaps aside."""
        return Counter(
            {path: n for path, n in self.asked.items() if not path.endswith((".txt", ".xml", ".gz"))}
        )


@asynccontextmanager
async def serving(pages: Mapping[str, Reply | str]) -> AsyncIterator[LocalSite]:
    """Serve these pages by path; a plain text is a 200 HTML page, everything else is a 404."""
    site = LocalSite({path: Reply(page) if isinstance(page, str) else page for path, page in pages.items()})

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            await _answer(site, head, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    site.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        server.close()
        await server.wait_closed()


async def _answer(site: LocalSite, head: str, writer: asyncio.StreamWriter) -> None:
    path = head.split()[1]
    site.asked[path] += 1
    site.agents |= {
        line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("user-agent:")
    }
    site.arrived.set()
    reply = site.pages.get(path, Reply("no", 404))
    if reply.wait_s:
        await asyncio.sleep(reply.wait_s)
    body = reply.body.encode()
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Connection": "close",
        "Content-Length": str(len(body)),
    }
    lines = [f"{name}: {value}" for name, value in {**headers, **reply.headers}.items()]
    writer.write(f"HTTP/1.1 {reply.status} X\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


def page(title: str, *links: str, head: str = "", text: str = "") -> str:
    """A simple HTML page with a title, a main heading and links."""
    anchors = "".join(f'<a href="{link}">to {link}</a> ' for link in links)
    return f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body><h1>{title}</h1>{text}{anchors}'


SMALL_SITE: dict[str, Reply | str] = {
    "/": '<html lang=en><title>Home page of the check site</title><h1>Home</h1><a href="/a">a</a><a href="/gone">gone</a>',
    "/a": "<html><title></title><a href='/'>home</a>",
}
