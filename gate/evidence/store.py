"""Evidence in a folder.

::

    <folder>/<run id>.intoto.jsonl       one signed envelope a line
    <folder>/blobs/sha256/<aa>/<hex>     attachments, named by their digest
    <folder>/ledger/…                    what there is, in order (`gate.evidence.ledger`)

Records and attachments are never changed once they are there; the ledger only
grows.  So any tool may copy, mount or synchronise the folder.
"""

from __future__ import annotations

import re
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
from gate.evidence.keys import Signer
from gate.evidence.ledger import LOCK, Ledger
from gate.evidence.record import Kept

SUFFIX = ".intoto.jsonl"
"""How the names of bundles end (in-toto bundle.md, "File naming convention")."""

_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def bundle_name(run_id: str) -> str:
    """Return the file name of a run's bundle."""
    return f"{run_id}{SUFFIX}"


def blob_path(folder: Path, sha256: str) -> Path:
    """Return where `folder` keeps the blob of this digest (hex)."""
    if not _SHA256.fullmatch(sha256):
        raise EvidenceError(f"{sha256[:80]!r} is not a SHA-256 in hex")
    return folder / "blobs" / "sha256" / sha256[:2] / sha256


class FolderStore:
    """A folder of evidence.  Implements `gate.evidence.record.Store`.

    Several processes may write to it at once: every file is written whole,
    and its name follows from what it holds.
    """

    def __init__(self, folder: Path) -> None:
        """Take `folder`; it is created when the first run is recorded."""
        self.folder = folder
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
        self._put(path, content)

    def put_bundle(self, run_id: str, bundle: bytes) -> str:
        """Keep the bundle of a run, and return its path."""
        path = self._bundle_path(run_id)
        self._prepare(self.folder)
        self._put(path, bundle)
        return str(path)

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        """Keep the bundle of a run, and its entry in the ledger, once each.

        Both happen under the lock of the ledger, so that of several processes
        which record the same run one appends.  The entry is staged first: where
        that fails, there is no record that the ledger would not know.
        """
        ledger = Ledger(self.folder, signer)
        for folder in (self.folder, ledger.folder):
            self._prepare(folder)
        with locked(ledger.folder / LOCK):
            tip = ledger.tip()
            # A new record cannot have an entry: that is committed after the record.
            number = ledger.find(entry) if self.read_bundle(run_id) is not None else None
            if number is not None:
                return Kept(place=self.put_bundle(run_id, bundle), number=number)
            staged = ledger.stage(entry, tip)
            place = self.put_bundle(run_id, bundle)
            ledger.commit(staged)
        return Kept(place=place, number=staged.number)

    def _bundle_path(self, run_id: str) -> Path:
        if not _RUN_ID.fullmatch(run_id):
            raise EvidenceError(f"{run_id[:80]!r} is not a run id")
        return self.folder / bundle_name(run_id)

    def _put(self, path: Path, content: bytes) -> None:
        there = confirm_file(path, content)
        if there is None:
            write_file(path, content)
        elif not there:
            raise EvidenceError(
                "exists already with other content",
                where=str(path),
                hint="it was altered or damaged: keep it for inquiry, and record elsewhere",
            )

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
