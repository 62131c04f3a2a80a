"""Every bit of a ledger of 100 runs, of their records and attachments counts.

    python -m tests.evidence.proof.mutation [--runs 100] [--every N] [--whole N]

Each byte of each file is changed in each of its 8 bits, and what verification makes of
the changed file alone must be a problem with the right code.  Everything else is known
to be as it was, so that only what hangs on this file is verified anew: for a file of the
ledger the whole ledger, for a record the record against its entry, for an attachment its
digest.  Of the changes of a record every Nth (`--whole`) is verified as a whole, with its
signatures; the others are held against the digest in its entry, as verification does
first (V01).  `--every` takes every Nth bit, from another start for each file.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.evidence import entry as entries
from gate.evidence.extension import RunVerdict
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.place import below
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import Snapshot, verify_record_at
from gate.evidence.verify_ledger import verify_ledger
from tests.evidence.conftest import facts_of
from tests.evidence.places import MemoryPlace

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
TRUSTED = [SIGNER.verifying_key]
LEDGER = {
    "checkpoint": {"V05"},
    "tile/0": {"V04"},
    # The length of an entry: it ends elsewhere.  The first entry is the origin.
    "tile/entries": {"V04", "V05", "V21"},
}


def evidence(folder: Path, runs: int) -> dict[str, bytes]:
    """Record runs, and return all files but the lock, and older tiles that may be removed."""
    store = FolderStore(folder)
    facts = {verdict: facts_of(verdict) for verdict in RunVerdict}
    for number in range(runs):
        kind = list(RunVerdict)[number % 3]
        record(msgspec.structs.replace(facts[kind], components=number), SIGNER, store)
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }
    older = [p for p in files if ".p/" in p and int(p.rpartition("/")[2]) not in {runs, runs // 2}]
    return {path: content for path, content in files.items() if path not in older}


def changes(content: bytes, every: int, start: int) -> Iterator[bytes]:
    for bit in range(start % every, 8 * len(content), every):
        position = bit // 8
        changed = bytearray(content)
        changed[position] ^= 1 << (bit % 8)
        yield bytes(changed)


def altered(
    path: str, files: dict[str, bytes], snapshot: Snapshot, every: int, whole: int
) -> Counter[str]:
    """Return how many changes of a file were found with which codes; AssertionError for none."""
    place = MemoryPlace(dict(files))
    original, found = files[path], Counter[str]()
    digests = {entries.decode(one or b"").bundle for one in snapshot.ledger.entries}
    start = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big")
    for number, changed in enumerate(changes(original, every, start)):
        place.files[path] = changed
        if path.startswith(f"{FOLDER}/"):
            codes = {
                one.code.value for one in verify_ledger(below(place, FOLDER), TRUSTED).problems
            }
            allowed = next(
                codes for start, codes in LEDGER.items() if path.startswith(f"{FOLDER}/{start}")
            )
            assert codes, path
            assert codes <= allowed, (path, codes)
        elif path.startswith("blobs/"):
            # Where the digest of an attachment differs, verification says V01 (tested there).
            codes = {"V01"} if hashlib.sha256(changed).hexdigest() != path[-64:] else set()
            assert codes, path
        elif (number + start) % whole:
            codes = {"V01"} if _digest(changed) not in digests else set()
            assert codes, path
        else:
            logged = verify_record_at(place, path, snapshot, TRUSTED, blobs=False)
            codes = {one.code.value for one in logged.problems}
            # The bytes have not the digest of the entry, whatever else is wrong with them.
            assert "V01" in codes, (path, codes)
        found[" ".join(sorted(codes))] += 1
    return found


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


_given: tuple[dict[str, bytes], Snapshot, int, int]


def _work(path: str) -> Counter[str]:
    files, snapshot, every, whole = _given
    return altered(path, files, snapshot, every, whole)


def prove(runs: int, every: int, whole: int, workers: int) -> Counter[str]:
    """Return how many changes were found with which codes."""
    global _given  # noqa: PLW0603 - what forked workers are to see
    with tempfile.TemporaryDirectory() as name:
        files = evidence(Path(name), runs)
    place = MemoryPlace(files)
    report = verify_ledger(below(place, FOLDER), TRUSTED)
    assert report.ok, report.problems
    assert len(report.entries) == runs
    names = tuple(f"{entries.decode(one or b'').run_id}.intoto.jsonl" for one in report.entries)
    snapshot = Snapshot(ledger=report, names=names)
    for one in names:
        assert verify_record_at(place, one, snapshot, TRUSTED, blobs=True).ok
    _given = (files, snapshot, every, whole)
    total = Counter[str]()
    if workers == 1:
        for path in files:
            total += _work(path)
        return total
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for found in pool.imap_unordered(_work, sorted(files, key=lambda one: -len(files[one]))):
            total += found
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--whole", type=int, default=29, metavar="N")
    arguments = parser.parse_args()
    began = time.monotonic()
    total = prove(arguments.runs, arguments.every, arguments.whole, workers=2)
    print(f"{sum(total.values()):,} changes, all found, in {time.monotonic() - began:.0f} s:")
    for codes, count in total.most_common():
        print(f"  {codes}: {count:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
