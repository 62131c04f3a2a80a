"""The policy document, typed.  docs/policy.md explains every field.

Field descriptions below end up in the JSON Schema that editors show.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gate.policy.kinds import Day, Duration, Hex256, Level, RuleName, Sha256
from gate.policy.settings import Rules, Settings
from gate.policy.targets import Target


class Extends(Settings, frozen=True, kw_only=True):
    """The policy that this one builds on: a file, of a Git revision, an OCI artifact or a URL."""

    path: Annotated[
        str, msgspec.Meta(description="of its file: seen from this one, or within `git`")
    ] = ""
    revision: Annotated[
        str, msgspec.Meta(description="Git tag, branch or commit that `path` is read from")
    ] = ""
    git: Annotated[
        str,
        msgspec.Meta(description="repository of `revision`, https:// or ssh://; else this one"),
    ] = ""
    oci: Annotated[
        str, msgspec.Meta(description="OCI artifact: registry.example/policies/company:1")
    ] = ""
    url: Annotated[str, msgspec.Meta(description="https:// address of the document")] = ""
    sha256: Annotated[
        Hex256, msgspec.Meta(description="of its bytes, so that it cannot change unseen")
    ]

    @property
    def origin(self) -> str:
        """Where it comes from, as results and evidence write it."""
        if self.url or self.oci:
            return self.url or f"oci:{self.oci}"
        if self.revision:
            return f"git:{self.git or '.'}@{self.revision}:{self.path}"
        return self.path


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


class Approver(Settings, frozen=True, kw_only=True):
    """A risk owner, and what he or she may accept."""

    name: Annotated[str, msgspec.Meta(min_length=1, description="as exceptions name people")]
    keys: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="public keys: 'ssh-ed25519 AAAA…' lines, or PEM"),
    ] = ()
    accounts: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="accounts in trackers: 'TRACKER:ACCOUNT'; a key or one of these"),
    ] = ()
    severity: Annotated[Level, msgspec.Meta(description="the gravest that may be accepted")] = (
        "critical"
    )
    known_exploited: Annotated[
        bool, msgspec.Meta(description="may accept flaws in CISA's catalogue, and malware")
    ] = False
    rules: Annotated[
        tuple[RuleName, ...], msgspec.Meta(description="rules whose breach may be accepted")
    ] = ()
    systems: Annotated[
        tuple[str, ...], msgspec.Meta(description="name patterns; empty: every system")
    ] = ()
    packages: Annotated[
        tuple[str, ...], msgspec.Meta(description="purl patterns; empty: every package")
    ] = ()
    since: Annotated[Day | None, msgspec.Meta(description="approvals of earlier days are void")] = (
        None
    )
    until: Annotated[Day | None, msgspec.Meta(description="approvals of later days are void")] = (
        None
    )


class Tracker(Settings, frozen=True, kw_only=True):
    """Where tickets are approved, and what an approval looks like there."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    kind: Literal["jira", "github", "gitlab"]
    url: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="jira: of the server; github: …/repos/OWNER/NAME; gitlab: "
            "…/api/v4/projects/ID",
        ),
    ]
    approved: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            min_length=1, description="states: Approved (jira), completed (github), closed (gitlab)"
        ),
    ]
    label: Annotated[str, msgspec.Meta(description="that has to be on the ticket, too")] = ""
    keys: Annotated[
        tuple[str, ...],
        msgspec.Meta(min_length=1, description="public keys of whoever fetches the state"),
    ]


class ExceptionPolicy(Settings, frozen=True, kw_only=True):
    """Who may accept what, and for how long.  Without an approver no exception counts."""

    approvers: tuple[Approver, ...] = ()
    trackers: Annotated[
        tuple[Tracker, ...],
        msgspec.Meta(description="where a risk owner may approve by a ticket; none: nowhere"),
    ] = ()
    max_term: Annotated[
        Duration, msgspec.Meta(description="longest time from the approval to the last day")
    ] = "90d"
    max_renewals: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1
    warn_before: Annotated[
        Duration, msgspec.Meta(description="time before the last day in which results warn")
    ] = "14d"


class VexPolicy(Settings, frozen=True, kw_only=True):
    """Whose VEX statements count, of those that a run is given."""

    authors: Annotated[
        tuple[str, ...], msgspec.Meta(description="name patterns; empty: every author")
    ] = ()
    keys: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="public keys of those whose attestations in a registry count"),
    ] = ()


class ActorPolicy(Settings, frozen=True, kw_only=True):
    """Whether the environment's word on who started a run is enough."""

    require: Annotated[
        Literal["claimed", "verified"],
        msgspec.Meta(description="verified: by an identity token of the CI, else nothing passes"),
    ] = "claimed"
    issuers: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"\Ahttps?://[^\s]+\Z")], ...],
        msgspec.Meta(description="who may issue such tokens, beside github.com and gitlab.com"),
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
    actor: ActorPolicy = ActorPolicy()
    exceptions: ExceptionPolicy = ExceptionPolicy()
    vex: VexPolicy = VexPolicy()
    rules: Rules = Rules()
    targets: Annotated[
        tuple[Target, ...], msgspec.Meta(description="the first one that matches rules")
    ] = ()


DEFAULT = Policy(version=1)
"""What counts where no policy is given."""


def _only(*names: str, without: tuple[str, ...]) -> dict[str, object]:
    return {"required": list(names), "not": {"anyOf": [{"required": [name]} for name in without]}}


_ONE_OF: dict[str, list[dict[str, object]]] = {
    "Extends": [
        _only("url", without=("oci", "git", "revision", "path")),
        _only("oci", without=("url", "git", "revision", "path")),
        _only("path", without=("url", "oci", "git", "revision")),
        _only("path", "revision", without=("url", "oci")),
    ],
}
"""What the types do not say: which fields of a mapping belong together."""


def json_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of the policy document."""
    schema = msgspec.json.schema(Policy)
    for name, alternatives in _ONE_OF.items():
        schema["$defs"][name]["oneOf"] = alternatives
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://patchgate.dev/schema/policy-1.json",
        "title": "patchgate policy",
        **schema,
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
