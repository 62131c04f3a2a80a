"""`check --improves-on`: the same judgement of another target, to compare with."""

from __future__ import annotations

import msgspec

from gate.policy.improvement import Improvement, State, improvement
from gate.run.check import examine
from gate.run.request import CheckRequest
from gate.run.result import Result
from gate.sources.request import Choice


def improves_on(request: CheckRequest, result: Result, base: str) -> Improvement:
    """Return how `result` compares with the target `base`, judged as `request` says.

    The base is judged for the same time, from the same advisories, by the same policy and
    exceptions, and not recorded.
    """
    asked = msgspec.structs.replace(
        request, target=base, choice=Choice(platform=request.choice.platform), bom=None
    )
    before, after = _state(examine(asked)[0]), _state(result)
    if before is None:
        return Improvement(why_not_compared=f"{base} cannot be judged")
    if after is None:
        return Improvement(why_not_compared="this state cannot be judged")
    return improvement(before, after)


def _state(result: Result) -> State | None:
    if result.bom is None or result.findings is None:
        return None
    return State(bom=result.bom, findings=result.findings, verdict=result.verdict)
