"""The policy document, typed.  docs/policy.md explains every field.

Field descriptions below end up in the JSON Schema that editors show.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from gate.policy import durations

Duration = Annotated[
    str,
    msgspec.Meta(pattern=durations.PATTERN, description="hours, days or weeks: 72h, 14d, 2w"),
]
Allowance = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(none|\d{1,6}(h|d|w))$",
        description="a duration, or 'none' for no time limit at all",
    ),
]


class Action(StrEnum):
    """What a rule does when it is not met."""

    OFF = "off"
    WARN = "warn"
    FAIL = "fail"


class Clock(StrEnum):
    """When the time to patch begins."""

    PUBLISHED = "published"
    """The flaw was first published."""
    FIX_AVAILABLE = "fix_available"
    """The first advisory with a fix was published; `published` while there is no fix."""


class Allowances(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time to patch, by severity."""

    critical: Allowance = "72h"
    high: Allowance = "14d"
    medium: Allowance = "30d"
    low: Allowance = "90d"


class PatchSla(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every flaw is patched within the time its severity allows."""

    action: Action = Action.FAIL
    clock: Clock = Clock.PUBLISHED
    allow: Allowances = Allowances()


class SeverityThreshold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No flaw of this severity or above, however young."""

    action: Action = Action.OFF
    at_least: Literal["critical", "high", "medium", "low"] = "critical"
    only_fixable: Annotated[
        bool, msgspec.Meta(description="count only flaws that have a fixed version")
    ] = False


class ImageAge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The image was built recently enough; an unknown age is too old."""

    action: Action = Action.FAIL
    max: Duration = "90d"


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules, each off, warn or fail."""

    patch_sla: PatchSla = PatchSla()
    severity_threshold: SeverityThreshold = SeverityThreshold()
    image_age: ImageAge = ImageAge()


class SeverityPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How severities are read."""

    unknown: Annotated[
        Literal["critical", "high", "medium", "low"],
        msgspec.Meta(description="what a flaw without a severity counts as"),
    ] = "high"


class AdvisoryPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How old the advisory data may be."""

    warn_after: Duration = "24h"
    fail_after: Duration = "72h"


class CoveragePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stay unjudged without making the verdict INDETERMINATE."""

    accept_unmatched: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="purl patterns of components that need no advisories, with the type "
            "spelled out; * stands for anything: pkg:generic/acme-*"
        ),
    ] = ()


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A patchgate policy."""

    version: Annotated[Literal[1], msgspec.Meta(description="version of this format")]
    name: str = "default"
    severity: SeverityPolicy = SeverityPolicy()
    advisories: AdvisoryPolicy = AdvisoryPolicy()
    coverage: CoveragePolicy = CoveragePolicy()
    evidence: Annotated[
        Literal["required", "optional"],
        msgspec.Meta(description="whether a verdict that was not recorded may be a pass"),
    ] = "required"
    rules: Rules = Rules()


DEFAULT = Policy(version=1)
"""What counts where no policy is given."""


def json_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of the policy document."""
    schema = msgspec.json.schema(Policy)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://patchgate.dev/schema/policy-1.json",
        "title": "patchgate policy",
        **schema,
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
