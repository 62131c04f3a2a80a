"""Each hostile input ends in the verdict it must have, in bounded time and memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.advisories.ingest import import_paths
from tests.advisories.zips import write_zip
from tests.cli.bad_inputs import NOW, Bench, sound
from tests.hostile import databases, images, languages, situations
from tests.hostile.measured import Measured, Outcome

ARCHIVES = {name: rest for name, *rest in (*images.CASES, *databases.CASES, *languages.CASES)}
SITUATIONS = {name: rest for name, *rest in situations.SITUATIONS}
SECONDS = 10
"""No input may take longer; most take milliseconds."""
MEMORY = 512 << 20


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    process = Measured(tmp_path_factory.mktemp("measured"))
    yield process
    process.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("bench"))


def prepare(place: Path) -> Path:
    """Return a sound bench whose store answers for everything that the cases hold."""
    bench = sound(place)
    for record in situations.ECOSYSTEMS:
        ecosystem = record["affected"][0]["package"]["ecosystem"]
        source = f"{ecosystem.partition(':')[0]}-more"
        write_zip(bench.root / "osv" / source / "all.zip", record)
    import_paths(bench.store, [bench.root / "osv"], now=datetime(2026, 11, 1, tzinfo=UTC))
    return bench.root


@pytest.fixture
def bench(prepared: Path, tmp_path: Path) -> Bench:
    return Bench(Path(shutil.copytree(prepared, tmp_path / "b")))


def check(bench: Bench, measured: Measured, environment: dict[str, str]) -> Outcome:
    arguments = [
        "check", bench.target, "--db", str(bench.store), "--now", NOW, "--cache", "off",
        "--evidence", str(bench.evidence), "--key", str(bench.key),
        "-o", f"json={bench.root / 'result.json'}", *bench.arguments,
    ]  # fmt: skip
    return measured.run(arguments, environment)


def judge(bench: Bench, outcome: Outcome, expected: int, said: str) -> None:
    """Hold an outcome against what it must be."""
    assert (outcome.code, outcome.out) == (expected, ""), outcome.err[:2000]
    assert "Traceback" not in outcome.err
    assert len(outcome.err) < 2000
    notes = ""
    if (bench.root / "result.json").exists():
        result = json.loads((bench.root / "result.json").read_bytes())
        notes = json.dumps([result["coverage"]["notes"], result["reasons"]])
    assert said in outcome.err + notes, (outcome.err + notes)[:2000]
    assert outcome.seconds < SECONDS
    assert outcome.peak <= MEMORY


def files(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file()}


def test_no_two_cases_have_one_name() -> None:
    listed = (*images.CASES, *databases.CASES, *languages.CASES, *situations.SITUATIONS)
    assert len({name for name, *_ in listed}) == len(listed)


def test_there_is_a_case_for_every_number() -> None:
    numbers = {name.split(" ")[0] for name in (*ARCHIVES, *SITUATIONS)}
    assert [n for n in range(1, 66) if str(n) not in numbers] == []


@pytest.mark.parametrize("name", list(ARCHIVES))
def test_archive(bench: Bench, measured: Measured, name: str) -> None:
    build, expected, said = ARCHIVES[name]
    bench.archive(build())
    before = files(bench.root)
    outcome = check(bench, measured, {})
    judge(bench, outcome, expected, said)
    places = {path.relative_to(bench.root).parts[0] for path in files(bench.root) - before}
    assert places <= {"result.json", "evidence", "db"}


@pytest.mark.parametrize("name", list(SITUATIONS))
def test_situation(bench: Bench, measured: Measured, name: str) -> None:
    situation, expected, said = SITUATIONS[name]
    with contextmanager(situation)(bench) as environment:
        outcome = check(bench, measured, environment)
    judge(bench, outcome, expected, said)


def test_the_measure_sees_what_a_run_takes(measured: Measured) -> None:
    """A child that is asked for much memory is seen to take it."""
    outcome = measured.run(["--version"])
    assert (outcome.code, outcome.err) == (0, "")
    assert 1 << 20 < outcome.peak < 200 << 20
    assert replace(outcome, peak=0).seconds < 2
