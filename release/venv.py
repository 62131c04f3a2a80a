"""A clean environment with the locked dependencies: what is shipped holds nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from release.moment import ROOT

_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")


def locked(lock: str) -> list[str]:
    """Return pip's arguments for a file of `requirements/`: every archive held against its hash."""
    return [*_PIP, "--require-hashes", "-r", str(ROOT / "requirements" / lock)]


def make_venv(place: Path, lock: str) -> Path:
    """Make an environment at `place` with what `lock` names; return its Python."""
    shutil.rmtree(place, ignore_errors=True)
    run(sys.executable, "-m", "venv", str(place))
    python = place / "bin" / "python"
    run(str(python), *locked(lock))
    return python


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; what it prints is shown where it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:6])} … failed:\n{done.stdout}{done.stderr}")
