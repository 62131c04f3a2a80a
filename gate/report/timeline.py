"""A forecast as a timeline: from today to the last day, with a bar for each day of trouble."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from gate.policy.forecast import Coming, Forecast
from gate.policy.verdict import Outcome
from gate.report.drawing import WIDTH, drawing, line, rect, text
from gate.report.markup import Markup

_LEFT, _RIGHT, _BASE, _HEIGHT = 8.0, WIDTH - 8.0, 92.0, 130
_TALLEST = 56.0
_DAY = timedelta(days=1)


def timeline(ahead: Forecast, now: datetime, outcome: Outcome) -> Markup:
    """Return the drawing: green until the verdict turns, a bar for each day with its count."""
    span = max((ahead.until - now) / _DAY, 1.0)
    days = Counter(one.at.date() for one in ahead.coming)
    most = max(days.values(), default=1)
    wide = max(min((_RIGHT - _LEFT) / span * 0.7, 12.0), 2.0)

    def at(moment: datetime) -> float:
        return _LEFT + (_RIGHT - _LEFT) * min(max((moment - now) / _DAY / span, 0.0), 1.0)

    turn = ahead.fails_at if outcome is Outcome.PASS else now
    green = at(turn) if turn is not None else _RIGHT
    parts = [
        rect(_LEFT, _BASE, max(green - _LEFT, 0.0), 6, "kept"),
        rect(green, _BASE, max(_RIGHT - green, 0.0), 6, "breached"),
    ]
    shown: dict[float, Coming] = {}
    for one in ahead.coming:
        shown.setdefault(at(one.at), one)
    for place, one in shown.items():
        tall = max(_TALLEST * days[one.at.date()] / most, 4.0)
        kind = "breached" if turn is not None and one.at >= turn else "excepted"
        parts.append(rect(place - wide / 2, _BASE - tall, wide, tall, kind))
    if turn is not None and outcome is Outcome.PASS:
        parts += [
            line(green, 20, green, _BASE + 6),
            text(f"fails {turn:%Y-%m-%d}", min(max(green, 44), _RIGHT - 44), 14, "value"),
        ]
    parts += [
        text("today", _LEFT, _BASE + 24, "label"),
        text(f"{ahead.until:%Y-%m-%d}", _RIGHT - 34, _BASE + 24, "tick"),
    ]
    said = "; ".join(f"{day}: {number}" for day, number in sorted(days.items())) or "nothing comes"
    return drawing("What comes, by day", said, _HEIGHT, parts)
