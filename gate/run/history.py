"""Earlier runs on the same system, from the evidence of this place.

A record counts that the signing key of this run has signed: whoever can write
to the folder must not be able to make a run up, or make one look complete.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence.facts import CONTEXT, SBOM, VERDICT
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import SUFFIX
from gate.evidence.place import FolderPlace, Place, read_part
from gate.evidence.verify import FolderBlobs, VerifiedRun, verify_bundle
from gate.policy.context import NO_CONTEXT, Context, decode_context
from gate.policy.verdict import Decision, Verdict
from gate.run.attachments import read_attachments

_LOOKED_AT = 2000
"""Newest records that are looked at; one of another system takes 0.05 milliseconds."""
_LARGEST = 64 * 1024 * 1024


class Installed(msgspec.Struct, frozen=True, rename={"ref": "bom-ref"}):
    """What an earlier inventory says of a component."""

    ref: str
    name: str
    version: str = ""
    purl: str = ""

    @property
    def package(self) -> str:
        """The purl without version and qualifiers: the same package at any version."""
        return self.purl.partition("?")[0].rpartition("@")[0] or self.purl


class _Components(msgspec.Struct, frozen=True):
    components: tuple[Installed, ...] = ()


_verdicts = msgspec.json.Decoder(Verdict)
_inventories = msgspec.json.Decoder(_Components)


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier run, with what is compared with this one."""

    run: VerifiedRun
    verdict: Verdict
    context: Context
    installed: dict[str, Installed]
    """By `ref`."""
    place: Path | Place
    """Of the evidence."""

    def seen(self) -> dict[str, datetime]:
        """Return when each flaw was first seen, as of that run: keys of `Context.first_seen`."""
        seen = dict(self.context.first_seen)
        for decision in self.verdict.decisions:
            seen.setdefault(self.sighting(decision), self.run.decided_at)
        return seen

    def sighting(self, decision: Decision) -> str:
        """Return the key of a decision of that run in `Context.first_seen`."""
        found = self.installed.get(decision.ref)
        return f"{decision.id} {found.purl.partition('@')[0] if found else decision.ref}"


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Where evidence is, and the keys whose records count."""

    place: Place
    keys: tuple[VerifyingKey, ...]
    """The one that signs now, and those that signed before it."""

    def last(self, name: str, now: datetime) -> Earlier | None:
        """Return the last judged run before `now` on the system `name`, at whatever tag."""
        system = system_of(name)
        for run in self._runs(now, system):
            if any(system_of(subject.name) == system for subject in run.subject):
                earlier = read_earlier(run, self.place)
                if earlier is not None:
                    return earlier
        return None

    def strangers(self, name: str, now: datetime) -> int:
        """Return how many records before `now` that mention the system no such key has signed.

        By what they say of themselves: this warns, it decides nothing.
        """
        system = system_of(name)
        ours = [key.keyid.encode() for key in self.keys]
        return sum(
            not any(keyid in content for keyid in ours) for _, content in self._about(now, system)
        )

    def _runs(self, now: datetime, system: str) -> Iterator[VerifiedRun]:
        """Yield the verified runs before `now` that mention `system`, the newest first."""
        for name, content in self._about(now, system):
            report = verify_bundle(content, name, self.keys, None)
            if report.run is not None and report.ok and report.run.decided_at < now:
                yield report.run

    def _about(self, now: datetime, system: str) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of the records before `now` that mention `system`."""
        # The name of a record begins with the time of its decision.
        limit = f"{now:%Y%m%dT%H%M%SZ}"
        names = [name for name in _records(self.place) if name < limit]
        for name in sorted(names, reverse=True)[:_LOOKED_AT]:
            try:
                content = read_part(self.place, name, _LARGEST)
            except VerificationError:
                continue
            if content is not None and _mentions(content, system):
                yield name, content


def read_earlier(run: VerifiedRun, place: Path | Place) -> Earlier | None:
    """Return what a run attached; None where it came to no verdict, or parts are lost."""
    try:
        parts = read_attachments(run, FolderBlobs(place), (VERDICT, SBOM, CONTEXT))
        return Earlier(
            run=run,
            place=place,
            verdict=_verdicts.decode(parts[VERDICT]),
            context=decode_context(parts[CONTEXT]) if CONTEXT in parts else NO_CONTEXT,
            installed={one.ref: one for one in _inventories.decode(parts[SBOM]).components},
        )
    except (VerificationError, KeyError, msgspec.DecodeError):
        # It cannot be read: `patchgate evidence verify` says so.
        return None


def system_of(name: str) -> str:
    """Return the name of a system without what changes with every build: tag and digest."""
    name = name.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag and head != "host" else name


_PAYLOAD = re.compile(rb'"payload":"([A-Za-z0-9+/=_-]*)"')


def _records(place: Place) -> Iterator[str]:
    """Yield the names of the records in a place, none where nothing was recorded yet."""
    try:
        yield from (name for name in place.names("") if name.endswith(SUFFIX))
    except EvidenceError:
        if not isinstance(place, FolderPlace):
            raise


def _mentions(content: bytes, system: str) -> bool:
    """Return whether a record may be about `system`, without checking anything of it."""
    wanted = msgspec.json.encode(system)[1:-1]
    try:
        match = _PAYLOAD.search(content)
        return match is not None and wanted in base64.b64decode(match[1])
    except binascii.Error:
        return False
