"""Records that wait for their entry in the ledger of a folder, so that one append takes many.

Whoever records puts its bundle here, flushed, and then waits for the lock of the
ledger.  Who gets it appends all that wait, under one checkpoint, and the others find
that theirs is done.  So as many as record at once share the waits for the disk, and
each is acknowledged only once the checkpoint that covers it is durable.

A bundle that waits has a temporary name: where nobody comes for it, it is removed as
any other that a killed run left behind.  One that is not whole, or that this key has
not signed, is passed over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.durable import TEMPORARY
from gate.errors import EvidenceError
from gate.evidence import entry as entries
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.durable import make_folder, prepare_file, read_file
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import bundle_name
from gate.evidence.record import Record
from gate.evidence.verify import verify_bundle
from gate.evidence.vsa import RunStatement

FOLDER = "queue"
_RUN_ID = len("20261123T183251Z-0123456789abcdef")
_MOST = 256
"""Records of one append."""


class Queue:
    """The bundles that wait in the folder of a ledger."""

    def __init__(self, ledger: Path) -> None:
        self._folder = ledger / FOLDER

    @contextmanager
    def waiting(self, records: Sequence[Record]) -> Iterator[dict[str, Path]]:
        """Let the bundles of `records` wait; yield where, by run.  They are gone afterwards."""
        made: dict[str, Path] = {}
        try:
            if records:
                make_folder(self._folder)
            for record in records:
                name = f"{TEMPORARY}{time.time_ns():020}-{len(made):06}-{record.run_id}"
                path = self._folder / name
                prepare_file(path, record.bundle)
                made[record.run_id] = path
            yield made
        finally:
            for path in made.values():
                with suppress(OSError):
                    path.unlink()

    def others(self, mine: Sequence[Path], key: VerifyingKey) -> Iterator[tuple[Path, Record]]:
        """Yield what others let wait, the first come first; the lock is held."""
        names = []
        with suppress(OSError):
            names = sorted(path for path in self._folder.iterdir() if path not in mine)
        for path in names[:_MOST]:
            run_id = path.name[-_RUN_ID:]
            try:
                content = read_file(path, MAX_BUNDLE)
            except EvidenceError:
                continue
            if content is None:
                continue
            report = verify_bundle(content, bundle_name(run_id), [key], None)
            if report.ok and report.run is not None:
                run = RunStatement(subject=report.run.subject, summary=report.run.summary)
                entry = entries.encode(entries.entry_of(run, report.digest))
                yield path, Record(run_id, content, entry)
