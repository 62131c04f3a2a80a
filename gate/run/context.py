"""Gather what a decision rests on besides the bom and the advisories."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from gate.advisories.catalogues import Kind, read_exploitation
from gate.advisories.lifecycles import built_in
from gate.advisories.model import AdvisorySet
from gate.advisories.names import about, names_of, plain
from gate.bom.model import Bom
from gate.errors import EvidenceError, VerificationError
from gate.evidence.sightings import SightingLedger, earliest
from gate.matching.findings import Finding, Findings
from gate.policy.clocks import sighting_key
from gate.policy.context import (
    Attributes,
    Baseline,
    Context,
    Previous,
    Sighting,
    Sightings,
)
from gate.policy.exploited import asks_epss
from gate.policy.lifecycle import products
from gate.policy.model import Policy
from gate.run.bases import asks_tag, signers_now, signing_keys, tag_now
from gate.run.history import Earlier


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """Where the context of a run is read from."""

    store: Path
    """Folder of the advisory store, which holds the catalogues of exploited flaws."""
    now: datetime
    """UTC: the time of the decision."""
    attributes: Attributes = Attributes()
    remarks: tuple[str, ...] = ()
    baseline: Baseline | None = None
    fail_within: str = ""
    earlier: Earlier | None = None
    """The run before this one; None where no evidence of one is at hand."""
    ledger: SightingLedger | None = None
    """Of first sights; None where nothing is recorded."""
    system: str = ""
    """What is judged, at whatever tag: the name under which the ledger keeps it."""


def read_context(
    bom: Bom, advisories: AdvisorySet, policy: Policy, given: Circumstances
) -> Context:
    """Return the context of a run; AdvisoryError where a catalogue is damaged."""
    names = {
        plain(name)
        for stored in advisories.records
        for name in (*names_of(stored.record), *about(stored.record))
    }
    # The scores of all flaws are large; the catalogue of exploited ones is not.
    kinds = frozenset(Kind) if asks_epss(policy) else frozenset({Kind.KEV})
    installed = [product.product for product in products(bom, runtimes=True)]
    sightings, remarks = _sightings(given, names)
    seen = given.earlier.seen() if given.earlier is not None else {}
    for key, sighting in sightings.seen.items():
        if sighting.here is not None:
            seen[key] = min(sighting.here, seen.get(key, sighting.here))
    return Context(
        attributes=given.attributes,
        exploitation=read_exploitation(given.store, names, kinds),
        lifecycles=built_in().of(installed),
        previous=_previous(given.earlier),
        first_seen=seen,
        sightings=sightings,
        base_now=tag_now(bom, given.now) if asks_tag(policy) else None,
        base_signers=signers_now(bom, signing_keys(policy), given.now),
        remarks=(*given.remarks, *remarks),
        baseline=given.baseline,
        fail_within=given.fail_within,
    )


def _sightings(given: Circumstances, names: set[str]) -> tuple[Sightings, tuple[str, ...]]:
    """Return what the ledger and the run before say of flaws called `names`, and a remark.

    A ledger that is damaged, cannot be read, or that has lost what the run before saw of it, says
    nothing and is not added to; what the run before recorded of it still counts.
    """
    ledger = given.ledger
    if ledger is None:
        return Sightings(), ()
    known = given.earlier.context.sightings if given.earlier is not None else Sightings()
    try:
        found = ledger.read(given.system, names, given.now)
        if ledger.path is not None and known.head and known.head not in ledger.digests():
            what = "the ledger of first sights was cut or replaced since the run before"
            return msgspec.structs.replace(known, kept=False), (f"{what}: its dates do not count",)
    except (VerificationError, EvidenceError) as error:
        return msgspec.structs.replace(known, kept=False), (str(error),)
    seen = dict(found.seen)
    for key, sighting in known.seen.items():
        seen[key] = earliest(seen[key], sighting) if key in seen else sighting
    looks = [found.looked, given.earlier.run.decided_at if given.earlier is not None else None]
    looked = max((at for at in looks if at is not None), default=None)
    return Sightings(kept=True, head=found.head, looked=looked, seen=seen), ()


def _previous(earlier: Earlier | None) -> Previous | None:
    if earlier is None:
        return None
    return Previous(
        at=earlier.run.decided_at, components=earlier.run.summary.run.coverage.components
    )


def about_findings(context: Context, findings: Findings, bom: Bom, now: datetime) -> Context:
    """Return `context` as evidence keeps it: without what is about flaws that were not found.

    What an earlier run did not see was first seen `now`.  Without an earlier run
    nothing is known of that: a fresh machine must not restart the clocks.
    """
    names = {name for finding in findings.findings for name in finding.identifiers}
    components = {component.ref: component for component in bom.components}
    found = {sighting_key(one, components[one.ref]): one for one in findings.findings}
    seen = context.first_seen
    if context.previous is not None or context.sightings.looked is not None:
        seen = {**dict.fromkeys(found, now), **seen}
    return msgspec.structs.replace(
        context,
        exploitation=context.exploitation.about(names),
        first_seen=seen,
        sightings=_with_new(context.sightings, found, now),
    )


def _with_new(sightings: Sightings, found: dict[str, Finding], now: datetime) -> Sightings:
    """Return the part about what was found, with what is seen for the first time `now`."""
    if not sightings.kept:
        kept = {key: one for key, one in sightings.seen.items() if key in found}
        return msgspec.structs.replace(sightings, seen=kept)
    looked = sightings.looked
    seen = {}
    for key, finding in found.items():
        known = sightings.seen.get(key)
        sighting = known or Sighting(flaw=now, after=looked)
        if finding.fixed and sighting.fix is None:
            watched = known is None or known.here is not None
            sighting = msgspec.structs.replace(
                sighting, fix=now, fix_after=looked if watched else None
            )
        seen[key] = msgspec.structs.replace(sighting, here=sighting.here or now)
    return msgspec.structs.replace(sightings, seen=seen)
