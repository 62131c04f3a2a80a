"""The references that scripts/compare_versions.py asks, on a few pairs: they must not rot unseen.

Those that need a package are skipped by name where it is not installed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "compare_versions.py"
PLAIN = ["bitnami", "cran", "freebsd", "hackage", "nuget", "opam", "pub"]
INSTALLED = ["apk", "dpkg", "maven", "packagist", "pacman", "pep440", "rpm", "rubygems", "semver"]


def compare(scheme: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), scheme, "300", "--seed", "7"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("scheme", PLAIN)
def test_keys_order_as_the_plain_rules_do(scheme: str) -> None:
    done = compare(scheme)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DISAGREE" not in done.stdout


@pytest.mark.parametrize("scheme", INSTALLED)
def test_keys_order_as_the_installed_reference_does(scheme: str) -> None:
    done = compare(scheme)
    if done.returncode == 2:
        pytest.skip(f"{scheme} was not compared: {done.stdout.splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr
