"""Measure the evidence ledger at the size of a million runs.

    python -m benchmarks.evidence [--short] [--size N] [--json FILE]

A ledger of N entries is made without waiting for the disk.  Then runs are recorded
into it, by one process and by several, each with all of its attachments; beside it is
what the same disk takes for the least that a durable record needs: two files that are
written, flushed, renamed, and their folders flushed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.figures import Figure, show
from benchmarks.ledgers import large, run_id
from gate.evidence.durable import write_file
from gate.evidence.extension import RunVerdict
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.proof import prove_run
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import read_snapshot, verify_folder, verify_records
from gate.evidence.verify_ledger import verify_ledger
from tests.evidence.conftest import facts_of

REPOSITORY = Path(__file__).resolve().parent.parent
PLACE = REPOSITORY / ".patchgate" / "bench"
MILLION = 1_000_000
PROCESSES = 8

T = TypeVar("T")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="a ledger of 20,000 entries")
    parser.add_argument("--size", type=int, help="entries of the ledger (else 1,000,000)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    size = arguments.size or (20_000 if arguments.short else MILLION)
    found = figures(size, seconds=2 if arguments.short else 20)
    show(found)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(figure) for figure in found], indent=1))
    return 0


def figures(size: int, seconds: float) -> list[Figure]:
    """Return what was measured with a ledger of `size` entries."""
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ledger-", dir=PLACE) as name:
        folder = Path(name)
        ledger = large(folder, size, signer)
        return [
            _verifying(ledger, size, signer),
            _proving(ledger, size, signer),
            *_appending(folder, size, signer, seconds),
            _records(signer, folder / "records", 300 if size < MILLION else 3000),
        ]


def _verifying(ledger: Path, size: int, signer: Ed25519Signer) -> Figure:
    took, report = _timed(lambda: verify_ledger(ledger, [signer.verifying_key]))
    if not report.ok or len(report.entries) != size:
        raise RuntimeError("the ledger does not verify")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Figure(
        f"verify a ledger of {size:,} entries",
        f"{took:.2f} s, {memory} MiB at most, one process",
        "60 s for 1,000,000 on 2 cores",
    )


def _proving(ledger: Path, size: int, signer: Ed25519Signer) -> Figure:
    times = []
    for number in range(0, size, size // 20):
        took, proof = _timed(lambda: prove_run(ledger, run_id(number), [signer.verifying_key]))  # noqa: B023 - called at once
        if proof.number != number:
            raise RuntimeError("another entry is proven")
        times.append(took)
    times.sort()
    return Figure(
        f"prove one run of {size:,}",
        f"{times[len(times) // 2] * 1e3:.1f} ms median, {times[-1] * 1e3:.1f} ms at most",
        "50 ms",
    )


def _appending(folder: Path, size: int, signer: Ed25519Signer, seconds: float) -> list[Figure]:
    found = []
    for processes in (1, PROCESSES):
        least = _together(processes, seconds / 4, lambda number: _least(folder, number))
        rate = _together(
            processes,
            seconds,
            lambda number: _recording(folder, number, processes, signer),  # noqa: B023
        )
        least += _together(processes, seconds / 4, lambda number: _least(folder, number))
        found.append(
            Figure(
                f"record runs in a ledger of {size:,}, {processes} at once",
                f"{rate:,.0f} runs/s",
                "200 runs/s",
                f"two durable files, nothing else: {least / 2:,.0f}/s "
                f"(ratio {least / 2 / rate:.1f})",
            )
        )
    report = verify_ledger(folder / FOLDER, [signer.verifying_key])
    if not report.ok:
        raise RuntimeError("the ledger does not verify after what was appended")
    return found


def _recording(
    folder: Path, process: int, processes: int, signer: Ed25519Signer
) -> Callable[[int], None]:
    facts, store = facts_of(RunVerdict.FAIL), FolderStore(folder)

    def once(count: int) -> None:
        number = (count * processes + process) * 16 + processes
        record(msgspec.structs.replace(facts, components=number), signer, store)

    return once


def _least(folder: Path, process: int) -> Callable[[int], None]:
    places = [folder / f"least-{process}-{name}" for name in ("a", "b")]
    for place in places:
        place.mkdir(exist_ok=True)

    def once(count: int) -> None:
        for place in places:
            write_file(place / str(count % 7), bytes(3000))

    return once


def _together(
    processes: int, seconds: float, make: Callable[[int], Callable[[int], None]]
) -> float:
    """Return how many times a second `make(number)` is done by that many processes at once."""
    reader, writer = os.pipe()
    for number in range(processes):
        if os.fork() == 0:
            done = 0
            try:
                once, end = make(number), time.monotonic() + seconds
                while time.monotonic() < end:
                    once(done)
                    done += 1
            finally:
                os.write(writer, b"%d\n" % done)
                os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as counts:
        total = sum(map(int, counts))
    for _ in range(processes):
        os.wait()
    return total / seconds


def _records(signer: Ed25519Signer, folder: Path, count: int) -> Figure:
    """Time the verification of whole records: signatures, statements, attachments."""
    facts, store = facts_of(RunVerdict.FAIL), FolderStore(folder)
    for number in range(count):
        record(msgspec.structs.replace(facts, components=number), signer, store)
    trusted = [signer.verifying_key]
    took, report = _timed(lambda: verify_folder(folder, trusted))
    if not report.ok:
        raise RuntimeError("the records do not verify")
    snapshot = read_snapshot(folder, trusted)
    bare, _ = _timed(lambda: list(verify_records(folder, snapshot, trusted, blobs=False)))
    shutil.rmtree(folder)
    return Figure(
        "verify records with their ledger",
        f"{count / took:,.0f} records/s with attachments, {count / bare:,.0f} without",
    )


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


if __name__ == "__main__":
    sys.exit(main())
