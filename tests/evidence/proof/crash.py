"""Kill -9, and failures of the disk, at every call that changes a file while runs are recorded.

    python -m tests.evidence.proof.crash [--every N] [--errors]

A shim (faults.c, made with cc) is preloaded; a child process is forked for each call,
and dies there: before it, after it, or half way through a write.  Afterwards nothing
that was acknowledged may be missing, everything that can be seen must be whole, the
ledger must verify, and recording the same runs again must end with each of them once.
With --errors each call fails instead, with each of ENOSPC, EIO, EROFS and EDQUOT.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.durable import TEMPORARY
from gate.errors import EvidenceError
from gate.evidence import entry as entries
from gate.evidence.extension import RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.place import FolderPlace
from gate.evidence.push import push
from gate.evidence.queue import Queue
from gate.evidence.record import Record, record
from gate.evidence.store import FolderStore
from gate.evidence.verify import verify_file
from gate.evidence.verify_ledger import verify_ledger
from tests.evidence.conftest import facts_of
from tests.evidence.ledgers import append, entry, grown

SOURCE = Path(__file__).with_name("faults.c")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
BEFORE, AFTER, HALF, FAIL = range(4)
Acknowledge = Callable[[str], None]


@dataclass(frozen=True)
class Scenario:
    """What is done to a ledger of `size` entries."""

    name: str
    size: int
    act: Callable[[Path, Acknowledge], None]


SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
FACTS = facts_of(RunVerdict.FAIL)


def run(number: int) -> RunFacts:
    return msgspec.structs.replace(FACTS, components=number)


def record_some(folder: Path, acknowledge: Acknowledge) -> None:
    for number in range(3):
        acknowledge(record(run(number), SIGNER, FolderStore(folder)).run_id)


def push_some(folder: Path, acknowledge: Acknowledge) -> None:
    spool = FolderPlace(folder.parent / "spool")
    if push(spool, FolderStore(folder), SIGNER, [SIGNER.verifying_key]).ok:
        for name in spool.names(""):
            if name.endswith(".jsonl"):
                acknowledge(name.partition(".")[0])


def record_for_others(folder: Path, acknowledge: Acknowledge) -> None:
    """Append what another process lets wait as well."""
    spool = folder.parent / "spool"
    waiting = []
    for path in sorted(spool.glob("*.jsonl")):
        report = verify_file(path, [SIGNER.verifying_key], blobs=False)
        assert report.run is not None
        made = entries.Entry(
            bundle=report.digest,
            run_id=report.run.run_id,
            subject=f"sha256:{report.run.subject[0].sha256}",
            verdict=report.run.verdict,
        )
        waiting.append(Record(report.run.run_id, path.read_bytes(), entries.encode(made)))
    with Queue(folder / FOLDER).waiting(waiting):
        acknowledge(record(run(0), SIGNER, FolderStore(folder)).run_id)


SCENARIOS = (
    Scenario("three runs, new folder", 0, record_some),
    Scenario("three runs, one entry", 1, record_some),
    Scenario("three runs over a full tile", 254, record_some),
    Scenario("five runs pushed", 3, push_some),
    Scenario("one run, and five that wait", 253, record_for_others),
)


class Bench:
    """The folders that children work on."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.shim = ctypes.CDLL(None)
        spool = FolderStore(place / "spool")
        for number in range(20, 25):
            record(run(number), SIGNER, spool)
        self.points = 0

    def before(self, size: int) -> Path:
        made = self.place / f"before-{size}"
        if not made.exists():
            made.mkdir()
            grown(made, SIGNER, size)
            for partial in made.glob("ledger/tile/*/000.p/*"):
                if partial.name != str(size):
                    partial.unlink()  # allowed, and quicker to copy
        return made

    def child(
        self, scenario: Scenario, at: int, mode: int, code: int
    ) -> tuple[int, list[str], Path]:
        """Return the status, what was acknowledged, and the folder of a child."""
        folder = self.place / "work"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.before(scenario.size), folder)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            done = 70
            try:
                if scenario.act is record_for_others:
                    # What another process lets wait has its attachments there already.
                    shutil.copytree(self.place / "spool" / "blobs", folder / "blobs")
                self.shim.faults_arm(at, mode, code, writer)
                scenario.act(folder, lambda name: os.write(writer, f"{name}\n".encode()) and None)
                done = 0 if self.shim.faults_calls() <= at else 1
            except EvidenceError as error:
                done = 5 if error.hint else 6
            finally:
                os._exit(done)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reader) as file:
            return status, file.read().split(), folder

    def check(self, scenario: Scenario, folder: Path, acknowledged: list[str]) -> None:
        """Raise AssertionError where anything is lost, half written or in the way."""
        self.points += 1
        trusted = [SIGNER.verifying_key]
        for path in folder.rglob("*"):
            if not path.is_file() or path.name.startswith(TEMPORARY) or FOLDER in path.parts:
                continue
            if path.name.endswith(".jsonl"):
                report = verify_file(path, trusted, blobs=True)
                assert report.ok, report.problems
            else:
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        runs = self.runs(folder, scenario)
        assert set(acknowledged) <= set(runs), "an acknowledged leaf is lost"
        append(folder, SIGNER, b'{"other":"run"}')
        assert verify_ledger(folder / FOLDER, trusted).ok
        scenario.act(folder, lambda name: None)
        again = self.runs(folder, scenario)
        assert len(again) == len(set(again)), "a leaf is there twice"
        assert set(runs) <= set(again)

    def runs(self, folder: Path, scenario: Scenario) -> list[str]:
        """Return the runs of the ledger, which must verify, that were recorded here."""
        report = verify_ledger(folder / FOLDER, [SIGNER.verifying_key])
        if report.signed is None:
            assert not scenario.size
            assert not (folder / FOLDER / "checkpoint").exists()
            return []
        assert report.ok, report.problems
        assert report.entries[: scenario.size] == tuple(map(entry, range(scenario.size)))
        new = [content or b"" for content in report.entries[scenario.size :]]
        found = [entries.decode(one).run_id for one in new if b"other" not in one]
        for run_id in found:
            assert (folder / f"{run_id}.intoto.jsonl").is_file(), "an entry has no record"
        return found


