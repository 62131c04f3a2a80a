"""Evidence in a folder.

::

    <folder>/<run id>.intoto.jsonl       one signed envelope a line
    <folder>/blobs/sha256/<aa>/<hex>     attachments, named by their digest
    <folder>/ledger/…                    what there is, in order (`gate.evidence.ledger`)

Records and attachments are never changed once they are there; the ledger only
grows.  So any tool may copy, mount or synchronise the folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gate.durable import sync_folder
from gate.errors import EvidenceError
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.durable import (
    confirm_file,
    explained,
    locked,
    make_folder,
    read_file,
    write_file,
)
from gate.evidence.growth import INQUIRE
from gate.evidence.keys import Signer, VerifyingKey
from gate.evidence.layout import blob_path, checked_bundle_name
from gate.evidence.ledger import FOLDER, LOCK, Ledger, Tip
from gate.evidence.place import FolderPlace
from gate.evidence.queue import Queue
from gate.evidence.record import Kept, Record


class FolderStore(FolderPlace):
    """A folder of evidence.  Implements `gate.evidence.stores.EvidenceStore`.

    Several processes may write to it at once: every file is written whole,
    and its name follows from what it holds.
    """

    def __init__(self, folder: Path) -> None:
        """Take `folder`; it is created when the first run is recorded."""
        super().__init__(folder)
        self._prepared: set[Path] = set()

    def read_bundle(self, run_id: str) -> bytes | None:
        """Return the bundle of a run, or None where there is none."""
        path = self._bundle_path(run_id)
        if self.folder.exists() and not self.folder.is_dir():
            raise EvidenceError(
                "is not a folder", where=str(self.folder), hint="choose another folder"
            )
        content = read_file(path, MAX_BUNDLE)
        if content is not None and len(content) > MAX_BUNDLE:
            raise EvidenceError(f"is larger than {MAX_BUNDLE:,} bytes", where=str(path))
        return content

    def put_blob(self, sha256: str, content: bytes) -> None:
        """Keep `content` under its digest (hex)."""
        path = blob_path(self.folder, sha256)
        for folder in (self.folder, *reversed(path.parents[:3])):
            self._prepare(folder)
        self._put(path, content, path.parents[2])

    def put_bundle(self, run_id: str, bundle: bytes) -> str:
        """Keep the bundle of a run, and return its path."""
        path = self._bundle_path(run_id)
        self._prepare(self.folder)
        self._put(path, bundle)
        return str(path)

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        """Keep the bundle of a run, and its entry in the ledger, once each."""
        (kept,) = self.put_records([Record(run_id, bundle, entry)], signer)
        return kept

    def put_records(self, records: Sequence[Record], signer: Signer) -> list[Kept]:
        """Keep several runs, in this order, under one checkpoint: all of them or none.

        It happens under the lock of the ledger, so that of several processes which
        record the same run one appends; who has the lock appends what others let wait
        as well.  Everything is written before anything is visible: where that fails,
        there is no record that the ledger would not know.
        """
        ledger, queue = Ledger(self.folder, signer), Queue(self.folder / FOLDER)
        for folder in (self.folder, ledger.folder):
            self._prepare(folder)
        unique = {record.run_id: record for record in records}
        new = [one for one in unique.values() if not self._bundle_path(one.run_id).exists()]
        with queue.waiting(new) as waiting:
            with locked(ledger.folder / LOCK):
                there = self._in_ledger(unique.values(), ledger)
                mine = [one for one in unique.values() if one.run_id not in there]
                numbers = there | self._append(mine, waiting, ledger, queue, signer.verifying_key)
            for run_id in there:
                # Whoever recorded it may have been killed before it was durable.
                self._confirmed(self._bundle_path(run_id), unique[run_id].bundle)
            if there:
                ledger.flush()
        return [
            Kept(place=str(self._bundle_path(record.run_id)), number=numbers[record.run_id])
            for record in records
        ]

    def _in_ledger(self, records: Iterable[Record], ledger: Ledger) -> dict[str, int]:
        """Return the numbers of those records that the ledger has; others may have put them there.

        A record without its bundle cannot have an entry: they are committed together.
        """
        found = {}
        for record in records:
            if self._bundle_path(record.run_id).exists():
                number = ledger.find(record.entry)
                if number is not None:
                    found[record.run_id] = number
        return found

    def _append(
        self,
        mine: Sequence[Record],
        waiting: Mapping[str, Path],
        ledger: Ledger,
        queue: Queue,
        key: VerifyingKey,
    ) -> dict[str, int]:
        """Append `mine` and what others let wait, and return the numbers of `mine`."""
        if not mine:
            return {}
        tip = ledger.tip()
        new = [(waiting.get(record.run_id), record) for record in mine]
        # Two may record the same run at once: it has one entry.
        taken = {record.run_id for record in mine}
        others: list[tuple[Path | None, Record]] = []
        for path, record in queue.others(list(waiting.values()), key):
            if record.run_id not in taken and not self._bundle_path(record.run_id).exists():
                taken.add(record.run_id)
                others.append((path, record))
        try:
            self._commit([*new, *others], tip, ledger)
        except EvidenceError:
            if not others:
                raise
            # Theirs may have been the reason; nobody is told that theirs is done.
            self._commit(new, tip, ledger)
        return {record.run_id: tip.size + place for place, (_, record) in enumerate(new)}

    def _commit(self, new: Sequence[tuple[Path | None, Record]], tip: Tip, ledger: Ledger) -> None:
        """Append the entries of `new`, whose bundles wait in a file or are in their place."""
        moves = []
        for waits, record in new:
            path = self._bundle_path(record.run_id)
            if self._confirmed(path, record.bundle):
                continue
            if waits is None:
                raise EvidenceError("was removed meanwhile", where=str(path), hint=INQUIRE)
            moves.append((waits, path))
        ledger.commit(ledger.stage([record.entry for _, record in new], tip), moves)

    def _bundle_path(self, run_id: str) -> Path:
        return self.folder / checked_bundle_name(run_id)

    def _put(self, path: Path, content: bytes, scratch: Path | None = None) -> None:
        if not self._confirmed(path, content):
            write_file(path, content, scratch=scratch)

    def _confirmed(self, path: Path, content: bytes) -> bool:
        """Return whether `content` is there, durably; EvidenceError for other content."""
        there = confirm_file(path, content)
        if there is False:
            raise EvidenceError("exists already with other content", where=str(path), hint=INQUIRE)
        return there is not None

    def _prepare(self, folder: Path) -> None:
        """Make sure that `folder` exists, and will after a crash.

        Inside the store the folder above is flushed even when nothing was
        created: a killed run may have created it and not come to flush it.
        """
        if folder in self._prepared:
            return
        make_folder(folder)
        if folder != self.folder:
            with explained("write", folder):
                sync_folder(folder.parent)
        self._prepared.add(folder)
