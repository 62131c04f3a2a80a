"""A small HTTP server of archives that can be told to misbehave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from tests.serving import serving_on_a_free_port

Fault = Callable[["Request"], bool]
"""Answers a request in its own way and returns True, or leaves it to the server."""


@dataclass
class Mirror:
    """What is served, what was asked for, and what goes wrong, in order."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    url: str = ""


class Request(BaseHTTPRequestHandler):
    mirror: Mirror
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(self.path).removeprefix("/")
        conditions = [
            f"{name}={self.headers[name]}"
            for name in ("Range", "If-Range", "If-None-Match")
            if self.headers[name]
        ]
        self.mirror.log.append(" ".join([path, *conditions]))
        if self.mirror.faults and self.mirror.faults.pop(0)(self):
            return
        content = self.mirror.files.get(path)
        if content is None:
            self.answer(404, b"no such object")
        elif self.headers["If-None-Match"] == etag(content):
            self.answer(304, b"")
        elif self.headers["Range"] and self.headers["If-Range"] == etag(content):
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.answer(416, b"")
                return
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.answer(206, content[start:], ETag=etag(content), Content_Range=place)
        else:
            self.answer(200, content, ETag=etag(content))

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: tests read `Mirror.log`."""


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def fails(status: int, content: bytes = b"", **headers: str) -> Fault:
    """Answer with a status."""

    def fault(request: Request) -> bool:
        request.answer(status, content, **headers)
        return True

    return fault


def breaks_off_after(count: int) -> Fault:
    """Promise the whole archive, send `count` bytes of what is asked for, and hang up."""

    def fault(request: Request) -> bool:
        content = request.mirror.files[unquote(request.path).removeprefix("/")]
        start = 0
        if request.headers["Range"]:
            start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            request.send_response(206)
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            request.send_header("Content-Range", place)
        else:
            request.send_response(200)
        request.send_header("ETag", etag(content))
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        request.wfile.write(content[start : start + count])
        request.close_connection = True
        return True

    return fault


def healthy(request: Request) -> bool:
    """Stand between faults: this request is answered as it should be."""
    return False


@contextmanager
def serving(mirror: Mirror) -> Iterator[Mirror]:
    """Serve `mirror` on a free port of this machine."""
    handler = type("Handler", (Request,), {"mirror": mirror})
    with serving_on_a_free_port(handler) as port:
        mirror.url = f"http://127.0.0.1:{port}"
        yield mirror
