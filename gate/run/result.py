"""Everything one run came to: what reports render."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gate.advisories.lookup import Lookup
from gate.advisories.model import SourceInfo
from gate.bom.model import Bom
from gate.errors import GateError
from gate.matching.findings import Findings
from gate.matching.upgrades import Upgrade
from gate.policy.forecast import Forecast
from gate.policy.plan import Plan
from gate.policy.verdict import Verdict
from gate.run.whatchanged import Since


class EvidenceNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the record of a run."""

    recorded: bool
    run_id: str = ""
    file: str = ""
    """File name within the evidence folder."""
    digest: str = ""
    """``sha256:…`` of the file."""
    key_id: str = ""
    why_not: str = ""
    """Why there is no record, where there is none."""
    spool: str = ""
    """Folder where the record waits to be pushed to its store; empty where it does not."""


class PolicyNote(msgspec.Struct, frozen=True, kw_only=True):
    """Which policy ruled."""

    name: str
    digest: str
    """``sha256:…`` of the document."""
    source: str
    """File name, or ``built-in``."""
    target: str = ""
    """Name of the policy's target whose rules were applied; empty for the policy's own."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The line of the repository that names or builds the target."""

    path: str
    """Relative to the root of the repository, with "/" between its parts."""
    line: int = 1


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run.  `bom` and what follows from it is None where the target could not be read."""

    target: str
    now: datetime
    now_basis: str
    """clock, --now, or SOURCE_DATE_EPOCH."""
    policy: PolicyNote
    verdict: Verdict
    bom: Bom | None = None
    lookup: Lookup | None = None
    findings: Findings | None = None
    upgrades: tuple[Upgrade, ...] = ()
    snapshot: str = ""
    sources: tuple[SourceInfo, ...] = ()
    """The sources of the snapshot that were needed."""
    forecast: Forecast | None = None
    """What comes if nothing changes; None where nobody asked, or nothing was judged."""
    plan: Plan | None = None
    """The least to do to stay green until the end of the forecast; None where there is none."""
    since: Since | None = None
    """What is different from the run before; None where none is known."""
    evidence: EvidenceNote = EvidenceNote(recorded=False)
    failure: GateError | None = None
    """What kept the target or the advisories from being read at all."""
    place: Place | None = None
    """What reports point at; None where the caller names nothing."""
