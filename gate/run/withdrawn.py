"""Which advisories of an earlier run were withdrawn since: a flaw may be gone for that reason."""

from __future__ import annotations

import msgspec

from gate.advisories import osv
from gate.advisories.model import AdvisorySet
from gate.advisories.names import about, names_of, plain
from gate.advisories.store import Store
from gate.errors import VerificationError
from gate.evidence.facts import ADVISORIES
from gate.evidence.verify import FolderBlobs
from gate.run.attachments import read_attachments
from gate.run.history import Earlier


class _Line(msgspec.Struct, frozen=True):
    """One line of the attached advisories."""

    record: msgspec.Raw


_decoder = msgspec.json.Decoder(_Line)


def withdrawn_since(
    earlier: Earlier | None, advisories: AdvisorySet, store: Store
) -> dict[str, str]:
    """Return flaws of an earlier run whose advisory was withdrawn: which one, and when."""
    if earlier is None:
        return {}
    still = {
        plain(name)
        for stored in advisories.records
        if stored.record.withdrawn is None
        for name in (*names_of(stored.record), *about(stored.record))
    }
    gone = {decision.id for decision in earlier.verdict.decisions} - still
    found: dict[str, str] = {}
    for record in _records(earlier) if gone else ():
        flaws = gone & {plain(name) for name in (*names_of(record), *about(record))}
        now = [stored.record.withdrawn for stored in store.record(record.id)] if flaws else []
        dates = [date for date in now if date is not None]
        if dates and len(dates) == len(now):
            found |= dict.fromkeys(flaws, f"{record.id} was withdrawn on {min(dates):%Y-%m-%d}")
    return found


def _records(earlier: Earlier) -> list[osv.Record]:
    """Return the advisories that an earlier run recorded; nothing where they are lost."""
    try:
        parts = read_attachments(earlier.run, FolderBlobs(earlier.place), (ADVISORIES,))
        lines = parts.get(ADVISORIES, b"").splitlines()
        return [osv.decode(bytes(_decoder.decode(line).record)) for line in lines]
    except (VerificationError, msgspec.MsgspecError, UnicodeDecodeError):
        # `patchgate evidence verify` says what is wrong with it.
        return []
