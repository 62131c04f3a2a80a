"""One comment, updated: against servers that answer as GitHub and GitLab do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from gate.report.markdown import marker
from tests.cli.bad_inputs import run
from tests.serving import serving_on_a_free_port

SUMMARY = f"{marker('acme/app:1')}\n# PASS acme/app:1\n"
TOKEN = "token-that-no-output-holds"


@dataclass
class Server:
    """Comments of one request; `me` is who the token belongs to."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    me: str = "github-actions[bot]"
    refuses: int = 0
    says_who: bool = True
    paths: list[str] = field(default_factory=list)

    def add(self, author: str, body: str) -> None:
        number = len(self.comments) + 1
        self.comments.append(
            {"id": number, "body": body, "user": {"login": author}, "author": {"id": author}}
        )

    def answer(self, method: str, path: str, body: dict[str, Any], token: str) -> tuple[int, Any]:
        self.paths.append(f"{method} {path}")
        if token not in {f"Bearer {TOKEN}", TOKEN}:
            return 401, {}
        if path == "/user":
            known = {"login": self.me, "id": self.me}
            return (200, known) if self.says_who else (403, {})
        if method == "GET":
            page = int(path.partition("&page=")[2])
            return 200, self.comments[(page - 1) * 100 : page * 100]
        if self.refuses:
            return self.refuses, {}
        if method == "POST":
            self.add(self.me, body["body"])
            return 201, self.comments[-1]
        number = int(path.rpartition("/")[2])
        self.comments[number - 1]["body"] = body["body"]
        return 200, self.comments[number - 1]


class Handler(BaseHTTPRequestHandler):
    server_state: Server

    def _all(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        status, answer = self.server_state.answer(self.command, self.path, body, token)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = _all  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(params=["github", "gitlab"])
def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    state = Server()
    handler = type("One", (Handler,), {"server_state": state})
    with serving_on_a_free_port(handler) as port:
        api = f"http://localhost:{port}"
        for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_TOKEN", "GITHUB_JOB", "CI_JOB_NAME"):
            monkeypatch.delenv(name, raising=False)
        if request.param == "github":
            event = tmp_path / "event.json"
            event.write_text('{"pull_request": {"number": 7}}')
            monkeypatch.setenv("GITHUB_ACTIONS", "true")
            monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
            monkeypatch.setenv("GITHUB_API_URL", api)
            monkeypatch.setenv("GITHUB_REPOSITORY", "acme/app")
        else:
            monkeypatch.setenv("GITLAB_CI", "true")
            monkeypatch.setenv("CI_API_V4_URL", api)
            monkeypatch.setenv("CI_PROJECT_ID", "3")
            monkeypatch.setenv("CI_MERGE_REQUEST_IID", "7")
        monkeypatch.setenv("PATCHGATE_COMMENT_TOKEN", TOKEN)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "summary.md").write_text(SUMMARY)
        yield state


def comment(*arguments: str) -> tuple[int, str]:
    code, out, err = run(["comment", "summary.md", *arguments])
    assert TOKEN not in out + err
    return code, err


def test_it_is_created_once_and_then_updated(server: Server, tmp_path: Path) -> None:
    server.add("somebody", "hello")
    assert comment() == (0, "patchgate: comment created\n")
    assert comment() == (0, "patchgate: comment unchanged\n")
    (tmp_path / "summary.md").write_text(SUMMARY.replace("PASS", "FAIL"))
    assert comment() == (0, "patchgate: comment updated\n")
    assert [item["body"].splitlines()[-1] for item in server.comments] == [
        "hello",
        "# FAIL acme/app:1",
    ]


def test_each_image_and_job_has_its_own(server: Server, tmp_path: Path) -> None:
    comment("--job", "a")
    comment("--job", "b")
    (tmp_path / "summary.md").write_text(f"{marker('acme/other:1')}\n# PASS\n")
    comment("--job", "a")
    # Another tag of an image is the same image.
    (tmp_path / "summary.md").write_text(f"{marker('acme/app:2')}\n# PASS acme/app:2\n")
    comment("--job", "a")
    assert len(server.comments) == 3
    assert server.comments[0]["body"].endswith("acme/app:2\n")


def test_the_comment_of_somebody_else_is_left_alone(server: Server) -> None:
    comment()
    server.comments[0]["user"] = {"login": "mallory"}
    server.comments[0]["author"] = {"id": "mallory"}
    comment()
    assert len(server.comments) == 2


def test_it_is_found_on_a_later_page(server: Server) -> None:
    for number in range(150):
        server.add("somebody", str(number))
    comment()
    comment()
    assert len(server.comments) == 151


def test_a_token_that_may_not_comment(server: Server) -> None:
    server.refuses = 403
    code, said = comment()
    assert code == 7
    assert "may not POST comments" in said


def test_what_is_no_summary_is_not_posted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("# PASS\n")
    assert comment()[0] == 2
    (tmp_path / "summary.md").write_text(SUMMARY + "x" * 1_000_000)
    assert comment()[0] == 2
    assert not server.comments


def test_without_a_request_or_a_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATCHGATE_COMMENT_TOKEN")
    assert comment()[0] == 2
    monkeypatch.setenv("GITHUB_EVENT_PATH", "none")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "")
    code, said = comment()
    assert code == 0
    assert "nothing is posted" in said


def test_the_token_of_a_workflow_may_not_ask_who_it_is(server: Server) -> None:
    server.says_who = False
    code, _ = comment()
    if any("merge_requests" in path for path in server.paths) or code:
        assert code == 7  # GitLab's tokens may
        return
    comment()
    assert len(server.comments) == 1
