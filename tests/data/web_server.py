"""A real web server on this machine that can be slow, wrong, forgetful and rude."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What stands at one address and how the server behaves about it."""

    content: bytes = b""
    knows_ranges: bool = True
    # How many bytes the first replies carry before the connection closes.
    cuts: list[int] = field(default_factory=list)
    # The status of the first replies.
    statuses: list[int] = field(default_factory=list)
    location: str | None = None
    stated_range: str | None = None
    states_length: bool = True
    # Seconds to wait before every piece of `piece` bytes.
    pause: float = 0.0
    piece: int = 4096


@dataclass
class Site:
    """The pages by path, the address of the server, and what was asked: (path, value of the Range header)."""

    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def put(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return f"{self.address}/{path}"


@contextmanager
def serving() -> Iterator[Site]:
    """A running server; it stops at the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    site = server.site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = self.server.site
        path = self.path.lstrip("/")
        asked = self.headers.get("Range")
        site.asked.append((path, asked))
        page = site.pages[path]
        self.close_connection = True
        if page.location:
            return self._head(302, {"Location": page.location, "Content-Length": "0"})
        if page.statuses:
            return self._head(page.statuses.pop(0), {"Content-Length": "0"})
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and page.knows_ranges else 0
        if asked and page.knows_ranges and start >= len(page.content):
            return self._head(416, {"Content-Length": "0"})
        self._send(page, start, partial=bool(asked and page.knows_ranges))

    def _send(self, page: Page, start: int, *, partial: bool) -> None:
        body = page.content[start:]
        headers = {"Content-Length": str(len(body))} if page.states_length else {}
        if partial:
            whole = len(page.content)
            headers["Content-Range"] = page.stated_range or f"bytes {start}-{whole - 1}/{whole}"
        self._head(206 if partial else 200, headers)
        body = body[: page.cuts.pop(0)] if page.cuts else body
        try:
            for at in range(0, len(body), page.piece):
                time.sleep(page.pause)
                self.wfile.write(body[at : at + page.piece])
        except OSError:
            return  # The other side is gone, as some tests want it.

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""
