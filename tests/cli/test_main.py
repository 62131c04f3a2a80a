"""The command itself: fast to start, clear when it cannot go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate import __version__
from tests.cli.bad_inputs import Bench, run, sound

PATCHGATE = [sys.executable, "-c", "from gate.cli.main import entry; entry()"]


def test_the_version() -> None:
    assert run(["--version"]) == (0, f"patchgate, version {__version__}\n", "")


def test_the_version_needs_nothing_heavy() -> None:
    """Counted in modules and not in milliseconds: the machine may be slow."""
    heavy = "requests docker cryptography yaml msgspec sqlite3 zstandard packageurl gate.sources"
    script = (
        "import sys; from gate.cli.main import _run; _run(['--version']); "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "No such command 'chek'"),
        (["check"], "Missing argument 'TARGET'"),
        (["check", "x", "--limit", "size=1"], "sets no limit"),
        (["check", "x", "-o", "json", "-o", "table"], "only one output"),
        (["check", "x", "--now", "soon"], "is not a time"),
        (["check", "--frobnicate", "x"], "No such option"),
    ],
)
def test_usage_errors(arguments: list[str], said: str) -> None:
    code, out, err = run(arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_reader_that_goes_away_is_no_pass(tmp_path: Path) -> None:
    bench: Bench = sound(tmp_path)
    read, write = os.pipe()
    os.close(read)
    arguments = ["check", bench.target, "--db", str(bench.store), "--key", str(bench.key)]
    arguments += ["--evidence", str(bench.evidence), "--now", "2026-11-02"]
    done = subprocess.run(
        [*PATCHGATE, *arguments], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr


def test_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gate.cli.main.main.main", interrupted)
    code, _, err = run(["check", "x"])
    assert (code, err) == (130, "patchgate: interrupted\n")


@pytest.mark.parametrize("name", ["result", "policy"])
def test_schemas(name: str) -> None:
    code, out, _ = run(["schema", name])
    assert code == 0
    assert '"$schema": "https://json-schema.org/draft/2020-12/schema"' in out
