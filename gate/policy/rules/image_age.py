"""Image age: the image was built recently enough.

Five dates say when: `created` of the image configuration, the day the newest
package was installed, the newest file in a layer, a label
(``org.opencontainers.image.created``, else ``org.label-schema.build-date``), and
when the registry got it.  `by` chooses; all that are known are shown.

An age that is unknown or lies in the future is too old: whoever builds an image
sets its dates, and leaving one out must not help.  A `created` of 1980 or before
is none, but the mark of a reproducible build (0, or a zip's first day): then the
newest package or file counts in its place, whichever is newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from gate.bom.model import Bom, Subject, SubjectKind
from gate.policy.durations import parse_duration, write_duration
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result
from gate.policy.verdict import Decision, RuleResult

CONTROLS = (
    "SOC 2 CC8.1",
    "ISO 27001 A.8.32",
    "PCI-DSS 6.3.3",
    "HIPAA 164.308(a)(1)(ii)(B)",
)
_SKEW = timedelta(minutes=5)
_LABELS = ("org.opencontainers.image.created", "org.label-schema.build-date")
_REPRODUCIBLE = datetime(1980, 1, 2, tzinfo=UTC)
_NEVER = datetime.min.replace(tzinfo=UTC)
_WHY_NOT = {
    SubjectKind.HOST: "a host is patched in place",
    SubjectKind.ROOTFS: "a root file system in a folder is patched in place",
    SubjectKind.SOURCE: "sources are not an image",
    SubjectKind.SBOM: "the SBOM is not about an image",
}
_NAMES = {
    "created": "built",
    "packages": "newest package installed",
    "files": "newest file changed",
    "label": "labelled as built",
    "pushed": "pushed to its registry",
}


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break where the image is older than allowed, or its age cannot be told."""
    del decisions
    rule = policy.rules.image_age
    subject = facts.bom.subject
    applies = subject.kind is SubjectKind.IMAGE or subject.source == "rootfs-tar"
    allowed = parse_duration(rule.max)
    known = ages(facts.bom)
    ruling = {name: known[name] for name in known if rule.by in {name, "all"}}
    if rule.by == "created" and "created" not in known and _is_reproducible(facts.bom):
        newest = max(("packages", "files"), key=lambda name: known.get(name, _NEVER))
        ruling = {name: known[name] for name in known if name == newest}
    broken = not ruling or any(_broken(moment, facts.now, allowed) for moment in ruling.values())
    if applies:
        message = _message(facts, known, ruling) or _unknown(subject)
        message = f"{message}, {write_duration(allowed)} allowed" if ruling else message
    else:
        message = _WHY_NOT[subject.kind]
    return rule_result(
        "image_age",
        rule.action,
        message,
        CONTROLS,
        broken=broken,
        applies=applies,
        remedy="build the image again from a current base, without cached layers",
    )


def ages(bom: Bom) -> dict[str, datetime]:
    """Return when the image was built by each of the dates that are known."""
    subject = bom.subject
    installed = [item.installed_at for item in bom.components if item.installed_at is not None]
    found = {
        "created": None if _is_reproducible(bom) else subject.created,
        "packages": _real(max(installed, default=None)),
        "files": _real(subject.newest_file),
        "label": _labelled(subject.labels),
        "pushed": subject.pushed,
    }
    return {name: moment for name, moment in found.items() if moment is not None}


def _real(moment: datetime | None) -> datetime | None:
    """Return a time that a build did not set to its own zero."""
    return moment if moment is None or moment >= _REPRODUCIBLE else None


def _is_reproducible(bom: Bom) -> bool:
    """Return whether `created` is the mark of a reproducible build; a zero is read as a note."""
    created = bom.subject.created
    if created is None:
        return any(note.code == "created-zero" for note in bom.notes)
    return created < _REPRODUCIBLE


def _labelled(labels: Mapping[str, str]) -> datetime | None:
    """Return the time that a label states; None where none does, or not as ISO 8601."""
    for name in _LABELS:
        if name in labels:
            try:
                moment = datetime.fromisoformat(labels[name])
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
            except (ValueError, OverflowError):
                return None
    return None


def _broken(moment: datetime, now: datetime, allowed: timedelta) -> bool:
    return moment > now + _SKEW or now - moment > allowed


def _message(facts: Facts, known: Mapping[str, datetime], ruling: Mapping[str, datetime]) -> str:
    """Say how old the image is by what rules, then by the other dates."""
    ordered = [*ruling, *(name for name in known if name not in ruling)] if ruling else []
    return "; ".join(_age(name, known[name], facts) for name in ordered)


def _age(name: str, moment: datetime, facts: Facts) -> str:
    if moment > facts.now + _SKEW:
        what = "claims to be built" if name == "created" else _NAMES[name]
        return f"{what} in the future ({moment:%Y-%m-%d %H:%M} UTC)"
    by_file = name == "created" and facts.bom.subject.created_basis == "newest-file"
    basis = "by its newest file, " if by_file else ""
    if name == "pushed" and facts.bom.subject.pushed_basis == "given":
        basis = "as it was said, "
    age = write_duration(facts.now - moment)
    return f"{basis}{_NAMES[name]} {age} ago ({moment:%Y-%m-%d})"


def _unknown(subject: Subject) -> str:
    said = "the SBOM does" if subject.source == "sbom" else "it does"
    return f"the age is unknown, since {said} not say when the image was built"
