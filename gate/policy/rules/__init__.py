"""The rules of a policy: one file per rule, one line in `RULES`.

A rule is a pure function of the facts and the policy.  It says how it came
out, which findings broke it and which controls it serves; what that means for
the verdict is for `gate.policy.decide`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules import (
    base_image,
    end_of_life,
    image_age,
    packages,
    patch_sla,
    restart,
    risk_threshold,
    scan_coverage,
    severity_threshold,
)
from gate.policy.verdict import Decision, RuleResult

Rule = Callable[[Facts, Policy, tuple[Decision, ...]], RuleResult]

RULES: Mapping[str, Rule] = {
    "patch_sla": patch_sla.evaluate,
    "severity_threshold": severity_threshold.evaluate,
    "risk_threshold": risk_threshold.evaluate,
    "image_age": image_age.evaluate,
    "base_image": base_image.evaluate,
    "end_of_life": end_of_life.evaluate,
    "restart": restart.evaluate,
    "scan_coverage": scan_coverage.evaluate,
    "packages": packages.evaluate,
}
"""In the order in which results show them."""
