"""A local server that speaks OSV's API, over records it is given (POST querybatch, GET vulns)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from tests.serving import serving_on_a_free_port


@dataclass
class Api:
    """What it knows, how much it says at once, and what was asked."""

    records: dict[str, Any] = field(default_factory=dict)
    page: int = 1000
    busy: int = 0
    """Requests that are answered 503 before any is served."""
    log: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    """Ids that are named and then not found."""
    url: str = ""

    def about(self, ecosystem: str, name: str) -> list[str]:
        return sorted(
            record["id"]
            for record in self.records.values()
            if any(
                (entry["package"]["ecosystem"], entry["package"]["name"]) == (ecosystem, name)
                for entry in record.get("affected", ())
            )
        )


class Request(BaseHTTPRequestHandler):
    api: Api
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.turned_away():
            return
        if self.path != "/v1/querybatch":
            self.answer(404, {"code": 5, "message": "not found"})
            return
        queries = body["queries"]
        self.api.batches.append(len(queries))
        if len(queries) > 1000:
            self.answer(400, {"code": 3, "message": "too many queries"})
            return
        self.answer(200, {"results": [self.result(query) for query in queries]})

    def result(self, query: Any) -> Any:
        assert set(query) <= {"package", "page_token"}
        found = self.api.about(query["package"]["ecosystem"], query["package"]["name"])
        start = int(query.get("page_token", "0"))
        page = found[start : start + self.api.page]
        result: dict[str, Any] = {}
        if page:
            result["vulns"] = [
                {"id": each, "modified": self.api.records[each]["modified"]} for each in page
            ]
        if start + self.api.page < len(found):
            result["next_page_token"] = str(start + self.api.page)
        return result

    def do_GET(self) -> None:
        if self.turned_away():
            return
        name = unquote(self.path).removeprefix("/v1/vulns/")
        if name in self.api.records and name not in self.api.hidden:
            self.answer(200, self.api.records[name])
        else:
            self.answer(404, {"code": 5, "message": "Bug not found."})

    def turned_away(self) -> bool:
        self.api.log.append(f"{self.command} {unquote(self.path)}")
        if self.api.busy:
            self.api.busy -= 1
            self.answer(503, {"code": 14, "message": "busy"})
            return True
        return False

    def answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: tests read `Api.log`."""


@contextmanager
def serving_api(api: Api) -> Iterator[Api]:
    handler = type("Handler", (Request,), {"api": api})
    with serving_on_a_free_port(handler) as port:
        api.url = f"http://127.0.0.1:{port}"
        yield api
