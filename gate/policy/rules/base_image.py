"""Base image: an approved one, recent, known by its digest; its fixes were taken in.

What is not known breaks what is asked: a base that nobody can name is not an
approved one, and one without a date is not recent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase

from gate.bom.model import BaseImage as Base
from gate.bom.model import SubjectKind
from gate.bom.origin import inherited
from gate.policy.durations import parse_duration, write_duration
from gate.policy.exceptions.roster import keyid_of
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result, some
from gate.policy.settings import BaseImage
from gate.policy.verdict import Decision, RuleResult

CONTROLS = (
    "SOC 2 CC6.8",
    "SOC 2 CC8.1",
    "ISO 27001 A.8.9",
    "ISO 27001 A.8.19",
    "PCI-DSS 2.2.1",
    "HIPAA 164.308(a)(5)(ii)(B)",
)
_SKEW = timedelta(minutes=5)


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break where the base is not what the policy asks for, or cannot be told."""
    rule = policy.rules.base_image
    base = facts.bom.base
    late = _late(facts, rule, decisions)
    problems = [*_problems(facts, rule), *_fixes(rule, late)]
    name = f"base {base.name}" if base is not None else "the base is not known"
    return rule_result(
        "base_image",
        rule.action,
        f"{name}: {some(problems)}" if problems else f"{name} is as the policy asks",
        CONTROLS,
        broken_by=late,
        details=problems,
        broken=bool(problems),
        applies=facts.bom.subject.kind is SubjectKind.IMAGE,
        remedy="build again on the current digest of an approved base",
    )


def _problems(facts: Facts, rule: BaseImage) -> Iterator[str]:
    """Yield what is wrong with the base itself."""
    base = facts.bom.base
    if base is None:
        if _asks(rule):
            yield "nothing says which image this one is built from"
        return
    if (rule.approved or rule.approved_catalogs) and not _is_approved(base, rule):
        yield "it is not an approved base"
    if rule.pinned and not base.digest:
        yield "its digest is not known"
    if rule.proven and base.basis != "layers":
        yield f"it is only claimed by {base.basis}, not recognised by its layers"
    if rule.signed_by:
        yield from _signers(facts, rule)
    if rule.max_age is not None:
        yield from _age(base, facts, rule.max_age)
    if rule.current or rule.rebuild_within is not None:
        yield from _behind(base, facts, rule)


def _asks(rule: BaseImage) -> bool:
    asked = (rule.approved, rule.approved_catalogs, rule.max_age, rule.pinned, rule.proven)
    return any(asked) or bool(rule.signed_by) or rule.current or rule.rebuild_within is not None


def _signers(facts: Facts, rule: BaseImage) -> Iterator[str]:
    """Yield that nobody whom the policy names has signed the base, or that nobody can tell."""
    found = facts.context.base_signers
    if found is None or found.problem:
        yield f"whether it is signed is not known: {found.problem if found else 'not asked'}"
    elif {keyid_of(key) for key in rule.signed_by}.isdisjoint(found.keyids):
        yield f"nobody in signed_by has signed {found.digests[0] if found.digests else 'it'}"


def _is_approved(base: Base, rule: BaseImage) -> bool:
    return any(fnmatchcase(base.name, pattern) for pattern in rule.approved) or (
        base.basis == "layers" and base.catalog in rule.approved_catalogs
    )


def _behind(base: Base, facts: Facts, rule: BaseImage) -> Iterator[str]:
    """Yield that the tag of the base means another image at this time, or that nobody can tell.

    The layers that the subject begins with decide where they are known; else the digest.
    """
    now = facts.context.base_now
    if now is None or now.problem:
        yield f"whether it is behind its tag is not known: {now.problem if now else 'not asked'}"
        return
    own = tuple(layer.diff_id for layer in facts.bom.subject.layers)
    if now.diff_ids and own[: len(now.diff_ids)] == now.diff_ids:
        return
    if not now.diff_ids and base.digest in now.digests:
        return
    built = (
        f"built {now.created:%Y-%m-%d}" if now.created is not None else "built nobody knows when"
    )
    latest = f"{now.reference} is {now.digests[0] if now.digests else 'another image'}, {built}"
    if rule.rebuild_within is None or rule.current:
        yield f"it is behind its tag: {latest}"
        return
    allowed = parse_duration(rule.rebuild_within)
    if now.created is None or now.created > facts.now + _SKEW:
        yield f"it is behind its tag, and the time to rebuild cannot be told: {latest}"
    elif facts.now - now.created > allowed:
        yield f"it is behind its tag for more than {write_duration(allowed)}: {latest}"


def _age(base: Base, facts: Facts, max_age: str) -> Iterator[str]:
    allowed = parse_duration(max_age)
    if base.created is None:
        yield "its age is not known"
    elif base.created > facts.now + _SKEW:
        yield f"it claims to be built in the future ({base.created:%Y-%m-%d %H:%M} UTC)"
    elif facts.now - base.created > allowed:
        yield (
            f"it was built {write_duration(facts.now - base.created)} ago, "
            f"{write_duration(allowed)} allowed"
        )


def _late(facts: Facts, rule: BaseImage, decisions: tuple[Decision, ...]) -> list[Decision]:
    """Return the findings in packages of the base whose fix has been out for too long."""
    if rule.max_fix_age is None:
        return []
    allowed = parse_duration(rule.max_fix_age)
    of_base = inherited(facts.bom)
    return [
        decision
        for decision, finding in zip(decisions, facts.findings.findings, strict=True)
        if finding.ref in of_base
        and decision.counts
        and finding.fixed
        and (finding.fix_published is None or facts.now - finding.fix_published > allowed)
    ]


def _fixes(rule: BaseImage, late: list[Decision]) -> Iterator[str]:
    if late and rule.max_fix_age is not None:
        allowed = write_duration(parse_duration(rule.max_fix_age))
        yield f"fixes for {len(late)} findings in it have been out for more than {allowed}"
