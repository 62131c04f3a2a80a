"""Policies that build on one from elsewhere: a Git revision, a registry, a server."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from gate.errors import InputError, UnreachableError, UsageError
from gate.policy.document import parse_policy
from gate.run.fetching import fetch
from gate.run.policies import LoadedPolicy, load_policy
from tests.serving import serving_on_a_free_port

COMPANY = b"version: 1\nname: company\nrules: {image_age: {max: 30d}}\n"
TEAM = b"version: 1\nextends: {path: company.yaml, sha256: %s}\nname: team\n"
DIGEST = hashlib.sha256(COMPANY).hexdigest()


def load(
    folder: Path, extends: str, kept: Path | None = None, sha256: str = DIGEST
) -> LoadedPolicy:
    path = folder / "patchgate.yaml"
    path.write_text(f"version: 1\nextends: {{{extends}, sha256: {sha256}}}\n")
    return load_policy(path, kept=kept)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a tag v1, whose policies changed after it."""
    folder = tmp_path / "repository"
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "company.yaml").write_bytes(COMPANY)
    (folder / "policies" / "team.yaml").write_bytes(TEAM % DIGEST.encode())
    git(tmp_path, "init", "--quiet", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "tag", "v1")
    (folder / "policies" / "company.yaml").write_bytes(b"version: 1\nname: later\n")
    git(folder, "commit", "--quiet", "-am", "two")
    return folder


def test_a_revision_of_this_repository(repository: Path) -> None:
    loaded = load(repository / "policies", "revision: v1, path: company.yaml")
    assert loaded.in_use.policy.name == "company"
    assert f"sha256:{DIGEST} from 'git:.@v1:company.yaml'" in loaded.in_use.document.decode()
    assert loaded.documents[1].where == "company.yaml of v1"


def test_a_revision_of_another_repository_with_what_it_extends(
    repository: Path, tmp_path: Path
) -> None:
    team = hashlib.sha256(TEAM % DIGEST.encode()).hexdigest()
    where = f"git: 'file://{repository}', revision: v1, path: policies/team.yaml"
    loaded = load(tmp_path, where, sha256=team)
    assert loaded.in_use.policy.name == "team"
    assert loaded.in_use.policy.rules.image_age.max == "30d"
    alone = loaded.in_use.document.decode()
    assert parse_policy(alone, "recorded") == loaded.in_use.policy
    assert "@v1:policies/team.yaml'" in alone


@pytest.mark.parametrize(
    ("extends", "said"),
    [
        ("revision: v9, path: company.yaml", "git says"),
        ("revision: v1, path: missing.yaml", "git says"),
        ("revision: HEAD, path: company.yaml", "is another document than expected"),
        ("revision: --upload-pack=x, path: company.yaml", "names no revision"),
        ("git: 'ext::sh -c x', revision: v1, path: x", "is no repository that can be fetched"),
        ("git: https://user:secret@git.example/x, revision: v1, path: x", "is no repository"),
        ("git: https://git.example/x, path: x", "a repository needs a revision"),
        ("url: http://policies.example/p.yaml", "is no https:// address"),
        ("url: https://a:b@policies.example/p.yaml", "is no https:// address"),
        ("url: https://policies.example/p.yaml, path: x", "extends path and url"),
        ("oci: registry.example/p, revision: v1", "a revision has no oci"),
    ],
)
def test_what_is_refused(repository: Path, extends: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(repository / "policies", extends)
    assert said in str(caught.value)
    assert "patchgate.yaml, line 2" in str(caught.value) or "git says" in said


class Handler(BaseHTTPRequestHandler):
    """A server of policies, and a registry with one artifact."""

    asked: list[str]
    documents: dict[str, bytes]
    fail_once: set[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path in self.fail_once:
            self.fail_once.discard(self.path)
            self.send_error(503)
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.2/")
            self.end_headers()
            return
        content = self.documents.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        if "manifests" in self.path:
            self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def artifact(content: bytes) -> dict[str, bytes]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.patchgate.policy.v1",
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": f"sha256:{hashlib.sha256(b'{}').hexdigest()}",
            "size": 2,
        },
        "layers": [{"mediaType": "application/yaml", "digest": digest, "size": len(content)}],
    }
    return {
        "/v2/policies/company/manifests/1": json.dumps(manifest).encode(),
        f"/v2/policies/company/blobs/{digest}": content,
    }


