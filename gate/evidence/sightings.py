"""The ledger of first sights: the day on which a flaw, and a fix for it, was first seen here.

One line for each run that saw something new: a DSSE envelope whose payload names
the line before it by its SHA-256.  Lines are only ever added.  A run counts the
lines of its own key and of those that signed before it; a line that was taken out or
altered breaks the chain, and then no line counts, since a date that is lost must not
begin anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import canonical, dsse
from gate.evidence.durable import locked, make_folder, read_file, write_file
from gate.evidence.keys import Signer, VerifyingKey
from gate.evidence.statement import Timestamp, check_utc
from gate.policy.context import Sighting, Sightings

PAYLOAD_TYPE = "application/vnd.patchgate.first-sights.v1+json"
_LARGEST = 256 * 1024 * 1024


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run saw first on one system."""

    previous: str
    """``sha256:…`` of the line before; empty for the first."""
    at: Timestamp
    system: str
    flaws: tuple[str, ...]
    """``<finding id> <purl without version>`` of what was not seen on this system before."""
    fixes: tuple[str, ...]
    """The same, of what has a fixed version now and had none here before."""

    def __post_init__(self) -> None:
        check_utc(self.at)


_decoder = msgspec.json.Decoder(_Line)


class SightingLedger:
    """The ledger in one file."""

    def __init__(self, path: Path | None, keys: Sequence[VerifyingKey]) -> None:
        """`keys` are those whose lines count.  Nothing is read yet.

        Without a `path` there is no file: each record carries on the sights of the
        record before it on the same system.
        """
        self.path = path
        self._keys = tuple(keys)

    def read(self, system: str, flaws: Collection[str], now: datetime) -> Sightings:
        """Return what runs before `now` (UTC) saw of `flaws` (ids), and of `system`.

        VerificationError where the chain is broken, EvidenceError where the file
        cannot be read.
        """
        content = self._content()
        found = _Found(system)
        head = ""
        counted = []
        for line, raw, digest in _lines(content, str(self.path or "")):
            if line.at < now:
                head = digest
            concerns = line.system == system or any(_flaw(k) in flaws for k in line.flaws)
            if concerns and line.at < now and self._signed(raw):
                counted.append(line)
        # Runs for a time of their own (`--now`) may stand in another order.
        for line in sorted(counted, key=lambda line: line.at):
            found.take(line, flaws)
        return Sightings(head=head, looked=found.looked, seen=found.seen)

    def digests(self) -> set[str]:
        """Return ``sha256:…`` of every line; errors as `read`."""
        content = self._content()
        return {digest for _, _, digest in _lines(content, str(self.path))}

    def _content(self) -> bytes:
        return (read_file(self.path, _LARGEST) or b"") if self.path is not None else b""

    def _signed(self, raw: bytes) -> bool:
        try:
            dsse.verify(raw, self._keys)
        except VerificationError:
            return False
        return True


class _Found:
    """Gathers the earliest sights from lines in their order."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._looks: dict[str, datetime] = {}
        self.seen: dict[str, Sighting] = {}

    @property
    def looked(self) -> datetime | None:
        return self._looks.get(self._system)

    def take(self, line: _Line, flaws: Collection[str]) -> None:
        after = self._looks.get(line.system)
        fixes = set(line.fixes)
        for key in {*line.flaws, *line.fixes}:
            if _flaw(key) in flaws:
                self.seen[key] = self._joined(key, line, after, fixed=key in fixes)
        self._looks[line.system] = max(line.at, after or line.at)

    def _joined(self, key: str, line: _Line, after: datetime | None, *, fixed: bool) -> Sighting:
        known = self.seen.get(key)
        one = Sighting(
            flaw=line.at,
            after=after,
            fix=line.at if fixed else None,
            fix_after=after if fixed else None,
            here=line.at if line.system == self._system else None,
        )
        return one if known is None else earliest(known, one)


def earliest(one: Sighting, other: Sighting) -> Sighting:
    """Return the earliest of two sights, part by part."""
    flaw = min((one, other), key=lambda each: each.flaw)
    fixed = [each for each in (one, other) if each.fix is not None]
    fix = min(fixed, key=lambda each: each.fix or each.flaw, default=None)
    here = [each.here for each in (one, other) if each.here is not None]
    return Sighting(
        flaw=flaw.flaw,
        after=flaw.after,
        fix=fix.fix if fix is not None else None,
        fix_after=fix.fix_after if fix is not None else None,
        here=min(here, default=None),
    )


def append(
    ledger: SightingLedger, signer: Signer, system: str, now: datetime, seen: Mapping[str, Sighting]
) -> bool:
    """Add a line with what `seen` first saw `now`; False where that is nothing, or there already.

    EvidenceError where it cannot be added: the file is damaged or not writable.
    """
    flaws = tuple(sorted(key for key, one in seen.items() if one.here == now))
    fixes = tuple(sorted(key for key, one in seen.items() if one.fix == now))
    new = (now, system, flaws, fixes)
    if not flaws and not fixes:
        return False
    path = ledger.path
    if path is None:
        return False
    make_folder(path.parent)
    with locked(path.with_name(f"{path.name}.lock")):
        content = read_file(path, _LARGEST) or b""
        try:
            previous = ""
            for line, _, digest in _lines(content, str(path)):
                if (line.at, line.system, line.flaws, line.fixes) == new:
                    return False
                previous = digest
        except VerificationError as error:
            raise EvidenceError(error.what, where=error.where, hint=error.hint) from error
        last = _Line(previous=previous, at=now, system=system, flaws=flaws, fixes=fixes)
        added = dsse.sign(canonical.encode(last), PAYLOAD_TYPE, [signer]) + b"\n"
        write_file(path, content + added)
    return True


def _lines(content: bytes, where: str) -> Iterator[tuple[_Line, bytes, str]]:
    """Yield each line with its bytes and its digest; VerificationError where it is broken."""
    previous = ""
    if len(content) > _LARGEST:
        raise VerificationError(f"is larger than {_LARGEST:,} bytes", where=where)
    if content and not content.endswith(b"\n"):
        raise _broken(where, content.count(b"\n") + 1, "it ends within a line")
    for number, raw in enumerate(content.splitlines(), start=1):
        try:
            envelope = dsse.decode(raw)
            line = _decoder.decode(envelope.payload)
        except (VerificationError, msgspec.MsgspecError, ValueError) as error:
            raise _broken(where, number, str(error)) from error
        if envelope.payload_type != PAYLOAD_TYPE:
            raise _broken(where, number, "it is another document")
        if line.previous != previous:
            raise _broken(where, number, "it does not follow the line before")
        previous = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        yield line, raw, previous


def _broken(where: str, number: int, why: str) -> VerificationError:
    return VerificationError(
        f"the ledger of first sights is damaged in line {number}: {why}",
        where=where,
        hint="bring it back from a backup; until then its dates do not count",
    )


def _flaw(key: str) -> str:
    return key.partition(" ")[0]
