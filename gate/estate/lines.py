"""One recorded run in a line: what lists show, and what questions are asked about."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gate.evidence.extension import RunVerdict
from gate.evidence.facts import VERDICT
from gate.evidence.verify import VerifiedRun
from gate.run.attachments import attached


class RunLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one verified record says.  Text may come from an image: sinks escape it."""

    run_id: str
    verdict: RunVerdict
    decided_at: datetime
    """UTC."""
    subject: str
    sha256: str
    """Of the subject, in hex."""
    actor: str = ""
    """As claimed, or the verified subject of a token."""
    actor_verified: bool = False
    repository: str = ""
    """As the CI says."""
    ref: str = ""
    commit: str = ""
    url: str = ""
    kind: str = ""
    """Of the subject: image, host, …"""
    clock: str = ""
    """Where the time comes from: system, given, …"""
    ticket: str = ""
    tool: str = ""
    """Version."""
    components: int = 0
    reasons: tuple[str, ...] = ()
    """Their codes."""
    policy: str = ""
    """Digest."""
    keys: tuple[str, ...] = ()
    """That signed."""
    verdict_sha256: str = ""
    """Of the attached verdict, in hex; empty where there is none."""


def line_of(run: VerifiedRun) -> RunLine:
    """Return the line of a verified run."""
    extension = run.summary.run
    ci = extension.ci
    return RunLine(
        run_id=run.run_id,
        verdict=run.verdict,
        decided_at=run.decided_at,
        subject=", ".join(entry.name for entry in run.subject),
        sha256=run.subject[0].sha256,
        actor=extension.actor.subject if extension.actor.verified else extension.actor.claimed,
        actor_verified=extension.actor.verified,
        repository=ci.repository if ci is not None else "",
        ref=ci.ref if ci is not None else "",
        commit=ci.commit if ci is not None else "",
        url=ci.url if ci is not None else "",
        kind=extension.target.kind.value,
        clock=extension.clock.basis.value,
        ticket=extension.ticket,
        tool=extension.tool.version,
        components=extension.coverage.components,
        reasons=tuple(sorted({reason.code for reason in extension.reasons})),
        policy=run.policy_digest,
        keys=run.keyids,
        verdict_sha256=attached(run).get(VERDICT, ""),
    )


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are wanted; what is empty does not matter."""

    subject: str = ""
    """Part of the name or of the digest."""
    verdict: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """The moment after the last."""
    actor: str = ""
    repository: str = ""

    def wants(self, line: RunLine) -> bool:
        """Return whether a run is one of those."""
        return (
            (self.subject in line.subject or self.subject.removeprefix("sha256:") in line.sha256)
            and self.verdict in {"", line.verdict.value}
            and (self.since is None or line.decided_at >= self.since)
            and (self.until is None or line.decided_at < self.until)
            and self.actor in line.actor
            and self.repository in line.repository
        )
