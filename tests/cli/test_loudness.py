"""-q, -v and progress: what is said beside results, and to whom."""

from __future__ import annotations

import io
import time
from pathlib import Path

import click
import pytest

from gate.cli import loudness
from tests.cli.bad_inputs import NOW, Bench, run, sound


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PATCHGATE_POLICY", raising=False)
    monkeypatch.delenv(loudness.DEBUG, raising=False)
    return sound(tmp_path)


def arguments(bench: Bench) -> list[str]:
    return [
        "check", bench.target, "--db", str(bench.store), "--now", NOW,
        "--evidence", str(bench.evidence), "--key", str(bench.key),
    ]  # fmt: skip


def test_verbose_tells_each_step_and_changes_no_result(bench: Bench) -> None:
    code, out, _err = run(arguments(bench))
    again = run([*arguments(bench), "-v"])
    assert again[0] == code
    assert again[1].splitlines()[:3] == out.splitlines()[:3]
    steps = [line.split(" s  ", 1)[1] for line in again[2].splitlines() if " s  " in line]
    assert [text.split()[0] for text in steps] == ["reading", "asking", "matching", "recording"]
    assert "2 components" in steps[0]


def test_quiet_is_one_line(bench: Bench) -> None:
    code, out, err = run([*arguments(bench), "-q"])
    assert out.count("\n") == 1
    assert out.startswith("patchgate: ")
    assert out.endswith(f"[exit {code}]\n")
    assert err == ""


def test_quiet_with_a_file_says_nothing_unless_nothing_was_judged(bench: Bench) -> None:
    file = bench.root / "result.json"
    assert run([*arguments(bench), "-q", "-o", f"json={file}"])[1:] == ("", "")
    assert file.exists()
    missing = run([*arguments(bench), "-q", "-o", f"json={file}", "--db", "none"])
    assert missing[0] == 4
    assert "INDETERMINATE" in missing[2]


def test_quiet_and_verbose_contradict(bench: Bench) -> None:
    code, out, err = run([*arguments(bench), "-q", "-v"])
    assert (code, out) == (2, "")
    assert "contradict" in err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_sees_what_takes_long_and_then_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(loudness, "_PATIENCE", 0.01)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with click.Context(click.Command("check")), loudness.step("reading \x1b[31mimage.tar"):
        time.sleep(0.1)
    shown = terminal.getvalue()
    assert "image.tar … 0 s" in shown
    assert "\x1b[31m" not in shown
    assert shown.endswith("\r\x1b[K")


def test_nobody_is_told_of_what_is_quick_or_where_nobody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with click.Context(click.Command("check")), loudness.step("reading"):
        pass
    assert terminal.getvalue() == ""
    monkeypatch.setattr(loudness, "_PATIENCE", 0.0)
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    with click.Context(click.Command("check")), loudness.step("reading"):
        time.sleep(0.05)
    assert pipe.getvalue() == ""
