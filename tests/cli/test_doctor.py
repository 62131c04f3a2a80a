"""`patchgate doctor`: what is missing is named, with the next step."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.bad_inputs import NOW, Bench, run, sound

# The Docker library leaves a socket open where nobody answers.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True)
def sockets() -> Iterator[None]:
    yield
    gc.collect()  # within this module's filters, not in a test to come


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "PATCHGATE_POLICY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    return sound(tmp_path)


def doctor(bench: Bench, *changes: str) -> tuple[int, dict[str, str]]:
    code, out, err = run(
        ["doctor", "--db", str(bench.store), "--key", str(bench.key), "--now", NOW,
         "--evidence", str(bench.evidence), *changes]
    )  # fmt: skip
    assert err == ""
    lines = [line.split(None, 2) for line in out.splitlines()]
    return code, {part: f"{level} {rest}" for level, part, rest in lines}


def test_all_is_there(bench: Bench) -> None:
    code, found = doctor(bench)
    assert code == 0
    assert found["policy"].startswith("warn 'default' from built-in")
    assert found["advisories"] == "ok Debian: 2, 1 day old"
    assert found["key"].startswith("ok ")
    assert found["evidence"].startswith("ok ")
    assert found["docker"].startswith("warn no daemon answers")
    assert found["clock"] == "ok 2026-11-02 00:00 UTC"


def test_no_advisories(bench: Bench) -> None:
    code, found = doctor(bench, "--db", str(bench.root / "none"))
    assert code == 1
    assert found["advisories"].startswith("fail there are no advisories yet")
    assert "patchgate db" in found["advisories"]


def test_old_advisories(bench: Bench) -> None:
    assert doctor(bench, "--now", "2026-11-03T12:00:00Z")[1]["advisories"].startswith("warn")
    code, found = doctor(bench, "--now", "2026-11-10")
    assert (code, found["advisories"][:4]) == (1, "fail")
    assert found["advisories"].endswith("→ patchgate db update Debian")


def test_no_key(bench: Bench) -> None:
    code, found = doctor(bench, "--key", str(bench.root / "none.pem"))
    assert code == 1
    assert found["key"].startswith("fail there is no signing key")
    (bench.root / "patchgate.yaml").write_text("version: 1\nevidence: optional\n")
    code, found = doctor(bench, "--key", str(bench.root / "none.pem"))
    assert code == 0
    assert found["policy"] == "ok 'default' from patchgate.yaml"


def test_a_clock_that_cannot_be_right(bench: Bench) -> None:
    code, found = doctor(bench, "--now", "1970-01-02")
    assert code == 1
    assert "cannot be right" in found["clock"]


def test_an_evidence_folder_that_is_a_file(bench: Bench) -> None:
    (bench.root / "file").write_text("")
    code, found = doctor(bench, "--evidence", str(bench.root / "file"))
    assert (code, found["evidence"].split()[0]) == (1, "fail")
