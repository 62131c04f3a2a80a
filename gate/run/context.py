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
from gate.matching.findings import Findings
from gate.policy.clocks import sighting_key
from gate.policy.context import Attributes, Baseline, Context, Previous
from gate.policy.exploited import asks_epss
from gate.policy.lifecycle import products
from gate.policy.model import Policy
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
    return Context(
        attributes=given.attributes,
        exploitation=read_exploitation(given.store, names, kinds),
        lifecycles=built_in().of(installed),
        previous=_previous(given.earlier),
        first_seen=given.earlier.seen() if given.earlier is not None else {},
        remarks=given.remarks,
        baseline=given.baseline,
        fail_within=given.fail_within,
    )


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
    seen = context.first_seen
    if context.previous is not None:
        components = {component.ref: component for component in bom.components}
        keys = (sighting_key(one, components[one.ref]) for one in findings.findings)
        seen = {**dict.fromkeys(keys, now), **seen}
    return msgspec.structs.replace(
        context, exploitation=context.exploitation.about(names), first_seen=seen
    )
