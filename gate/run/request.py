"""Everything a run is given."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from gate.advisories.vex.model import Document
from gate.bom.model import Bom
from gate.evidence.sightings import SightingLedger
from gate.policy.context import Attributes, Baseline
from gate.policy.model import Policy
from gate.run.bases import BaseSources
from gate.run.clock import Clock
from gate.run.context import Circumstances
from gate.run.exceptions import NOTHING, Gathered
from gate.run.history import Earlier, History, system_of
from gate.run.inventories import Inventories
from gate.run.result import PolicyNote
from gate.run.watching import Watch, unwatched
from gate.sources.budget import Budget
from gate.sources.request import Choice


class PolicyInUse(msgspec.Struct, frozen=True, kw_only=True):
    """A policy with the exact bytes it was read from."""

    policy: Policy
    document: bytes
    source: str

    @property
    def digest(self) -> str:
        """``sha256:…`` of the document."""
        return f"sha256:{hashlib.sha256(self.document).hexdigest()}"

    def note(self) -> PolicyNote:
        """Return what results say of it."""
        return PolicyNote(name=self.policy.name, digest=self.digest, source=self.source)


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run is given."""

    target: str
    choice: Choice
    policy: PolicyInUse
    store: Path
    clock: Clock
    budget: Budget = Budget()
    inventories: Inventories | None = None
    include_owned: bool = False
    """Whether parts of the distribution's packages are in the inventory as well."""
    cross_mounts: bool = False
    bases: BaseSources = BaseSources()
    attributes: Attributes = Attributes()
    """What is said of the target for this run."""
    pushed: datetime | None = None
    """UTC: when the image came to its registry, as somebody says who knows."""
    exceptions: Gathered = NOTHING
    baseline: Baseline | None = None
    fail_within: str = ""
    """What will fail within this time (``7d``) fails today."""
    horizon: timedelta = timedelta(0)
    """How far to look ahead; 0 for not at all."""
    vex: tuple[Document, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the run has to say of policy and exceptions; warnings of the verdict."""
    history: History | None = None
    """Earlier runs, where there is evidence of them."""
    watch: Watch = unwatched
    api: str = ""
    """Base URL of an OSV API that is asked instead of the store."""
    ledger: SightingLedger | None = None
    """Of first sights; the recorder adds to it."""
    bom: Bom | None = None
    """The inventory, where it is known already: then the target is not opened."""

    def circumstances(self, earlier: Earlier | None, name: str) -> Circumstances:
        """Return where the context of the run is read from."""
        return Circumstances(
            store=self.store,
            now=self.clock.now,
            attributes=self.attributes,
            remarks=self.remarks,
            baseline=self.baseline,
            fail_within=self.fail_within,
            earlier=earlier,
            ledger=self.ledger,
            system=system_of(name),
        )
