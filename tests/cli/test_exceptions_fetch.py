"""An exception that is approved by a ticket: fetched over HTTP, signed, and judged again later."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bad_inputs import Bench, check, run
from tests.cli.test_exceptions import NOW, bench, owner_key, request, result  # noqa: F401
from tests.serving import serving_on_a_free_port

AT = "2026-11-16T01:00:00.000+0100"


def jira(digest: str, **changes: Any) -> dict[str, Any]:
    """An issue in the form of Jira's REST API 2 with its change log."""
    history = [
        {
            "author": {"name": "eve"},
            "created": "2026-11-14T08:00:00.000+0000",
            "items": [{"field": "description", "toString": "…"}],
        },
        {
            "author": {"name": "ada", "emailAddress": "ada@example.com"},
            "created": AT,
            "items": [{"field": "status", "fromString": "Open", "toString": "Approved"}],
        },
    ]
    fields = {
        "status": {"name": "Approved"},
        "description": f"accept EX-1, {digest}",
        "reporter": {"name": "dev"},
        "labels": [],
    }
    log = [*history, *changes.pop("history", ())]
    return {
        "key": "RISK-7",
        "fields": {**fields, **changes},
        "changelog": {"total": len(log), "histories": log},
    }


def github(digest: str, **changes: Any) -> dict[str, Any]:
    return {
        "number": 7,
        "state": "closed",
        "state_reason": "completed",
        "body": f"accept EX-1, {digest}",
        "user": {"login": "dev"},
        "closed_by": {"login": "ada"},
        "closed_at": "2026-11-16T00:00:00Z",
        "labels": [{"name": "risk-accepted"}],
        **changes,
    }


def gitlab(digest: str, **changes: Any) -> dict[str, Any]:
    return {
        "iid": 7,
        "state": "closed",
        "description": f"accept EX-1, {digest}",
        "author": {"username": "dev"},
        "closed_by": {"username": "ada"},
        "closed_at": "2026-11-16T00:00:00.123Z",
        "labels": ["risk-accepted"],
        **changes,
    }


Make = Callable[..., dict[str, Any]]
KINDS: dict[str, tuple[Make, str, str, str, str]] = {
    "jira": (jira, "RISK-7", "", "/rest/api/2/issue/RISK-7", "Approved"),
    "github": (github, "7", "/repos/team/risks", "/repos/team/risks/issues/7", "completed"),
    "gitlab": (gitlab, "7", "/api/v4/projects/5", "/api/v4/projects/5/issues/7", "closed"),
}


class Trackers(BaseHTTPRequestHandler):
    """All three of them, with one ticket."""

    answer: bytes
    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


class Place:
    """A request that waits for its ticket."""

    def __init__(self, with_bench: Bench, kind: str, port: int, handler: type[Trackers]) -> None:
        self.bench, self.kind, self.handler = with_bench, kind, handler
        self.make, self.ticket, base, self.path, state = KINDS[kind]
        owner_key(self.bench.root / "fetcher")
        key = (self.bench.root / "fetcher.pub").read_text().strip()
        label = "label: risk-accepted, " if kind != "jira" else ""
        (self.bench.root / "patchgate.yaml").write_text(
            "version: 1\nadvisories: {fail_after: 52w}\nexceptions:\n"
            "  approvers: [{name: Ada Risk, accounts: ['risks:ada']}]\n"
            f"  trackers: [{{name: risks, kind: {kind}, url: 'http://127.0.0.1:{port}{base}', "
            f"approved: [{state}], {label}keys: ['{key}']}}]\n"
        )
        _, _, said = request()
        self.digest = re.findall(r"sha256:[0-9a-f]{64}", said)[0]

    def fetch(self, key: str = "fetcher", **changes: Any) -> tuple[int, str, str]:
        self.handler.answer = json.dumps(self.make(self.digest, **changes)).encode()
        arguments = ["--ticket", self.ticket, "--key", key, "--now", NOW]
        return run(["exceptions", "fetch", "EX-1", *arguments])

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.bench.root / "patchgate-exceptions" / name
        path.write_text(change(path.read_text()))


