"""The ledger of first sights: append-only, chained, and only what this key has signed counts."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import EvidenceError, VerificationError
from gate.evidence.keys import Ed25519Signer, generate, load_private
from gate.evidence.sightings import SightingLedger, append, earliest
from gate.policy.context import Sighting, Sightings

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SIGNER = load_private(generate(None).private_pem, None)
A, B = "CVE-2026-0001 pkg:deb/debian/openssl", "CVE-2026-0002 pkg:deb/debian/curl"
NAMES = {"CVE-2026-0001", "CVE-2026-0002"}


def ledger(tmp_path: Path, signer: Ed25519Signer = SIGNER) -> SightingLedger:
    return SightingLedger(tmp_path / "shared" / "first-sights.jsonl", [signer.verifying_key])


def saw(
    kept: SightingLedger,
    day: int,
    *keys: str,
    system: str = "app",
    fixed: bool = False,
    signer: Ed25519Signer = SIGNER,
) -> bool:
    at = START + day * DAY
    seen = {key: Sighting(flaw=at, here=at, fix=at if fixed else None) for key in keys}
    return append(kept, signer, system, at, seen)


def read(kept: SightingLedger, day: int, system: str = "app") -> Sightings:
    return kept.read(system, NAMES, START + day * DAY)


def test_the_first_look_is_not_bounded_and_the_next_is(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    assert read(kept, 0) == Sightings()
    assert saw(kept, 0, A)
    assert saw(kept, 2, B, fixed=True)
    found = read(kept, 3)
    assert found.seen[A] == Sighting(flaw=START, here=START)
    assert found.seen[B] == Sighting(
        flaw=START + 2 * DAY,
        after=START,
        fix=START + 2 * DAY,
        fix_after=START,
        here=START + 2 * DAY,
    )
    assert (found.looked, found.head in kept.digests()) == (START + 2 * DAY, True)
    assert read(kept, 2).seen.keys() == {A}  # what is later than the run has not happened yet


def test_another_system_shares_the_first_sight_and_not_its_own(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    saw(kept, 0, A)
    assert read(kept, 5, system="other") == Sightings(
        head=read(kept, 5).head, seen={A: Sighting(flaw=START)}
    )
    saw(kept, 5, A, system="other")
    found = read(kept, 6, system="other").seen[A]
    assert (found.flaw, found.here) == (START, START + 5 * DAY)


def test_runs_for_an_earlier_time_count_in_the_order_of_their_times(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    saw(kept, 9, A, B)
    saw(kept, 2, A)
    found = read(kept, 20)
    assert found.seen[A] == Sighting(flaw=START + 2 * DAY, here=START + 2 * DAY)
    assert found.seen[B].after == START + 2 * DAY
    assert found.looked == START + 9 * DAY


def test_nothing_new_adds_no_line_and_the_same_run_is_there_once(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    assert saw(kept, 0, A)
    before = kept.path.read_bytes()
    assert not saw(kept, 0, A)
    assert not saw(kept, 1)
    assert kept.path.read_bytes() == before
    assert saw(kept, 1, B)
    assert kept.path.read_bytes().startswith(before)


def test_lines_of_another_key_say_nothing(tmp_path: Path) -> None:
    other = load_private(generate(None).private_pem, None)
    kept = ledger(tmp_path)
    saw(kept, 0, A, signer=other)
    saw(kept, 1, B)
    assert read(kept, 2).seen.keys() == {B}
    assert read(ledger(tmp_path, other), 2).seen.keys() == {A}


def test_what_is_altered_taken_out_or_cut_is_seen(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    for day, key in ((0, A), (1, B), (2, "CVE-3 pkg:deb/x")):
        saw(kept, day, key)
    lines = kept.path.read_bytes().splitlines(keepends=True)
    envelope = json.loads(lines[1])
    payload = b64decode(envelope["payload"]).replace(b"2026-03-02", b"2026-03-09")
    envelope["payload"] = b64encode(payload).decode()
    altered = json.dumps(envelope, separators=(",", ":")).encode() + b"\n"
    broken = {
        "altered": [lines[0], altered, lines[2]],
        "taken out": [lines[0], lines[2]],
        "exchanged": [lines[1], lines[0], lines[2]],
        "torn": [lines[0], lines[1][:-20]],
        "no line": [lines[0], b"{}\n"],
    }
    for parts in broken.values():
        kept.path.write_bytes(b"".join(parts))
        with pytest.raises(VerificationError, match=r"is damaged in line [123]"):
            read(kept, 5)
        with pytest.raises(EvidenceError, match="is damaged"):
            saw(kept, 5, "CVE-4 pkg:deb/x")
        assert kept.path.read_bytes() == b"".join(parts)


sights = st.builds(
    lambda flaw, after, fix, here: Sighting(
        flaw=START + flaw * DAY,
        after=START + (flaw - after) * DAY if after else None,
        fix=START + (flaw + fix) * DAY if fix is not None else None,
        here=START + (flaw + here) * DAY if here is not None else None,
    ),
    st.integers(0, 99),
    st.integers(0, 9),
    st.none() | st.integers(0, 9),
    st.none() | st.integers(0, 9),
)


@given(sights, sights)
@settings(max_examples=200)
def test_a_second_sight_never_makes_a_date_later(one: Sighting, other: Sighting) -> None:
    joined = earliest(one, other)
    assert joined.flaw == min(one.flaw, other.flaw)
    for part in ("fix", "here"):
        known = [v for v in (getattr(one, part), getattr(other, part)) if v is not None]
        assert getattr(joined, part) == (min(known) if known else None)
    again = earliest(other, one)
    assert (again.flaw, again.fix, again.here) == (joined.flaw, joined.fix, joined.here)
