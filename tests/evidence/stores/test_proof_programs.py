"""The short forms of `make prove-evidence`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.proof.concurrency import at_once
from tests.evidence.proof.mutation import prove

REPOSITORY = Path(__file__).resolve().parents[3]


def test_every_some_bits_count() -> None:
    found = prove(runs=6, every=211, whole=3, workers=1)
    assert sum(found.values()) > 1000
    assert {"V01", "V04", "V05"} <= set(" ".join(found).split())


@pytest.mark.parametrize("arguments", [[], ["--errors"]], ids=["killed", "failed"])
def test_calls_that_are_the_last_or_fail(arguments: list[str]) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: kills and failures inside the C library are not tested")
    done = subprocess.run(
        [sys.executable, "-m", "tests.evidence.proof.crash", "--every", "41", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "each run once afterwards" in done.stdout


@pytest.mark.parametrize("kind", ["folder", "bucket", "database"])
def test_many_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = str(tmp_path / "store") if kind == "folder" else request.getfixturevalue(kind)
    assert at_once(str(url), processes=6, runs=4) > 0
