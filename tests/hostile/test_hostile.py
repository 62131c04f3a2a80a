"""Each hostile input ends in the verdict it must have, in bounded time and memory."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import pytest

from tests.cli.bad_inputs import Bench, check, sound
from tests.hostile import databases, images

CASES = {name: rest for name, *rest in (*images.CASES, *databases.CASES)}
SECONDS = 10
"""No input may take longer; most take milliseconds."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return sound(tmp_path)


def test_no_two_cases_have_one_name() -> None:
    assert len(CASES) == len(images.CASES) + len(databases.CASES)


@pytest.mark.parametrize("name", list(CASES))
def test_case(bench: Bench, name: str) -> None:
    build, expected, said = CASES[name]
    bench.archive(build())
    before = {path for path in bench.root.rglob("*") if path.is_file()}
    begin = time.process_time()
    code, out, err = check(bench)
    assert time.process_time() - begin < SECONDS
    assert (code, out) == (expected, ""), err[:2000]
    assert "Traceback" not in err
    assert len(err) < 2000
    notes = ""
    if (bench.root / "result.json").exists():
        result = json.loads((bench.root / "result.json").read_bytes())
        notes = json.dumps([result["coverage"]["notes"], result["reasons"]])
    assert said in err + notes, (err + notes)[:2000]
    after = {path for path in bench.root.rglob("*") if path.is_file()} - before
    places = {path.relative_to(bench.root).parts[0] for path in after}
    assert places <= {"result.json", "evidence", "db"}


def test_the_memory_of_all_of_them_stays_bounded() -> None:
    """512 MiB for the gate, and what the fixtures of this process themselves hold."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert peak < 1536 << 20
