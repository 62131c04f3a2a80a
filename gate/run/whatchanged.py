"""Why a verdict differs from the one before it, item by item.

Pure: two verdicts with what was installed go in, lines for a person come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gate.bom.model import Bom
from gate.matching.findings import Finding
from gate.policy.verdict import Decision, Outcome, RuleOutcome, State, Verdict
from gate.run.history import Earlier


class Cause(StrEnum):
    """What kind of thing changed."""

    PACKAGE = "package"
    NEW_ADVISORY = "new-advisory"
    ADVISORY_CHANGED = "advisory-changed"
    WITHDRAWN = "withdrawn"
    DUE = "due"
    EXCEPTION = "exception"
    POLICY = "policy"
    RULE = "rule"
    COVERAGE = "coverage"
    DATA_AGE = "data-age"


class Changed(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One reason why the verdict is another."""

    cause: Cause
    message: str
    better: bool
    """Whether it takes a reason against the verdict away."""


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """The run before this one, and what has changed since."""

    run_id: str
    decided_at: datetime
    """UTC."""
    outcome: Outcome
    changes: tuple[Changed, ...]


def what_changed(
    earlier: Earlier,
    bom: Bom,
    findings: tuple[Finding, ...],
    verdict: Verdict,
    *,
    policy_digest: str,
    withdrawn: Mapping[str, str],
) -> Since:
    """Return what is different from an earlier run: first what made it worse.

    `withdrawn` says of flaws which advisory about them is, and when (`gate.run.withdrawn`).
    """
    compared = _Compared(
        earlier, bom, findings, verdict, policy_digest=policy_digest, withdrawn=withdrawn
    )
    changes = sorted(set(compared.changes()), key=lambda one: (one.better, one))
    return Since(
        run_id=earlier.run.run_id,
        decided_at=earlier.run.decided_at,
        outcome=earlier.verdict.outcome,
        changes=tuple(changes),
    )


