"""The policy document, typed.  docs/policy.md explains every field.

Field descriptions below end up in the JSON Schema that editors show.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gate.policy.kinds import Duration, Hex256, Level, Sha256
from gate.policy.settings import Rules, Settings
from gate.policy.targets import Target


class Extends(Settings, frozen=True, kw_only=True):
    """The policy that this one builds on."""

    path: Annotated[str, msgspec.Meta(min_length=1, description="of its file, seen from this one")]
    sha256: Annotated[
        Hex256, msgspec.Meta(description="of its bytes, so that it cannot change unseen")
    ]


class SeverityPolicy(Settings, frozen=True, kw_only=True):
    """How severities are read."""

    unknown: Annotated[
        Level,
        msgspec.Meta(description="what a flaw without a severity counts as"),
    ] = "high"


class AdvisoryPolicy(Settings, frozen=True, kw_only=True):
    """How old the advisory data may be."""

    warn_after: Duration = "24h"
    fail_after: Duration = "72h"
    kev_fail_after: Annotated[
        Duration, msgspec.Meta(description="age of CISA's catalogue, where a rule needs it")
    ] = "14d"
    epss_fail_after: Annotated[
        Duration, msgspec.Meta(description="age of the EPSS scores, where a rule needs them")
    ] = "7d"


class CoveragePolicy(Settings, frozen=True, kw_only=True):
    """What may stay unjudged without making the verdict INDETERMINATE."""

    accept_unmatched: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="purl patterns of components that need no advisories, with the type "
            "spelled out; * stands for anything: pkg:generic/acme-*"
        ),
    ] = ()
    accept_unread: Annotated[
        tuple[Sha256, ...],
        msgspec.Meta(
            description="digests of layers, or of whole images, of which not everything has "
            "to be readable"
        ),
    ] = ()


class Policy(Settings, frozen=True, kw_only=True):
    """A patchgate policy."""

    version: Annotated[Literal[1], msgspec.Meta(description="version of this format")]
    extends: Annotated[
        Extends | None, msgspec.Meta(description="a policy whose values count where this is silent")
    ] = None
    name: str = "default"
    severity: SeverityPolicy = SeverityPolicy()
    advisories: AdvisoryPolicy = AdvisoryPolicy()
    coverage: CoveragePolicy = CoveragePolicy()
    evidence: Annotated[
        Literal["required", "optional"],
        msgspec.Meta(description="whether a verdict that was not recorded may be a pass"),
    ] = "required"
    rules: Rules = Rules()
    targets: Annotated[
        tuple[Target, ...], msgspec.Meta(description="the first one that matches rules")
    ] = ()


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
