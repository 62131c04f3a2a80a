"""The run before this one, from the evidence of this place.

A record counts that the signing key of this run has signed: whoever can write
to the folder must not be able to make a run up, or make one look complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from gate.errors import VerificationError
from gate.evidence.keys import VerifyingKey
from gate.evidence.store import SUFFIX
from gate.evidence.verify import VerifiedRun, verify_file
from gate.policy.context import Previous

_LOOKED_AT = 2000
"""Newest records that are looked at; one takes about a millisecond."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of evidence, and the key whose records count."""

    folder: Path
    key: VerifyingKey

    def before(self, name: str, now: datetime) -> Previous | None:
        """Return the last run on a subject of this name that decided before `now`."""
        for run in self._runs(now):
            if any(subject.name == name for subject in run.subject):
                return Previous(at=run.decided_at, components=run.summary.run.coverage.components)
        return None

    def _runs(self, now: datetime) -> Iterator[VerifiedRun]:
        """Yield the verified runs before `now`, the newest first."""
        # The name of a record begins with the time of its decision.
        limit = f"{now:%Y%m%dT%H%M%SZ}"
        names = sorted(self.folder.glob(f"*{SUFFIX}"), reverse=True)
        for path in [path for path in names if path.name < limit][:_LOOKED_AT]:
            try:
                report = verify_file(path, [self.key], blobs=False)
            except VerificationError:
                # It cannot be read: `patchgate evidence verify` says so.
                continue
            if report.run is not None and report.ok and report.run.decided_at < now:
                yield report.run
