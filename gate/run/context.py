"""Gather what a decision rests on besides the bom and the advisories."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gate.advisories.catalogues import Kind, read_exploitation
from gate.advisories.lifecycles import built_in
from gate.advisories.model import AdvisorySet
from gate.advisories.names import about, names_of, plain
from gate.bom.model import Bom
from gate.matching.findings import Findings
from gate.policy.context import Attributes, Context
from gate.policy.exploited import asks_epss
from gate.policy.lifecycle import products
from gate.policy.model import Policy


def read_context(
    store: Path, bom: Bom, advisories: AdvisorySet, policy: Policy, attributes: Attributes
) -> Context:
    """Return the context of a run; AdvisoryError where a catalogue in `store` is damaged."""
    names = {
        plain(name)
        for stored in advisories.records
        for name in (*names_of(stored.record), *about(stored.record))
    }
    # The scores of all flaws are large; the catalogue of exploited ones is not.
    kinds = frozenset(Kind) if asks_epss(policy) else frozenset({Kind.KEV})
    installed = [product.product for product in products(bom, runtimes=True)]
    return Context(
        attributes=attributes,
        exploitation=read_exploitation(store, names, kinds),
        lifecycles=built_in().of(installed),
    )


def about_findings(context: Context, findings: Findings) -> Context:
    """Return `context` without what is about flaws that were not found: what evidence keeps."""
    names = {name for finding in findings.findings for name in finding.identifiers}
    return msgspec.structs.replace(context, exploitation=context.exploitation.about(names))
