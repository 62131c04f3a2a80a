"""Packages: what must not be there, what must, and under which licences."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from gate.bom.model import Component
from gate.policy.facts import Facts
from gate.policy.licences import acceptable
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result, some
from gate.policy.settings import Licences, Packages
from gate.policy.verdict import Decision, RuleResult

CONTROLS = (
    "SOC 2 CC6.8",
    "ISO 27001 A.8.19",
    "ISO 27001 A.5.32",
    "PCI-DSS 2.2.4",
    "HIPAA 164.308(a)(5)(ii)(B)",
)

ANY_LICENCE = Licences()


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break on forbidden packages and licences, and on required packages that are missing."""
    del decisions
    rule = policy.rules.packages
    problems = sorted(_problems(facts.bom.unowned, rule))
    return rule_result(
        "packages",
        rule.action,
        some(problems) if problems else "every package is as the policy asks",
        CONTROLS,
        details=problems,
        broken=bool(problems),
        remedy="remove or replace what is forbidden, install what is required",
    )


def _problems(components: tuple[Component, ...], rule: Packages) -> Iterator[str]:
    for component in components:
        if any(fnmatchcase(component.purl, pattern) for pattern in rule.forbidden):
            yield f"{component.purl} is forbidden"
        if rule.licences != ANY_LICENCE:
            yield from _licence(component, rule.licences)
    for pattern in rule.required:
        if not any(fnmatchcase(component.purl, pattern) for component in components):
            yield f"{pattern} is required and missing"


def _licence(component: Component, rule: Licences) -> Iterator[str]:
    if not component.licenses:
        if rule.unknown == "forbidden":
            yield f"{component.purl} has no licence that is known"
        return
    for expression in component.licenses:
        if not acceptable(expression, lambda name: _allowed(name, rule)):
            yield f"{component.purl} has licence {expression}"


def _allowed(name: str, rule: Licences) -> bool:
    if any(fnmatchcase(name.lower(), pattern.lower()) for pattern in rule.forbidden):
        return False
    return not rule.allowed or any(
        fnmatchcase(name.lower(), pattern.lower()) for pattern in rule.allowed
    )
