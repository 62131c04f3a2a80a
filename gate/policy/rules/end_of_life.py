"""End of life: the distribution and the runtimes are supported, and will be for a while.

The last day of support counts whole, in UTC.  A release that the data does not
know is unknown, not supported; and so is one without an announced end once the
data itself is too old to say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gate.advisories.lifecycles import Lifecycles, Release
from gate.policy.durations import parse_duration, write_duration
from gate.policy.facts import Facts
from gate.policy.lifecycle import Product, products
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result, some
from gate.policy.settings import EndOfLife
from gate.policy.verdict import Decision, RuleResult

CONTROLS = ("SOC 2 CC7.1", "ISO 27001 A.8.8", "PCI-DSS 12.3.4", "HIPAA 164.308(a)(1)(ii)(B)")
_DAY = timedelta(days=1)


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break on what is past its end of life or unknown; warn of what soon will be."""
    del decisions
    rule = policy.rules.end_of_life
    found = products(facts.bom, runtimes=rule.runtimes)
    judged = [_judge(product, facts, rule) for product in found]
    over = [text for broken, text in judged if broken]
    soon = [text for broken, text in judged if text and not broken]
    if not any(product.distribution for product in found) and _expects_one(facts):
        over.append("nothing says which distribution this is")
    supported = ", ".join(product.name for product in found) or "nothing here has an end of life"
    return rule_result(
        "end_of_life",
        rule.action,
        some([*over, *soon]) if over or soon else f"supported: {supported}",
        CONTROLS,
        details=[*over, *soon],
        broken=bool(over),
        warned=bool(soon),
        remedy="move to a release that is supported",
    )


def _expects_one(facts: Facts) -> bool:
    return any(component.type in {"apk", "deb", "rpm"} for component in facts.bom.components)


def _judge(product: Product, facts: Facts, rule: EndOfLife) -> tuple[bool, str]:
    """Return whether support has ended or is unknown, and what to say; "" for supported."""
    data = facts.context.lifecycles
    release = data.release(product.product, product.version)
    if release is None:
        known = f" to the data of {data.as_of}" if data.as_of else ", since there is no data"
        return True, f"{product.name} is unknown{known}"
    if release.ended:
        return True, f"{product.name} is past its end of life"
    end = _end(release, rule)
    if end is None:
        if _is_old(data, facts.now, rule):
            return True, f"{product.name}: data of {data.as_of} is too old to say"
        return False, ""
    left = end - facts.now
    if left <= timedelta(0):
        return True, f"{product.name} is past its end of life, {end - _DAY:%Y-%m-%d}"
    if left <= parse_duration(rule.warn_within):
        return False, f"{product.name} ends {end - _DAY:%Y-%m-%d}, in {write_duration(left)}"
    return False, ""


def _end(release: Release, rule: EndOfLife) -> datetime | None:
    """Return when support has ended: the midnight after its last day; None if not announced."""
    last = max(_days(release, rule), default=None)
    return datetime(last.year, last.month, last.day, tzinfo=UTC) + _DAY if last else None


def _days(release: Release, rule: EndOfLife) -> Iterator[datetime]:
    for day in (release.end, release.extended if rule.support == "extended" else None):
        if day is not None:
            yield datetime(day.year, day.month, day.day, tzinfo=UTC)


def _is_old(data: Lifecycles, now: datetime, rule: EndOfLife) -> bool:
    if data.as_of is None:
        return True
    read = datetime(data.as_of.year, data.as_of.month, data.as_of.day, tzinfo=UTC)
    return now - read > parse_duration(rule.max_data_age)
