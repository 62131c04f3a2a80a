"""Programs of others that our files are for: run where they are, skipped with a word where not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from tests.cli.bad_inputs import Bench, sound
from tests.cli.test_check import PATIENT, old_openssl
from tests.conftest import REPOSITORY
from tests.serving import serving_on_a_free_port

CLIENTS = REPOSITORY / ".clients"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def find(name: str, what: str) -> str:
    """Return the path of a program, or skip the test and say what is not tested."""
    place = f"{CLIENTS / 'bin'}{os.pathsep}{os.environ['PATH']}"
    found = shutil.which(name, path=place)
    if found is None:
        pytest.skip(f"no {name} here (scripts/install-test-clients brings it): {what} not tested")
    return found


def run(command: list[str | Path], folder: Path, **environment: str) -> tuple[int, str]:
    """Run a program; return its exit code and all that it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


def git(folder: Path, *arguments: str) -> str:
    """Run Git, and let it succeed."""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    code, said = run(["git", *identity, *arguments], folder)
    assert code == 0, said
    return said


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A store, a key, and beside them `work`: a repository with a good and an old image."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
        del os.environ[name]
    bench = sound(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    shutil.copy(bench.target, work / "good.tar")
    old_openssl(bench)
    shutil.copy(bench.target, work / "old.tar")
    (work / "patchgate.yaml").write_text(PATIENT)
    git(work, "init", "-q", "-b", "main")
    return bench


@pytest.fixture
def mirror(bench: Bench) -> Iterator[str]:
    """Where the advisories of the bench are served as OSV does."""
    silent = type("Silent", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with serving_on_a_free_port(partial(silent, directory=str(bench.root / "osv"))) as port:
        yield f"http://127.0.0.1:{port}"
