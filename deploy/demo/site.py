"""A small web site on loopback for the audit, with faults on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PAGES = {
    "/": (
        200,
        (
            "<!doctype html><html lang=en><title>Institute for public opinion, home page</title>"
            "<h1>Institute</h1><a href=/studies>Studies</a> <a href=/team>Team</a> <a href=/old-report>Report 1996</a>"
        ),
    ),
    "/studies": (200, "<!doctype html><html><title></title><h1>Studies</h1><h1>Again</h1><a href=/>Home</a>"),
    "/team": (200, "<!doctype html><html lang=en><title>Team</title><img src=/team.jpg><a href=/>Home</a>"),
}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = PAGES.get(self.path, (404, "<title>Not found</title>"))
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Stay quiet."""


@contextmanager
def small_site() -> Iterator[str]:
    """Serve the site and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
