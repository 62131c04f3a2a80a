"""Are the facts whole?  What is missing is a reason, never a silence.

Rules (docs/policy.md, "What keeps a verdict from PASS"):

* everything that was to be read was read completely, unless the policy accepts
  the layer or the image by digest;
* there is at least one component, unless the policy accepts the image by digest;
* every component was looked up under an ecosystem that the snapshot covers,
  unless the policy accepts its purl by pattern;
* the sources that were needed are recent enough, and so are the catalogues of
  exploited flaws (`gate.policy.exploited`), where a rule asks them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fnmatch import fnmatchcase

from gate.advisories.model import SourceInfo
from gate.bom.model import Bom, Reading, ReadingStatus
from gate.policy.durations import parse_duration, write_duration
from gate.policy.exploited import catalogues
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.verdict import Cause, Reason

_SHOWN = 3
_ADVISORY_GAPS = frozenset({"foreign-vendor", "no-advisories", "no-ecosystem", "unmapped-distro"})


def coverage(facts: Facts, policy: Policy) -> tuple[list[Reason], list[str]]:
    """Return the reasons why nothing certain can be said, and warnings."""
    unmatched, accepted = _unmatched(facts, policy)
    stale, aging = _data_age(facts, policy)
    unread, tolerated = _unread(facts, policy)
    uncertain, unsure = catalogues(facts, policy)
    return (
        [*unread, *unmatched, *stale, *uncertain],
        [*facts.lookup.assumed, *tolerated, *accepted, *aging, *unsure],
    )


def _unread(facts: Facts, policy: Policy) -> tuple[list[Reason], list[str]]:
    reasons = []
    accepted = []
    tolerated = accepted_readings(facts.bom, policy)
    whole = _is_accepted_whole(facts.bom, policy)
    for reading in facts.bom.readings:
        if reading.status is not ReadingStatus.COMPLETE:
            place = f" {reading.path}" if reading.path else ""
            how = "could not be read" if reading.status is ReadingStatus.FAILED else "is incomplete"
            message = f"{reading.what}{place} {how}: {reading.reason}"
            if reading in tolerated:
                accepted.append(f"{message} (the policy accepts it by digest)")
                continue
            reasons.append(
                Reason(
                    cause=Cause.INPUT,
                    code="unread" if reading.status is ReadingStatus.FAILED else "incomplete",
                    message=message,
                )
            )
    if not facts.bom.components and whole:
        accepted.append("no package was found (the policy accepts it by digest)")
    elif not facts.bom.components and not reasons:
        reasons.append(
            Reason(cause=Cause.INPUT, code="no-packages", message="no package was found")
        )
    return reasons, accepted


def accepted_readings(bom: Bom, policy: Policy) -> tuple[Reading, ...]:
    """Return what was not read, or not completely, and need not be: by layer or image."""
    whole = _is_accepted_whole(bom, policy)
    digests = policy.coverage.accept_unread
    return tuple(
        reading
        for reading in bom.readings
        if reading.status is not ReadingStatus.COMPLETE and (whole or reading.layer in digests)
    )


def _is_accepted_whole(bom: Bom, policy: Policy) -> bool:
    """Say whether the policy names the image itself, by its digest or by its image ID."""
    named = {f"sha256:{bom.subject.digests.get('sha256', '')}", bom.subject.image_id}
    return not named.isdisjoint(policy.coverage.accept_unread)


def _unmatched(facts: Facts, policy: Policy) -> tuple[list[Reason], list[str]]:
    """Group what could not be looked up by why, with the first few names."""
    components = {component.ref: component for component in facts.bom.components}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    accepted = 0
    for gap in facts.findings.gaps:
        component = components[gap.ref]
        if any(
            fnmatchcase(component.purl, pattern) for pattern in policy.coverage.accept_unmatched
        ):
            accepted += 1
        else:
            groups[gap.code, gap.message].append(component.name)
    reasons = [
        Reason(cause=_cause(code), code=code, message=_group_message(message, names))
        for (code, message), names in sorted(groups.items())
    ]
    notes = [f"{accepted} components are not matched, as the policy accepts"] if accepted else []
    return reasons, notes


def _cause(code: str) -> Cause:
    return Cause.ADVISORIES if code in _ADVISORY_GAPS else Cause.INPUT


def _group_message(message: str, names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    count = "1 component" if len(names) == 1 else f"{len(names)} components"
    return f"{count} could not be matched: {message} ({shown}{more})"


def _data_age(facts: Facts, policy: Policy) -> tuple[list[Reason], list[str]]:
    """Judge the age of the sources that cover what was looked up."""
    needed = {query.ecosystem for query in facts.lookup.queries}
    fail_after = parse_duration(policy.advisories.fail_after)
    warn_after = parse_duration(policy.advisories.warn_after)
    reasons: list[Reason] = []
    warnings: list[str] = []
    for source in facts.sources:
        if not needed & source.ecosystems.keys():
            continue
        age = max(facts.now - source.as_of, timedelta(0))
        if age > fail_after:
            message = _age_message(source, age, fail_after)
            reasons.append(Reason(cause=Cause.ADVISORIES, code="stale", message=message))
        elif age > warn_after:
            warnings.append(_age_message(source, age, warn_after))
        if source.unreadable:
            message = f"{source.unreadable} records of source {source.name} could not be read"
            reasons.append(
                Reason(cause=Cause.ADVISORIES, code="unreadable-records", message=message)
            )
    return reasons, warnings


def _age_message(source: SourceInfo, age: timedelta, allowed: timedelta) -> str:
    return (
        f"advisories of {source.name} are {write_duration(age)} old "
        f"(as of {source.as_of:%Y-%m-%d %H:%M} UTC, {source.as_of_basis}); "
        f"{write_duration(allowed)} allowed"
    )
