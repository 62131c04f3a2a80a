"""A push to a bare repository, with the hook installed by pre-commit."""

from __future__ import annotations

import subprocess

from tests.cli.bad_inputs import Bench
from tests.clients.conftest import find, git, run
from tests.conftest import REPOSITORY


def test_a_push_that_names_an_unknown_image_is_stopped(bench: Bench) -> None:
    client = find("pre-commit", "the pre-commit hook is")
    work = bench.root / "work"
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.strip()
    config = f"repos: [{{repo: '{REPOSITORY}', rev: {commit}, hooks: [{{id: patchgate}}]}}]\n"
    (work / ".pre-commit-config.yaml").write_text(config)
    (work / "Dockerfile").write_text("FROM scratch\n")
    git(bench.root, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(work, "remote", "add", "origin", "../remote.git")
    git(work, "add", "--all")
    git(work, "commit", "-qm", "x")
    home = {"HOME": str(bench.root), "PATCHGATE_DB": str(bench.store)}
    code, said = run([client, "install", "--hook-type", "pre-push"], work, **home)
    assert code == 0, said
    code, said = run(["git", "push", "origin", "main"], work, **home)
    assert code == 0, said
    assert "touches no file that names an image" in said
    (work / "Dockerfile").write_text("FROM acme/unknown:1\n")
    git(work, "commit", "-qam", "y")
    # The work tree has something else by now.
    (work / "Dockerfile").write_text("FROM scratch\n")
    code, said = run(["git", "push", "origin", "main"], work, **home)
    assert code == 1, said
    assert "NOT JUDGED    acme/unknown:1  Dockerfile:1" in said
    git(work, "switch", "-q", "-c", "topic")
    code, said = run(["git", "push", "--delete", "origin", "topic"], work, **home)
    assert "NOT JUDGED" not in said
