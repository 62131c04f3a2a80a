"""What the charts show: findings by when they are due, by age, and by where they come from."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from gate.bom.model import Bom
from gate.bom.origin import origins
from gate.policy.verdict import State
from gate.report.charts import Bar, Counts, Group
from gate.report.encoding import visible
from gate.report.judged import Judged

_OVERDUE = ((90, "over 90"), (30, "31-90"), (7, "8-30"), (0, "1-7"))
_LEFT = ((7, "0-7"), (30, "8-30"), (90, "31-90"), (None, "over 90"))
_AGES = ((7, "0-7"), (30, "8-30"), (90, "31-90"), (365, "91-365"), (None, "older"))
_BARS = 8
_LABEL = 50
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c (#\(nop\)\s*)?")
_BUILDER = " # buildkit"
_ROOM = re.compile(r"\s+")


def by_due_date(items: Sequence[Judged], now: datetime) -> list[Group]:
    """Return how many are overdue and due by days, in groups as a calendar goes."""
    overdue: dict[str, Counts] = defaultdict(Counter)
    left: dict[str, Counts] = defaultdict(Counter)
    never: Counts = Counter()
    undated: Counts = Counter()
    accepted: Counts = Counter()
    for item in items:
        decision = item.decision
        if decision.state is State.ACCEPTED:
            accepted[decision.severity] += 1
        elif decision.due is None:
            bucket = undated if decision.state is State.OVERDUE else never
            bucket[decision.severity] += 1
        elif decision.due < now:
            # A day that has begun counts whole, as in the table.
            over = math.ceil((now - decision.due).total_seconds() / 86400)
            label = next(label for least, label in _OVERDUE if over > least)
            overdue[label][decision.severity] += 1
        else:
            left[_label(decision.due - now, _LEFT)][decision.severity] += 1
    groups = [
        Group("days overdue", tuple(Bar(label, overdue[label]) for _, label in _OVERDUE)),
        Group("days left", tuple(Bar(label, left[label]) for _, label in _LEFT)),
    ]
    if undated:
        groups.insert(0, Group("no date", (Bar("overdue", undated),)))
    if accepted:
        groups.append(Group("excepted", (Bar("", accepted),)))
    if never:
        groups.append(Group("no limit", (Bar("", never),)))
    return groups


def by_age(items: Sequence[Judged], now: datetime) -> list[Group]:
    """Return how many have been known for how many days."""
    ages: dict[str, Counts] = defaultdict(Counter)
    unknown: Counts = Counter()
    for item in items:
        published = item.finding.published
        if published is None:
            unknown[item.decision.severity] += 1
        else:
            ages[_label(now - published, _AGES)][item.decision.severity] += 1
    groups = [
        Group(
            "days since the flaw was published",
            tuple(Bar(label, ages[label]) for _, label in _AGES),
        )
    ]
    if unknown:
        groups.append(Group("no date", (Bar("", unknown),)))
    return groups


def by_layer(items: Sequence[Judged], bom: Bom) -> list[Bar]:
    """Return how many came with which layer of the image, lowest first."""
    brought = origins(bom)
    counts: dict[int, Counts] = defaultdict(Counter)
    labels = {0: "(which layer is not known)"}
    for item in items:
        origin = brought.get(item.component.ref)
        number = origin.number if origin is not None else 0
        counts[number][item.decision.severity] += 1
        if origin is not None:
            base = "base image, " if origin.base else ""
            labels[number] = f"{number}  {base}{instruction(origin.instruction)}"
    bars = [Bar(visible(labels[number], _LABEL), counts[number]) for number in sorted(counts)]
    return _at_most(bars, "other layers")


def by_type(items: Sequence[Judged]) -> list[Bar]:
    """Return how many are in which kind of package, most first."""
    counts: dict[str, Counts] = defaultdict(Counter)
    for item in items:
        counts[item.component.type][item.decision.severity] += 1
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    return _at_most([Bar(visible(name, _LABEL), found) for name, found in ordered], "others")


def instruction(created_by: str) -> str:
    """Return the instruction behind a layer as its Dockerfile has it, on one line."""
    text = _SHELL.sub(lambda found: "" if found[1] else "RUN ", created_by)
    text = _ROOM.sub(" ", text.strip().removesuffix(_BUILDER)).strip()
    return text or "(no instruction is known)"


def _label(span: timedelta, bounds: Sequence[tuple[int | None, str]]) -> str:
    days = max(span, timedelta(0)).total_seconds() / 86400
    return next(label for most, label in bounds if most is None or days <= most)


def _at_most(bars: list[Bar], rest: str) -> list[Bar]:
    if len(bars) <= _BARS:
        return bars
    kept = sorted(bars, key=lambda bar: -bar.counts.total())[: _BARS - 1]
    others = [bar for bar in bars if bar not in kept]
    total: Counts = Counter()
    for bar in others:
        total.update(bar.counts)
    return [*(bar for bar in bars if bar in kept), Bar(f"{len(others):,} {rest}", total)]