@pytest.fixture(params=sorted(KINDS))
def place(
    bench: Bench,  # noqa: F811 - the fixture
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    class Fresh(Trackers):
        answer = b"{}"
        asked: list[tuple[str, dict[str, str]]] = []  # noqa: RUF012

    monkeypatch.setenv("PATCHGATE_TICKET_TOKEN", "bot@example.com:secret")
    with serving_on_a_free_port(Fresh) as port:
        yield Place(bench, request.param, port, Fresh)


def test_a_ticket_approves(place: Place) -> None:
    assert check(place.bench)[0] == 1
    code, _, said = place.fetch()
    assert (code, "approved by Ada Risk" in said) == (0, True), said
    asked, headers = place.handler.asked[0]
    assert asked.startswith(place.path)
    assert any("secret" in value or "Basic" in value for value in headers.values())
    kept = (place.bench.root / "patchgate-exceptions" / "EX-1.ticket.json").read_text()
    assert "secret" not in kept
    assert run(["exceptions", "check", "--now", NOW])[0] == 0
    before = set(place.bench.evidence.glob("*.intoto.jsonl"))
    assert check(place.bench)[0] == 0
    (applied,) = result(place.bench)["exceptions"]
    assert applied["approver"] == "Ada Risk"
    assert applied["approved_at"].startswith("2026-11-16T00:00:00")
    assert place.ticket in applied["approved_in"]
    assert "sha256:" in applied["approved_in"]
    assert applied["reason"] == "the shop\nneeds it"
    (record,) = set(place.bench.evidence.glob("*.intoto.jsonl")) - before
    trust = ["--trust", str(place.bench.key.with_suffix(".pub.pem"))]
    (place.bench.root / "patchgate-exceptions" / "EX-1.ticket.json").unlink()
    code, out, err = run(["evidence", "replay", str(record), *trust])
    assert (code, "PASS again, byte for byte" in out) == (0, True), err


def test_what_is_not_approved(place: Place) -> None:
    changes: list[tuple[str, dict[str, Any]]]
    if place.kind == "jira":
        edit = {"author": {"name": "dev"}, "created": "2026-11-16T11:00:00.000+0000"}
        edit["items"] = [{"field": "description"}]
        changes = [
            ("is 'Open', not approved", {"status": {"name": "Open"}}),
            ("Ada Risk opened ticket RISK-7", {"reporter": {"name": "ada"}}),
            ("does not name the digest", {"description": "accept it"}),
            ("was edited after Ada Risk", {"description": f"sha256:{'0' * 64}"}),
            ("description of ticket RISK-7 was edited after its approval", {"history": [edit]}),
        ]
    else:
        who, text = ("user", "body") if place.kind == "github" else ("author", "description")
        login = "login" if place.kind == "github" else "username"
        changes = [
            ("not approved", {"state": "open" if place.kind == "github" else "opened"}),
            ("Ada Risk opened ticket 7", {who: {login: "ada"}}),
            ("was approved by eve, who is not in the roster", {"closed_by": {login: "eve"}}),
            ("does not name the digest", {text: None}),
            ("without the label 'risk-accepted'", {"labels": []}),
        ]
        if place.kind == "github":
            changes.append(("is 'not_planned', not approved", {"state_reason": "not_planned"}))
    for said, change in changes:
        code, _, err = place.fetch(**change)
        assert (code, said in err) == (1, True), (said, err)
        assert check(place.bench)[0] == 1
        assert said in " ".join(result(place.bench)["warnings"])


def test_what_was_stored_cannot_be_made_up(place: Place) -> None:
    """Neither a key of nobody, nor another exception, nor an edit, gets past the signature."""
    owner_key(place.bench.root / "eve")
    code, _, err = place.fetch(key="eve")
    assert (code, "is not signed by a key of the tracker risks" in err) == (1, True)
    assert place.fetch()[0] == 0
    place.edit("EX-1.ticket.json", lambda text: text.replace('"payload":"e', '"payload":"f', 1))
    assert run(["exceptions", "check", "--now", NOW])[0] != 0
    (place.bench.root / "patchgate-exceptions" / "EX-1.ticket.json").unlink()
    assert place.fetch()[0] == 0
    place.edit("EX-1.yaml", lambda text: text.replace("low", "none at all"))
    assert check(place.bench)[0] == 1
    assert "it was edited after Ada Risk approved it" in " ".join(result(place.bench)["warnings"])


def test_answers_that_are_no_ticket(place: Place) -> None:
    for answer in (b"<html>log in</html>", b"{}", b"[]", b'{"state": 1, "fields": 2}', b"\xff"):
        place.handler.answer = answer
        arguments = ["--ticket", place.ticket, "--key", "fetcher", "--now", NOW]
        code, _, err = run(["exceptions", "fetch", "EX-1", *arguments])
        assert (code, "does not answer with a ticket" in err) == (3, True), (answer, err)
    code, _, err = run(["exceptions", "fetch", "EX-1", "--ticket", "../x", "--key", "fetcher"])
    assert (code, "is no ticket of" in err) == (2, True)
    assert not list(Path("patchgate-exceptions").glob("*.ticket.json"))
