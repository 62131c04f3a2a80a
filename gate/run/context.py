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
from gate.evidence.summary import recorded_name
from gate.matching.findings import Findings
from gate.policy.context import Attributes, Context, Previous
from gate.policy.exploited import asks_epss
from gate.policy.kinds import Action
from gate.policy.lifecycle import products
from gate.policy.model import Policy
from gate.run.history import History


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """Where the context of a run is read from."""

    store: Path
    """Folder of the advisory store, which holds the catalogues of exploited flaws."""
    now: datetime
    """UTC: the time of the decision."""
    attributes: Attributes = Attributes()
    remarks: tuple[str, ...] = ()
    history: History | None = None
    """None where no evidence of earlier runs is at hand."""


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
        previous=_previous(bom, policy, given),
        remarks=given.remarks,
    )


def _previous(bom: Bom, policy: Policy, given: Circumstances) -> Previous | None:
    """Return the run before this one, where a rule asks for it."""
    rules = (policy.rules, *(target.rules for target in policy.targets))
    asked = any(one.scan_coverage.action is not Action.OFF for one in rules)
    if given.history is None or not asked:
        return None
    return given.history.before(recorded_name(bom.subject), given.now)


def about_findings(context: Context, findings: Findings) -> Context:
    """Return `context` without what is about flaws that were not found: what evidence keeps."""
    names = {name for finding in findings.findings for name in finding.identifiers}
    return msgspec.structs.replace(context, exploitation=context.exploitation.about(names))
