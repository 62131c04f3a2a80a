"""Image age: the image was built recently enough.

An age that is unknown or lies in the future is too old: `created` is set by
whoever built the image, and leaving it out must not help.
"""

from __future__ import annotations

from datetime import timedelta

from gate.bom.model import SubjectKind
from gate.policy.durations import parse_duration, write_duration
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result
from gate.policy.verdict import Decision, RuleResult

_CONTROLS = ("SOC 2 CC8.1", "ISO 27001 A.8.32", "PCI-DSS 6.3.3")
_SKEW = timedelta(minutes=5)
_WHY_NOT = {
    SubjectKind.HOST: "a host is patched in place",
    SubjectKind.ROOTFS: "a root file system in a folder is patched in place",
    SubjectKind.SBOM: "the SBOM is not about an image",
}


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break where the image is older than allowed, or its age cannot be told."""
    del decisions
    rule = policy.rules.image_age
    subject = facts.bom.subject
    applies = subject.kind is SubjectKind.IMAGE or subject.source == "rootfs-tar"
    broken = True
    if not applies:
        message = _WHY_NOT[subject.kind]
    elif subject.created is None:
        said = "the SBOM does" if subject.source == "sbom" else "it does"
        message = f"the age is unknown, since {said} not say when the image was built"
    elif subject.created > facts.now + _SKEW:
        message = f"claims to be built in the future ({subject.created:%Y-%m-%d %H:%M} UTC)"
    else:
        age = facts.now - subject.created
        allowed = parse_duration(rule.max)
        broken = age > allowed
        basis = "by its newest file, " if subject.created_basis == "newest-file" else ""
        message = (
            f"{basis}built {write_duration(age)} ago ({subject.created:%Y-%m-%d}), "
            f"{write_duration(allowed)} allowed"
        )
    return rule_result("image_age", rule.action, message, _CONTROLS, broken=broken, applies=applies)
