"""What others say of a ledger: witnesses that cosigned it, authorities that stamped its time.

::

    <ledger>/attested/<size>.note      a checkpoint as it was, with cosignatures
    <ledger>/attested/<size>.<n>.tsr   time stamps over its three lines (RFC 3161)

Each is also a checkpoint that was kept: the ledger must go on from it.  And each
says that the first <size> entries were there at a time that the recorder does not
choose, which is what the validity of keys is judged by (`gate.evidence.trust`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence import note as notes
from gate.evidence import timestamp
from gate.evidence.cosignature import find_cosignature
from gate.evidence.durable import make_folder, read_file, write_file
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Place, read_part
from gate.evidence.problems import Code, Problem
from gate.evidence.trust import UNPROVEN, Span, Trust

FOLDER = "attested"
_NOTE = re.compile(r"(0|[1-9][0-9]{0,15})\.note")
_MOST = 64
"""Time stamps over one checkpoint."""


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """One checkpoint that somebody else has seen.  Nothing about it has been verified."""

    name: str
    """Of its file."""
    note: bytes
    tokens: tuple[tuple[str, bytes], ...] = ()
    """Name and content of each time stamp."""


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """The first `size` entries were there at `time`."""

    size: int
    time: datetime
    by: str
    """Name of the witness; empty for a time stamp authority."""


class Attestations(msgspec.Struct, frozen=True, kw_only=True):
    """What trusted others say of a ledger."""

    dated: tuple[Dated, ...] = ()
    problems: tuple[Problem, ...] = ()
    unchecked: int = 0
    """Time stamps that nobody was trusted for."""

    @property
    def witnesses(self) -> dict[str, int]:
        """Each witness, and how many entries it has cosigned."""
        found: dict[str, int] = {}
        for one in self.dated:
            if one.by:
                found[one.by] = max(one.size, found.get(one.by, 0))
        return found

    @property
    def stamped(self) -> int:
        """How many entries are covered by a trusted time stamp."""
        return max((one.size for one in self.dated if not one.by), default=0)

    def span(self, number: int) -> Span:
        """Return between which times entry `number` is proven to have been appended."""
        return Span(
            after=max((one.time for one in self.dated if one.size <= number), default=None),
            before=min((one.time for one in self.dated if one.size > number), default=None),
        )


def read_attested(ledger: Place) -> tuple[Attested, ...]:
    """Return what others said of a ledger; VerificationError where it cannot be read."""
    try:
        paths = sorted(ledger.names(FOLDER))
    except EvidenceError as error:
        raise VerificationError(error.what, where=error.where, hint=error.hint) from error
    return tuple(
        Attested(
            name=path,
            note=read_part(ledger, path, MAX_BYTES) or b"",
            tokens=tuple(
                (other, read_part(ledger, other, timestamp.MAX_TOKEN) or b"")
                for other in paths
                if other.endswith(".tsr") and other.startswith(f"{path[:-5]}.")
            ),
        )
        for path in paths
        if _NOTE.fullmatch(path.removeprefix(f"{FOLDER}/"))
    )


def check_attested(attested: Iterable[Attested], trust: Trust) -> Attestations:
    """Return what of it counts; that the ledger goes on from it is for its caller to see."""
    dated: list[Dated] = []
    problems: list[Problem] = []
    unchecked = 0
    for one in attested:
        try:
            size = checkpoints.verify(one.note, trust).checkpoint.size
            note = notes.decode(one.note)
        except VerificationError as error:
            problems.append(Problem(code=Code.NOT_TRUSTED, message=error.what, where=one.name))
            continue
        for witness in trust.of_role("witness"):
            try:
                found = find_cosignature(note, witness.entry.name, witness.key)
            except VerificationError as error:
                problems.append(Problem(code=Code.NOT_TRUSTED, message=error.what, where=one.name))
                continue
            if found is not None and not witness.fault(found.time, UNPROVEN):
                dated.append(Dated(size=size, time=found.time, by=found.name))
        if not trust.authorities:
            unchecked += len(one.tokens)
            continue
        for name, token in one.tokens:
            try:
                time = timestamp.verify(token, note.text.encode(), trust.authorities)
                dated.append(Dated(size=size, time=time, by=""))
            except VerificationError as error:
                problems.append(Problem(code=Code.TIME_STAMP_FAILS, message=error.what, where=name))
    return Attestations(dated=tuple(dated), problems=tuple(problems), unchecked=unchecked)


def check_required(found: Attestations, trust: Trust, size: int) -> list[Problem]:
    """Return what the trust file asks for and the ledger, of `size` entries, does not have."""
    problems = []
    if size and len(found.witnesses) < trust.witnesses:
        names = ", ".join(sorted(found.witnesses)) or "none"
        message = f"{len(found.witnesses)} of {trust.witnesses} witnesses have cosigned ({names})"
        problems.append(Problem(code=Code.NOT_TRUSTED, message=message, where="checkpoint"))
    if size and trust.time_stamps_required and not found.stamped:
        message = "no trusted time stamp covers any entry"
        problems.append(Problem(code=Code.TIME_STAMP_FAILS, message=message, where="checkpoint"))
    return problems


def keep_cosignature(ledger: Path, size: int, note: bytes, line: str) -> Path:
    """Add the signature line of a witness to the kept checkpoint; EvidenceError where that fails.

    The lock of the ledger must be held.
    """
    path = ledger / FOLDER / f"{size}.note"
    there = read_file(path, MAX_BYTES) if path.exists() else None
    make_folder(path.parent)
    write_file(path, _joined(there, note) + line.encode())
    return path


def keep_token(ledger: Path, size: int, note: bytes, token: bytes) -> Path:
    """Keep a time stamp over a checkpoint; EvidenceError where that fails.

    The lock of the ledger must be held.
    """
    folder = ledger / FOLDER
    make_folder(folder)
    path = folder / f"{size}.note"
    if not path.exists():
        write_file(path, note)
    free = next((n for n in range(1, _MOST + 1) if not (folder / f"{size}.{n}.tsr").exists()), 0)
    if not free:
        raise EvidenceError(f"this checkpoint has {_MOST} time stamps already", where=str(path))
    token_path = folder / f"{size}.{free}.tsr"
    write_file(token_path, token)
    return token_path


def _joined(there: bytes | None, note: bytes) -> bytes:
    """Return the kept checkpoint with all its signatures; the same text twice is one."""
    if there is None:
        return note
    if there.rpartition(b"\n\n")[0] != note.rpartition(b"\n\n")[0]:
        raise EvidenceError(
            "another checkpoint of the same size was kept: history was rewritten",
            hint="keep both for inquiry: patchgate evidence verify",
        )
    return there