class _Compared:
    """Two runs side by side; findings are the same if flaw and package are."""

    def __init__(
        self,
        earlier: Earlier,
        bom: Bom,
        findings: tuple[Finding, ...],
        verdict: Verdict,
        *,
        policy_digest: str,
        withdrawn: Mapping[str, str],
    ) -> None:
        self.earlier = earlier
        self.withdrawn = withdrawn
        self.verdict = verdict
        self.policy_differs = earlier.run.policy_digest != policy_digest
        self.published = {(one.ref, one.id): one.published for one in findings}
        components = {one.ref: one for one in bom.components}
        self.now = {
            f"{one.id} {components[one.ref].purl.partition('@')[0]}": one
            for one in verdict.decisions
        }
        self.before = {earlier.sighting(one): one for one in earlier.verdict.decisions}
        self.versions = _versions((one.purl, one.name, one.version) for one in bom.components)
        self.old_versions = _versions(
            (one.purl, one.name, one.version) for one in earlier.installed.values()
        )

    def changes(self) -> Iterator[Changed]:
        if self.policy_differs:
            yield Changed(cause=Cause.POLICY, message="another policy was applied", better=False)
        counted: Counter[tuple[Cause, str, bool]] = Counter()
        for key in self.now.keys() | self.before.keys():
            new, old = self.now.get(key), self.before.get(key)
            if bool(new and new.broken) != bool(old and old.broken):
                cause, message = self._why(key, old, new)
                counted[cause, message, not (new and new.broken)] += 1
        for (cause, message, better), count in counted.items():
            effect = "no longer counts" if better else "counts now"
            findings = f"{count} findings" if count > 1 else "1 finding"
            if count > 1:
                effect = effect.replace("counts", "count", 1)
            yield Changed(cause=cause, message=f"{message}: {findings} {effect}", better=better)
        yield from self._rules()
        yield from self._reasons()

    def _why(self, key: str, old: Decision | None, new: Decision | None) -> tuple[Cause, str]:
        package = key.partition(" ")[2]
        name, before = self.old_versions.get(package, ("", ""))
        named, now = self.versions.get(package, ("", ""))
        name = named or name
        if before != now:
            if not before:
                return Cause.PACKAGE, f"{name} {now} was added"
            if not now:
                return Cause.PACKAGE, f"{name} was removed"
            return Cause.PACKAGE, f"{name} went from {before} to {now}"
        if old is None or new is None:
            return self._advisory(name, old, new)
        if old.exception != new.exception:
            what = "counts" if new.exception else "no longer counts"
            return Cause.EXCEPTION, f"exception {new.exception or old.exception} {what}"
        if old.due != new.due or old.severity is not new.severity:
            cause = Cause.POLICY if self.policy_differs else Cause.ADVISORY_CHANGED
            return cause, f"{new.id} in {name} is rated or due otherwise than before"
        if old.state is State.OPEN and new.state is State.OVERDUE and new.due is not None:
            return Cause.DUE, f"{new.id} in {name} was due {new.due:%Y-%m-%d}"
        return Cause.POLICY, f"{new.id} in {name} is judged by other rules"

    def _advisory(self, name: str, old: Decision | None, new: Decision | None) -> tuple[Cause, str]:
        if new is None:
            gone = old.id if old is not None else ""
            if gone in self.withdrawn:
                return Cause.WITHDRAWN, f"{self.withdrawn[gone]}, about {gone} in {name}"
            return Cause.ADVISORY_CHANGED, f"the advisory for {gone} in {name} was corrected"
        published = self.published.get((new.ref, new.id))
        if published is not None and published > self.earlier.run.decided_at:
            return Cause.NEW_ADVISORY, f"{new.id} in {name} was published {published:%Y-%m-%d}"
        return Cause.NEW_ADVISORY, f"{new.id} in {name} is new to the advisories"

    def _rules(self) -> Iterator[Changed]:
        """Yield rules that the subject as a whole breaks now, or no longer breaks."""
        before = {one.rule: one for one in self.earlier.verdict.rules}
        for rule in self.verdict.rules:
            old = before.get(rule.rule)
            if rule.findings or (old is not None and old.findings):
                continue
            was = old is not None and old.outcome is RuleOutcome.FAILED
            if (rule.outcome is RuleOutcome.FAILED) != was:
                message = f"{rule.rule}: {rule.message}"
                lost = _accepting(self.earlier.verdict, rule.rule)
                if lost and not was:
                    message = f"exception {lost} no longer counts: {message}"
                taken = lost or _accepting(self.verdict, rule.rule)
                yield Changed(
                    cause=Cause.EXCEPTION if taken else Cause.RULE, message=message, better=was
                )

    def _reasons(self) -> Iterator[Changed]:
        """Yield what kept one of the two from being decided at all."""
        before, now = _undecided(self.earlier.verdict), _undecided(self.verdict)
        for name in now.keys() - before.keys():
            yield Changed(cause=now[name][0], message=now[name][1], better=False)
        for name in before.keys() - now.keys():
            cause, message = before[name]
            yield Changed(cause=cause, message=f"no longer: {message}", better=True)


def _accepting(verdict: Verdict, rule: str) -> str:
    """Return the exception that accepts a broken rule, or ""."""
    return next((one.id for one in verdict.exceptions if rule in one.rules), "")


_STALE = frozenset({"stale", "stale-kev", "stale-epss"})


def _undecided(verdict: Verdict) -> dict[str, tuple[Cause, str]]:
    """Return what kept a verdict from being decided, by a name that stays from run to run."""
    found = {}
    for reason in verdict.reasons:
        if reason.cause == "policy":
            continue
        aged = reason.code in _STALE
        # What tells an age says another one each time.
        name = f"{reason.code} {reason.message.partition(' are ')[0]}" if aged else reason.message
        found[name] = (Cause.DATA_AGE if aged else Cause.COVERAGE, reason.message)
    return found


def _versions(found: Iterator[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    """Return name and versions by purl without version."""
    versions: dict[str, tuple[str, list[str]]] = {}
    for purl, name, version in found:
        versions.setdefault(purl.partition("@")[0], (name, []))[1].append(version)
    return {purl: (name, ", ".join(sorted(all_))) for purl, (name, all_) in versions.items()}
