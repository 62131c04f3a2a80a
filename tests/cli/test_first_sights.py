"""First sights across runs: undated advisories, fresh runners, damaged and exchanged ledgers."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.advisories.ingest import import_paths
from tests.advisories.zips import record, write_zip
from tests.cli.bad_inputs import Bench, run
from tests.cli.test_since import at, bench  # noqa: F401 - a fixture


def undated(name: str, fixed: str = "3.0.8-1") -> Any:
    found = record(name, name="openssl")
    found["affected"][0]["ranges"][0]["events"][1]["fixed"] = fixed
    return found


def advisories(where: Bench, day: int, *names: str) -> None:
    """Build the store anew, from nothing, as of a day of November."""
    shutil.rmtree(where.store)
    source = where.root / f"osv-{day}"
    stamp = f"2026-11-{day:02}T00:00:00Z"
    records = [{**undated(name), "modified": stamp} for name in names]
    write_zip(source / "Debian" / "all.zip", *records)
    import_paths(where.store, [source], now=datetime(2026, 11, day, tzinfo=UTC))


@pytest.fixture
def started(bench: Bench) -> Bench:  # noqa: F811 - the fixture
    """Two runs: DSA-8, which no record dates, is there from the second one on.

    Afterwards every record is changed, and the store is built anew from nothing.
    """
    advisories(bench, 1, "DSA-7")
    at(bench, "2026-11-02")
    advisories(bench, 3, "DSA-7", "DSA-8")
    at(bench, "2026-11-04")
    advisories(bench, 9, "DSA-7", "DSA-8")
    return bench


def finding(result: dict[str, Any], name: str = "DSA-8") -> dict[str, Any]:
    return next(one for one in result["findings"] if one["id"] == name)


def test_a_record_that_is_changed_restarts_no_clock(started: Bench) -> None:
    result = at(started, "2026-11-10")
    new, old = finding(result), finding(result, "DSA-7")
    assert (new["clock"], new["due"]) == ("first_observed", "2026-11-18T00:00:00Z")
    assert (new["dates"]["accuracy"], new["dates"]["undated"]) == (
        "bounded",
        ["published", "fix_available"],
    )
    assert new["dates"]["published"] == "2026-11-09T00:00:00Z"
    assert new["dates"]["fix_first_observed"] == "2026-11-04T00:00:00Z"
    assert (old["clock"], old["due"]) == ("first_observed", "2026-11-16T00:00:00Z")
    assert old["dates"]["accuracy"] == "at-latest"


def test_it_survives_every_rebuild_of_the_store(started: Bench) -> None:
    for day in (9, 12, 17):
        advisories(started, day, "DSA-7", "DSA-8")
        found = finding(at(started, f"2026-11-{day + 1:02}"))
        assert (found["clock"], found["due"]) == ("first_observed", "2026-11-18T00:00:00Z")


def test_a_fresh_runner_with_the_shared_ledger_restarts_no_clock(started: Bench) -> None:
    shared = started.root / "shared"
    shared.mkdir()
    (shared / "first-sights.jsonl").write_bytes(
        (started.evidence / "first-sights" / "first-sights.jsonl").read_bytes()
    )
    fresh = ["--evidence", str(started.root / "fresh"), "--first-sights", str(shared)]
    found = finding(at(started, "2026-11-10", *fresh))
    assert (found["clock"], found["due"]) == ("first_observed", "2026-11-18T00:00:00Z")
    assert found["dates"]["first_seen"] == "2026-11-04T00:00:00Z"
    found = finding(at(started, "2026-11-20", *fresh))
    assert (found["state"], found["days_over"]) == ("overdue", 2)


def test_a_fresh_runner_without_it_has_the_dates_of_the_records(started: Bench) -> None:
    fresh = ["--evidence", str(started.root / "fresh")]
    found = finding(at(started, "2026-11-10", *fresh))
    assert (found["clock"], found["due"]) == ("published", "2026-11-23T00:00:00Z")
    assert found["dates"]["accuracy"] == "at-latest"


def test_a_ledger_that_is_cut_or_damaged_is_said_and_not_added_to(started: Bench) -> None:
    path = started.evidence / "first-sights" / "first-sights.jsonl"
    whole = path.read_bytes()
    at(started, "2026-11-10")  # it names the last line
    for broken, said in ((b"", "was cut or replaced"), (whole[:-9] + b"\n", "is damaged")):
        path.write_bytes(broken)
        result = at(started, "2026-11-11")
        assert any(said in warning for warning in result["warnings"]), result["warnings"]
        assert path.read_bytes() == broken
        # What the run before recorded of it still counts: its record is signed.
        assert finding(result)["due"] == "2026-11-18T00:00:00Z"
    path.write_bytes(whole)
    assert finding(at(started, "2026-11-12"))["due"] == "2026-11-18T00:00:00Z"


def test_it_replays_without_the_ledger(started: Bench) -> None:
    before = set(started.evidence.glob("*.intoto.jsonl"))
    at(started, "2026-11-10")
    (kept,) = set(started.evidence.glob("*.intoto.jsonl")) - before
    (started.evidence / "first-sights" / "first-sights.jsonl").unlink()
    trust = ["--trust", str(started.key.with_suffix(".pub.pem"))]
    code, out, err = run(["evidence", "replay", str(kept), *trust])
    assert (code, "again, byte for byte" in out) == (0, True), err
    assert run(["evidence", "verify", *trust, str(Path(started.evidence))])[0] == 0


def test_without_a_file_each_record_carries_the_sights_on(
    started: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where evidence is in an object store or a database."""
    monkeypatch.setattr("gate.cli.recorded_by.sights_file", lambda given, evidence: None)
    shutil.rmtree(started.evidence / "first-sights")
    for day in (10, 12, 15):
        result = at(started, f"2026-11-{day}")
        found = finding(result)
        assert (found["clock"], found["due"]) == ("first_observed", "2026-11-18T00:00:00Z")
        assert not [warning for warning in result["warnings"] if "first sights" in warning]
    assert not (started.evidence / "first-sights").exists()