def killed(bench: Bench, scenario: Scenario, step: int) -> int:
    """Kill a child at every `step`th call, in each way; return how many were."""
    began = bench.points
    for mode in (BEFORE, AFTER, HALF):
        at = mode if step > 1 else 0
        while True:
            status, acknowledged, folder = bench.child(scenario, at, mode, 0)
            if os.WIFEXITED(status):
                assert os.waitstatus_to_exitcode(status) == 0, (scenario.name, at, mode)
                break
            bench.check(scenario, folder, acknowledged)
            at += step
    return bench.points - began


def failed(bench: Bench, scenario: Scenario, step: int) -> int:
    """Let every `step`th call fail, with each error; return how often."""
    began = bench.points
    for number, code in enumerate(ERRORS):
        at = number if step > 1 else 0
        while True:
            status, acknowledged, folder = bench.child(scenario, at, FAIL, code)
            ended = os.waitstatus_to_exitcode(status)
            # 1: it went on, since the call was one that may fail (removing a left-over).
            assert ended in {0, 1, 5}, (scenario.name, at, os.strerror(code), ended)
            bench.check(scenario, folder, acknowledged)
            at += step
            if ended == 0:
                break
    return bench.points - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth call")
    parser.add_argument("--errors", action="store_true", help="let calls fail instead")
    arguments = parser.parse_args()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        place = Path(name)
        if not hasattr(ctypes.CDLL(None), "faults_arm"):
            return again_with_shim(place)
        bench = Bench(place)
        check = failed if arguments.errors else killed
        for scenario in SCENARIOS:
            count = check(bench, scenario, arguments.every)
            print(f"{scenario.name}: {count} points", flush=True)
        what = (
            "failures, exit 5 or done" if arguments.errors else "kills, nothing acknowledged lost"
        )
        print(f"{bench.points} {what}, nothing half written, each run once afterwards")
    return 0


def again_with_shim(place: Path) -> int:
    """Build the shim and run this program again with it."""
    shim = place / "faults.so"
    build = ["cc", "-shared", "-fPIC", "-O1", "-o", str(shim), str(SOURCE), "-ldl"]
    subprocess.run(build, check=True)
    command = [sys.executable, "-m", "tests.evidence.proof.crash", *sys.argv[1:]]
    return subprocess.run(
        command, env={**os.environ, "LD_PRELOAD": str(shim)}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
