"""The pre-push hook: run by a real Git that pushes to a bare repository."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import DEBIAN, STATUS, Image, file, tar
from tests.cli.bad_inputs import Bench, run, sound
from tests.conftest import REPOSITORY
from tests.sources.registry_server import Fake, serving

STRICT = """\
version: 1
name: strict
advisories: {fail_after: 999w}
rules:
  severity_threshold: {action: fail, at_least: low}
  image_age: {action: "off"}
  patch_sla: {action: "off"}
"""
LAX = STRICT.replace("action: fail, at_least: low", 'action: "off"')


@dataclass
class Work:
    """A work tree with a remote, and the bench whose store it is judged with."""

    bench: Bench
    root: Path

    def git(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, **files: str | None) -> None:
        """Commit files; ``__`` in a name is a slash, ``_`` a dot."""
        for name, content in files.items():
            path = self.root / name.replace("__", "/").replace("_", ".")
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")

    def sbom(self, stem: str, old: bool = False) -> None:
        """Put an SBOM into the work tree; an old one has the flaw DSA-1."""
        status = STATUS.replace(b"3.0.9-1", b"3.0.7-1") if old else STATUS
        self.bench.image(DEBIAN[0], file("var/lib/dpkg/status", status))
        folder = self.root / "sboms"
        folder.mkdir(exist_ok=True)
        path = str(folder / f"{stem}.cdx.json")
        code, _, err = run(["sbom", "generate", self.bench.target, "-o", path])
        assert code == 0, err

    def push(self, *arguments: str, code: int = 0) -> str:
        return self.git("push", *(arguments or ("origin", "main")), code=code)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """A repository with the hook, whose policy is strict and whose base has no flaw."""
    program = tmp_path / "patchgate"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gate.cli "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PATCHGATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "x")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "x@example.com")
    bench = sound(tmp_path)
    monkeypatch.setenv("PATCHGATE_DB", str(bench.store))
    root = tmp_path / "work"
    root.mkdir()
    monkeypatch.chdir(root)
    work = Work(bench, root)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", "../remote.git"], check=True)
    work.git("init", "-q", "-b", "main")
    work.git("remote", "add", "origin", "../remote.git")
    assert run(["hook", "install"])[0] == 0
    work.sbom("debian-12")
    work.commit(patchgate_yaml=STRICT, Dockerfile="FROM debian:12\n")
    return work


def test_a_sound_base_is_pushed(work: Work) -> None:
    said = work.push()
    assert (
        "PASS          debian:12 (sboms/debian-12.cdx.json, built 2026-11-01)  Dockerfile:1" in said
    )
    assert "1 image to origin: 1 PASS" in said


def test_a_bad_base_stops_the_push_and_says_what_to_change(work: Work) -> None:
    work.push()
    work.sbom("debian-11", old=True)
    work.commit(Dockerfile="FROM debian:11\n")
    said = work.push(code=1)
    assert "FAIL          debian:11" in said
    assert "raise libssl3, openssl from 3.0.7-1 to 3.0.8-1" in said
    assert "--no-verify" in said
    work.push("--no-verify", "origin", "main")


def test_what_is_not_known_is_no_pass(work: Work) -> None:
    work.commit(Dockerfile="ARG A\nFROM debian:12\nFROM acme/unknown:1\nFROM $A\n")
    said = work.push(code=1)
    assert "NOT JUDGED    acme/unknown:1  Dockerfile:3" in said
    assert "NOT JUDGED    $A  Dockerfile:4" in said
    assert "1 PASS" in said
    assert "[exit 3]" in said
    assert run(["hook", "install", "--allow-unjudged"])[0] == 0
    said = work.push()
    assert "NOT JUDGED    acme/unknown:1" in said
    assert "CI decides" in said


def test_letting_go_what_is_not_judged_still_stops_what_fails(work: Work) -> None:
    run(["hook", "install", "--allow-unjudged"])
    work.push()
    work.sbom("debian-11", old=True)
    work.commit(Dockerfile="FROM debian:11\nFROM acme/unknown:1\n")
    assert "[exit 1]" in work.push(code=1)


def test_without_advisories_it_is_no_pass(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHGATE_DB", str(work.root / "none"))
    said = work.push(code=1)
    assert "INDETERMINATE debian:12" in said
    assert "[exit 4]" in said


def test_files_come_from_the_commit_and_not_from_the_work_tree(work: Work) -> None:
    (work.root / "Dockerfile").write_text("FROM acme/unknown:1\n")
    (work.root / "sboms" / "debian-12.cdx.json").unlink()
    (work.root / "patchgate.yaml").write_text("not a policy")
    assert "1 PASS" in work.push()


def test_a_push_judges_what_it_touches_and_no_more(work: Work) -> None:
    work.push()
    work.commit(README="x")
    assert "touches no file that names an image" in work.push()
    work.commit(compose_yaml="services: {a: {image: 'acme/unknown:1'}}\n")
    said = work.push(code=1)
    assert "acme/unknown:1  compose.yaml:1" in said
    assert "debian:12" not in said


def test_the_policy_is_that_of_the_remote(work: Work) -> None:
    work.push()
    work.sbom("debian-11", old=True)
    work.commit(Dockerfile="FROM debian:11\n", patchgate_yaml=LAX)
    assert "FAIL          debian:11" in work.push(code=1)


def test_a_new_branch_brings_its_own_commits(work: Work) -> None:
    work.push()
    work.git("switch", "-q", "-c", "topic")
    work.commit(README="x")
    assert "touches no file" in work.push("origin", "topic")
    work.git("switch", "-q", "-c", "other", "main")
    work.commit(Dockerfile="FROM acme/unknown:1\n")
    assert "acme/unknown:1  Dockerfile:1" in work.push("origin", "other", code=1)
    work.commit(Dockerfile="FROM debian:12\n")
    # What an earlier commit had is not what the branch will be built from.
    assert "1 PASS" in work.push("origin", "other")


def test_a_merge_does_not_bring_what_the_remote_has(work: Work) -> None:
    work.push()
    work.git("switch", "-q", "-c", "topic")
    work.commit(README="x")
    work.git("switch", "-q", "main")
    work.commit(other_Dockerfile="FROM acme/unknown:1\n")
    work.push("--no-verify", "origin", "main")
    work.git("switch", "-q", "topic")
    work.git("merge", "-q", "--no-edit", "main")
    assert "touches no file" in work.push("origin", "topic")


def test_a_deleted_branch_a_tag_and_nothing_at_all(work: Work) -> None:
    work.push("origin", "main", "main:topic")
    assert "touches no file" in work.push("origin", ":topic")
    assert "up-to-date" in work.push()
    work.git("tag", "-a", "-m", "x", "v1")
    assert "touches no file" in work.push("origin", "v1")


def test_a_tag_of_something_else_is_not_passed_over(work: Work) -> None:
    work.push()
    work.git("tag", "blob", work.git("rev-parse", "HEAD:Dockerfile").strip())
    assert "is not a commit" in work.push("origin", "blob", code=1)


def test_a_forced_push_is_compared_with_what_the_remote_has(work: Work) -> None:
    work.push()
    work.commit(README="x")
    work.push()
    work.git("reset", "-q", "--hard", "HEAD~1")
    work.commit(compose_yaml="services: {a: {image: 'acme/unknown:1'}}\n")
    said = work.push("--force", "origin", "main", code=1)
    assert "acme/unknown:1" in said
    assert "debian:12" not in said


def test_a_forced_push_over_commits_that_are_not_here(work: Work, tmp_path: Path) -> None:
    work.push()
    other = tmp_path / "other"
    work.git("clone", "-q", "../remote.git", str(other))
    subprocess.run(["git", "commit", "-qm", "y", "--allow-empty"], cwd=other, check=True)
    subprocess.run(["git", "push", "-q"], cwd=other, check=True)
    work.commit(compose_yaml="services: {a: {image: 'acme/unknown:1'}}\n")
    said = work.push("--force", "origin", "main", code=1)
    assert "acme/unknown:1" in said


def test_several_refs_are_judged_once(work: Work) -> None:
    work.git("branch", "topic")
    said = work.push("origin", "main", "topic")
    assert said.count("PASS          debian:12") == 1


def test_an_address_says_nothing_of_what_is_there(work: Work) -> None:
    work.push()
    work.commit(README="x")
    said = work.push("../remote.git", "main")
    # Git says what the branch is there, so it is still compared.
    assert "touches no file" in said
    said = work.push("../remote.git", "main:new")
    assert "debian:12" in said


def test_a_linked_work_tree_has_the_hook(work: Work, tmp_path: Path) -> None:
    work.push()
    work.git("worktree", "add", "-q", "../linked", "-b", "linked")
    linked = Work(work.bench, tmp_path / "linked")
    linked.commit(Dockerfile="FROM acme/unknown:1\n")
    assert "acme/unknown:1" in linked.push("origin", "linked", code=1)


def test_a_folder_below_the_top(work: Work) -> None:
    (work.root / "sub").mkdir()
    below = Work(work.bench, work.root / "sub")
    assert "1 PASS" in below.push()


def test_a_link_in_the_repository_is_followed(work: Work) -> None:
    work.push()
    (work.root / "Containerfile").symlink_to("Dockerfile")
    work.commit()
    assert "Containerfile:1" in work.push()


def test_a_skip_is_written_down(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.commit(Dockerfile="FROM acme/unknown:1\n")
    monkeypatch.setenv("PATCHGATE_SKIP", "the registry is down")
    assert "PATCHGATE_SKIP says: the registry is down" in work.push()
    (line,) = (work.bench.root / "state/patchgate/skipped-pushes.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == "the registry is down"


def test_hostile_names_do_not_reach_the_terminal(work: Work) -> None:
    work.push()
    path = work.root / "k\n\x1b[31mx.yaml"
    path.write_text('apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "a\\e[31mb:1"}]}\n')
    work.commit()
    said = work.push(code=1)
    assert "NOT JUDGED" in said
    assert "\x1b" not in said


def test_what_was_read_before_is_known(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Fake()) as server:
        server.add(Image([tar(DEBIAN)]), "1")
        name = f"{server.host}/acme/app:1"
        work.commit(Dockerfile=f"FROM {name}\n", compose_yaml="services: {}\n")
        assert "was not read here before" in work.push(code=1)
        warm = [str(work.bench.root / "patchgate"), "hook", "warm", "--no-update"]
        said = subprocess.run(warm, capture_output=True, text=True, check=True).stdout
        assert said == f"read      {name}: 2 packages\n"
    assert f"PASS          {name} (read " in work.push()
    for path in (work.bench.root / "cache").iterdir():
        if path.is_file():
            path.rename(path.with_suffix(".gone"))
    assert "by another version" in run(["hook", "run", "--rev", "HEAD"])[1]
    for path in (work.bench.root / "cache").glob("*.gone"):
        path.rename(path.with_suffix(""))
    code, out, _ = run(["hook", "run", "--rev", "HEAD", "--now", "2027-11-01"])
    assert code == 3
    assert "the tag may have moved" in out


def test_it_is_quick_when_everything_is_known(work: Work) -> None:
    work.push()
    work.commit(Dockerfile="FROM debian:12\nRUN true\n")
    began = time.monotonic()
    work.push()
    assert time.monotonic() - began < 2


def test_pre_commit_gives_refs_in_variables(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.push()
    old = work.git("rev-parse", "HEAD").strip()
    work.commit(Dockerfile="FROM acme/unknown:1\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "origin")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", old)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", work.git("rev-parse", "HEAD").strip())
    assert "acme/unknown:1" in run(["hook", "run"])[1]
    # The first push to an empty remote, and runners that pass zeros.
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "0" * 40)
    assert "acme/unknown:1" in run(["hook", "run"])[1]
    monkeypatch.delenv("PRE_COMMIT_FROM_REF")
    monkeypatch.delenv("PRE_COMMIT_TO_REF")
    assert "acme/unknown:1" in run(["hook", "run"])[1]
    monkeypatch.delenv("PRE_COMMIT_REMOTE_NAME")
    # Nobody pushes: all of HEAD.
    assert "acme/unknown:1" in run(["hook", "run"])[1]
    assert run(["hook", "run", "origin", "../remote.git"])[0] == 0


def test_a_repository_with_sha256_names(work: Work) -> None:
    root = work.root / "long"
    subprocess.run(["git", "init", "-q", "-b", "main", "--object-format=sha256", root], check=True)
    long = Work(work.bench, root)
    remote = ["git", "init", "-q", "--bare", "--object-format=sha256", root / "remote.git"]
    subprocess.run(remote, check=True)
    long.git("remote", "add", "origin", "remote.git")
    (root / ".git" / "info" / "exclude").write_text("remote.git\n")
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    (root / ".git/hooks/pre-push").symlink_to(work.root / ".git/hooks/pre-push")
    long.commit(Dockerfile="FROM acme/unknown:1\n")
    assert "acme/unknown:1" in long.push(code=1)


class TestInstall:
    def test_a_hook_that_is_there_is_kept_and_runs_first(self, work: Work) -> None:
        run(["hook", "uninstall"])
        hook = work.root / ".git/hooks/pre-push"
        hook.write_text("#!/bin/sh\ncat >seen\necho before\n")
        hook.chmod(0o755)
        assert run(["hook", "install"])[0] == 0
        assert run(["hook", "install"])[0] == 0
        said = work.push()
        assert said.index("before") < said.index("PASS")
        assert (work.root / "seen").read_text().startswith("refs/heads/main ")
        hook.with_name("pre-push.before-patchgate").write_text("#!/bin/sh\nexit 9\n")
        work.commit(Dockerfile="FROM acme/unknown:1\n")
        assert "unknown" not in work.push(code=1)
        assert run(["hook", "uninstall"])[0] == 0
        assert hook.read_text() == "#!/bin/sh\nexit 9\n"
        assert run(["hook", "uninstall"])[0] == 2

    def test_core_hooks_path_counts(self, work: Work) -> None:
        run(["hook", "uninstall"])
        work.git("config", "core.hooksPath", ".githooks")
        assert run(["hook", "install"])[0] == 0
        assert (work.root / ".githooks/pre-push").is_file()
        assert "1 PASS" in work.push()

    def test_a_folder_that_others_share_needs_a_word(self, work: Work) -> None:
        run(["hook", "uninstall"])
        work.git("config", "core.hooksPath", "../shared-hooks")
        code, _, err = run(["hook", "install"])
        assert code == 2
        assert "--shared" in err
        assert run(["hook", "install", "--shared"])[0] == 0
        assert "1 PASS" in work.push()

    def test_two_hooks_that_would_be_kept_are_not_lost(self, work: Work) -> None:
        hooks = work.root / ".git/hooks"
        (hooks / "pre-push").write_text("#!/bin/sh\n")
        (hooks / "pre-push.before-patchgate").write_text("#!/bin/sh\n")
        code, _, err = run(["hook", "install"])
        assert code == 2
        assert "would be lost" in err

    def test_without_patchgate_no_push_is_judged_and_none_goes(self, work: Work) -> None:
        (work.bench.root / "patchgate").unlink()
        said = work.push(code=1)
        assert "patchgate is not installed" in said

    def test_outside_of_a_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        code, _, err = run(["hook", "install"])
        assert code == 2
        assert "not in a Git repository" in err