@pytest.fixture
def server() -> Iterator[tuple[str, type[Handler]]]:
    class Fresh(Handler):
        asked: list[str] = []  # noqa: RUF012
        documents = {  # noqa: RUF012
            "/company.yaml": COMPANY,
            "/large": b"#" * (1024 * 1024 + 1),
            **artifact(COMPANY),
        }
        fail_once: set[str] = set()  # noqa: RUF012

    with serving_on_a_free_port(Fresh) as port:
        yield f"127.0.0.1:{port}", Fresh


def test_a_url_is_asked_once_and_its_digest_rules(
    server: tuple[str, type[Handler]], tmp_path: Path
) -> None:
    host, handler = server
    kept = tmp_path / "kept"
    first = load(tmp_path, f"url: 'http://{host}/company.yaml'", kept)
    again = load(tmp_path, f"url: 'http://{host}/company.yaml'", kept)
    assert handler.asked == ["/company.yaml"]
    assert first.in_use.digest == again.in_use.digest
    assert first.in_use.policy.rules.image_age.max == "30d"
    assert f"sha256:{DIGEST} from 'http://{host}/company.yaml'" in again.in_use.document.decode()
    (kept / DIGEST).write_bytes(b"version: 1\n")  # what is kept is held against its digest, too
    assert load(tmp_path, f"url: 'http://{host}/company.yaml'", kept).in_use.digest == (
        first.in_use.digest
    )
    assert len(handler.asked) == 2
    with pytest.raises(UsageError, match="is another document than expected"):
        load(tmp_path, f"url: 'http://{host}/company.yaml'", sha256="0" * 64)


def test_nothing_is_asked_where_the_digest_is_missing(
    server: tuple[str, type[Handler]], tmp_path: Path
) -> None:
    host, handler = server
    path = tmp_path / "p.yaml"
    path.write_text(f"version: 1\nextends: {{url: 'http://{host}/company.yaml'}}\n")
    with pytest.raises(UsageError, match="missing required field `sha256`"):
        load_policy(path)
    assert handler.asked == []


def test_an_artifact(server: tuple[str, type[Handler]], tmp_path: Path) -> None:
    host, _ = server
    loaded = load(tmp_path, f"oci: '{host}/policies/company:1'")
    assert loaded.in_use.policy.name == "company"
    assert f"from 'oci:{host}/policies/company:1'" in loaded.in_use.document.decode()
    with pytest.raises(UsageError, match="holds no file with the digest"):
        load(tmp_path, f"oci: '{host}/policies/company:1'", sha256="0" * 64)
    with pytest.raises(UnreachableError):
        load(tmp_path, f"oci: '{host}/policies/other:1'")


def test_a_document_that_came_alone_extends_no_file(
    server: tuple[str, type[Handler]], tmp_path: Path
) -> None:
    host, handler = server
    team = TEAM % DIGEST.encode()
    handler.documents["/team.yaml"] = team
    (tmp_path / "company.yaml").write_bytes(COMPANY)
    with pytest.raises(UsageError, match="and came without any"):
        load(tmp_path, f"url: 'http://{host}/team.yaml'", sha256=hashlib.sha256(team).hexdigest())


def test_trouble_on_the_way(server: tuple[str, type[Handler]]) -> None:
    host, handler = server
    handler.fail_once.add("/company.yaml")
    paused: list[float] = []
    assert fetch(f"http://{host}/company.yaml", limit=1000, sleep=paused.append) == COMPANY
    assert paused == [1.0]
    with pytest.raises(InputError, match="is larger than"):
        fetch(f"http://{host}/large", limit=1024 * 1024)
    with pytest.raises(UnreachableError, match="answers 404"):
        fetch(f"http://{host}/missing", limit=10)
    with pytest.raises(UnreachableError, match="redirects to another host"):
        fetch(f"http://{host}/away", limit=10)
    with pytest.raises(UsageError, match="is no https"):
        fetch("file:///etc/passwd", limit=10)
