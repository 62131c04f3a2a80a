"""Completion: the script of each shell, and the answers to it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def ask(*words: str, shell: str = "bash") -> tuple[int, str]:
    env = os.environ | {
        "_PATCHGATE_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gate.cli"], env=env, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_us(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gate.cli", "completion", shell],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"_PATCHGATE_COMPLETE={shell}_complete" in done.stdout


def test_commands_and_options_are_completed() -> None:
    assert ask("patchgate", "che") == (0, "plain,check\n")
    assert ask("patchgate", "evidence", "ver") == (0, "plain,verify\n")
    assert ask("patchgate", "check", "--exit") == (0, "plain,--exit-code-on-warn\n")


def test_targets_and_policies_are_files() -> None:
    assert ask("patchgate", "check", "ima") == (0, "file,ima\n")
    assert ask("patchgate", "check", "--policy", "pol") == (0, "file,pol\n")


def test_bash_takes_the_script() -> None:
    script = f'eval "$({sys.executable} -m gate.cli completion bash)"; complete -p patchgate'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (
        0, "complete -o nosort -F _patchgate_completion patchgate",
    )  # fmt: skip
