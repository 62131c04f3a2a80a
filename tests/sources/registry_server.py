"""A small registry that can be told to misbehave, and a token server beside it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event
from urllib.parse import parse_qs, urlsplit

from tests.builders import Image, oci_layout, sha256
from tests.serving import serving_on_a_free_port

USER, PASSWORD, REFRESH, TOKEN = "user", "pass:word-secret", "refresh-secret", "token-secret"
BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (PASSWORD, REFRESH, TOKEN, BASIC)
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

Fault = Callable[["Request"], bool]
"""Answers a request in its own way and returns True, or leaves it to the server."""


@dataclass
class Fake:
    """What is served, what was asked for, and what goes wrong with which path, in order."""

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    """By the last part of the path; the last fault of a list stays."""
    login: str = ""
    """"basic" or "bearer"; "" lets everybody in."""
    scheme: str = "http"
    log: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    """Of every request, "" where there was none."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    """What the token server was asked for."""
    host: str = ""

    def add(self, image: Image, tag: str = "1") -> str:
        """Serve an image; return the digest of its manifest."""
        items = {item.name: item.content for item in oci_layout(image)}
        entry = json.loads(items["index.json"])["manifests"][0]
        digest = str(entry["digest"])
        for name, blob in items.items():
            if name.startswith("blobs/"):
                self.blobs["sha256:" + name.rpartition("/")[2]] = blob
        data = self.blobs.pop(digest)
        self.manifests[tag] = self.manifests[digest] = (MANIFEST, data)
        return digest

    def serve_manifest(self, document: object, kind: str = MANIFEST, tag: str = "1") -> None:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.manifests[tag] = self.manifests[f"sha256:{sha256(data)}"] = (kind, data)

    def manifest(self, tag: str = "1") -> dict[str, object]:
        document: dict[str, object] = json.loads(self.manifests[tag][1])
        return document

    def layers(self, tag: str = "1") -> list[str]:
        return [layer["digest"] for layer in self.manifest(tag)["layers"]]  # type: ignore[attr-defined]


class Request(BaseHTTPRequestHandler):
    fake: Fake
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        last = parts.path.rpartition("/")[2]
        wanted = self.headers["Range"] or ""
        self.fake.log.append(f"{last} {wanted}".strip())
        self.fake.authorizations.append(self.headers["Authorization"] or "")
        faults = self.fake.faults.get(last, [])
        if faults and (faults.pop(0) if len(faults) > 1 else faults[0])(self):
            return
        if last == "token":
            self.fake.asked.append(parse_qs(parts.query))
            good = (self.headers["Authorization"] or BASIC) == BASIC
            self.token() if good else self.answer(401, b"")
        elif not self._may_read():
            self.demand()
        elif "/manifests/" in parts.path and last in self.fake.manifests:
            kind, data = self.fake.manifests[last]
            self.answer(200, data, Content_Type=kind)
        elif "/blobs/" in parts.path and last in self.fake.blobs:
            self.blob(self.fake.blobs[last])
        else:
            self.answer(404, b'{"errors": []}')

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.fake.asked.append(form)
        self.fake.authorizations.append(self.headers["Authorization"] or "")
        if form.get("refresh_token") == [REFRESH]:
            self.token()
        else:
            self.answer(401, b"")

    def _may_read(self) -> bool:
        wanted = {"": None, "basic": BASIC, "bearer": f"Bearer {TOKEN}"}[self.fake.login]
        return wanted is None or self.headers["Authorization"] == wanted

    def token(self) -> None:
        self.answer(200, json.dumps({"token": TOKEN, "expires_in": 300}).encode())

    def demand(self) -> None:
        basic = 'Basic realm="tests"'
        realm = f"{self.fake.scheme}://{self.fake.host}/token"
        bearer = f'Bearer realm="{realm}",service="tests",scope="repository:team/app:pull"'
        how = basic if self.fake.login == "basic" else bearer
        self.answer(401, b"{}", WWW_Authenticate=how)

    def blob(self, content: bytes) -> None:
        start = self.start()
        if start:
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.answer(206, content[start:], Content_Range=place)
        else:
            self.answer(200, content)

    def start(self) -> int:
        return int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: tests read `Fake.log`."""


def healthy(request: Request) -> bool:
    """Stand at the end of the faults: from here on everything is as it should be."""
    return False


def says(status: int, content: bytes = b"", **headers: str) -> Fault:
    """Answer with a status."""

    def fault(request: Request) -> bool:
        request.answer(status, content, **headers)
        return True

    return fault


def breaks_off_after(count: int, *, ranges: bool = True) -> Fault:
    """Promise the rest of the blob, send `count` bytes of it, and hang up."""

    def fault(request: Request) -> bool:
        content = request.fake.blobs[urlsplit(request.path).path.rpartition("/")[2]]
        start = request.start() if ranges else 0
        request.send_response(206 if start else 200)
        if start:
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            request.send_header("Content-Range", place)
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        request.wfile.write(content[start : start + count])
        request.close_connection = True
        return True

    return fault


def without_ranges(request: Request) -> bool:
    """Send the whole blob, whatever part was asked for."""
    request.answer(200, request.fake.blobs[urlsplit(request.path).path.rpartition("/")[2]])
    return True


def endless(request: Request) -> bool:
    """Send a body without length that never ends."""
    request.send_response(200)
    return endless_body(request)


def endless_body(request: Request, piece: bytes = bytes(65536), pause: float = 0.0) -> bool:
    """End the headers (but for a piece that is one) and send pieces until nobody listens."""
    if piece.endswith(b"\r\n"):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    else:
        request.end_headers()
    request.close_connection = True
    wait = Event()
    try:
        while not wait.wait(pause):
            request.wfile.write(piece)
    except OSError:
        pass
    return True


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Serve `fake` on a free port of this machine."""
    handler = type("Handler", (Request,), {"fake": fake})
    with serving_on_a_free_port(handler) as port:
        fake.host = f"localhost:{port}"
        yield fake
