"""One run of the gate, from a target to a recorded verdict.

The rooms are joined here in the order the data flows: source, bom, advisories,
findings, verdict, evidence.  Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import msgspec

from gate.bom.model import Bom
from gate.errors import (
    AdvisoryError,
    BudgetError,
    EvidenceError,
    GateError,
    InputError,
    UnreachableError,
)
from gate.evidence.summary import recorded_name
from gate.matching.upgrades import Upgrade, upgrades
from gate.policy.coverage import accepted_readings
from gate.policy.forecast import Forecast, forecast
from gate.policy.model import Policy
from gate.policy.plan import Plan, plan
from gate.policy.verdict import Cause, Outcome, Reason, Verdict
from gate.run.context import read_context
from gate.run.exceptions import present
from gate.run.gathering import gather
from gate.run.history import Earlier
from gate.run.judging import Judged, judge
from gate.run.recording import Inputs, Recorder
from gate.run.request import CheckRequest
from gate.run.result import EvidenceNote, Result
from gate.run.vexing import statements
from gate.run.whatchanged import Since, what_changed
from gate.run.withdrawn import withdrawn_since


def check(request: CheckRequest, recorder: Recorder | EvidenceError | None) -> Result:
    """Run the gate.

    `recorder` is None where no record is wanted, and an error where one could
    not be made ready.  An unreadable target or store is a reason of an
    INDETERMINATE verdict.  Raises UsageError.
    """
    result, inputs = examine(request)
    if inputs is None:
        return result
    with request.watch("recording the verdict"):
        return _recorded(result, request.policy.policy, inputs, recorder)


def examine(request: CheckRequest) -> tuple[Result, Inputs | None]:
    """Judge a target without recording it; no inputs where it came to no verdict.

    Raises UsageError.
    """
    try:
        with ExitStack() as held:
            bom, asked, store = gather(request, held)
            with request.watch("asking the advisory store") as step:
                advisories = store.select(asked.queries)
                step.found(f"{len(asked.queries):,} queries, {len(advisories.records):,} records")
            earlier = _earlier(request, bom)
            withdrawn = withdrawn_since(earlier, advisories, store)
        circumstances = request.circumstances(earlier, recorded_name(bom.subject))
        if strangers := _strangers(request, bom):
            circumstances = msgspec.structs.replace(
                circumstances, remarks=(*circumstances.remarks, strangers)
            )
        context = read_context(bom, advisories, request.policy.policy, circumstances)
    except (AdvisoryError, InputError, UnreachableError) as error:
        return _unjudged(request, error), None
    with request.watch("matching and deciding") as step:
        judged = judge(
            bom,
            asked,
            advisories,
            request.policy.policy,
            request.clock.now,
            context=context,
            exceptions=present(request.exceptions, request.policy.policy),
            vex=statements(request.vex),
        )
        step.found(f"{len(judged.findings.findings):,} findings, {judged.verdict.outcome.value}")
    raised = upgrades(bom, asked, judged.findings)
    result = Result(
        target=bom.subject.name,
        now=request.clock.now,
        now_basis=request.clock.basis,
        policy=msgspec.structs.replace(request.policy.note(), target=judged.verdict.target),
        verdict=judged.verdict,
        bom=bom,
        lookup=asked,
        findings=judged.findings,
        upgrades=raised,
        snapshot=advisories.snapshot,
        sources=judged.sources,
        forecast=_forecast(request, judged),
        plan=_plan(request, judged, raised),
        since=_since(request, earlier, judged, withdrawn),
    )
    inputs = Inputs(
        bom=bom,
        verdict=judged.verdict,
        policy_name=request.policy.policy.name,
        policy_document=request.policy.document,
        advisories=advisories,
        sources=judged.sources,
        clock=request.clock,
        context=judged.context,
        exceptions=request.exceptions,
        vex=request.vex,
        findings=judged.findings.findings,
        accepted=accepted_readings(bom, request.policy.policy),
    )
    return result, inputs


def _forecast(request: CheckRequest, judged: Judged) -> Forecast | None:
    until = request.clock.now + request.horizon
    if not request.horizon:
        return None
    return forecast(judged.facts, request.policy.policy, judged.verdict, until)


def _plan(request: CheckRequest, judged: Judged, raised: tuple[Upgrade, ...]) -> Plan | None:
    until = request.clock.now + request.horizon
    if not request.horizon:
        return None
    return plan(judged.facts, request.policy.policy, judged.verdict, raised, until)


def _since(
    request: CheckRequest, earlier: Earlier | None, judged: Judged, withdrawn: Mapping[str, str]
) -> Since | None:
    if earlier is None:
        return None
    return what_changed(
        earlier,
        judged.facts.bom,
        judged.findings.findings,
        judged.verdict,
        policy_digest=request.policy.digest,
        withdrawn=withdrawn,
    )


def _earlier(request: CheckRequest, bom: Bom) -> Earlier | None:
    if request.history is None:
        return None
    return request.history.last(recorded_name(bom.subject), request.clock.now)


def _strangers(request: CheckRequest, bom: Bom) -> str:
    """Say what of earlier runs does not count, since clocks may start anew without it."""
    if request.history is None:
        return ""
    count = request.history.strangers(recorded_name(bom.subject), request.clock.now)
    if not count:
        return ""
    records = "an earlier record" if count == 1 else f"{count} earlier records"
    verb = "does" if count == 1 else "do"
    return (
        f"{records} of this system by other keys {verb} not count: clocks that start at first "
        "sight may start anew (name the former keys with --trust)"
    )


def _recorded(
    result: Result,
    policy: Policy,
    inputs: Inputs,
    recorder: Recorder | EvidenceError | None,
) -> Result:
    """Record the result; where it cannot be, say so and, if required, do not pass."""
    code, what = "not-recorded", "the verdict is not recorded"
    if isinstance(recorder, Recorder) and _is_stranger(recorder, policy):
        code, what = (
            "actor-not-verified",
            "who started this is not verified, so nothing is recorded",
        )
        note = EvidenceNote(recorded=False, why_not=recorder.identity_fault)
    elif isinstance(recorder, Recorder):
        try:
            return msgspec.structs.replace(result, evidence=recorder.record(inputs))
        except EvidenceError as error:
            note = _spooled(recorder, inputs, error)
    else:
        why = str(recorder) if recorder is not None else "switched off by --no-evidence"
        note = EvidenceNote(recorded=False, why_not=why)
    if recorder is None and policy.evidence == "optional":
        return msgspec.structs.replace(result, evidence=note)
    reason = Reason(
        cause=Cause.EVIDENCE,
        code=code,
        message=f"{what}: {note.why_not}",
    )
    verdict = msgspec.structs.replace(
        result.verdict,
        outcome=Outcome.INDETERMINATE,
        reasons=(reason, *result.verdict.reasons),
    )
    return msgspec.structs.replace(result, evidence=note, verdict=verdict)


def _is_stranger(recorder: Recorder, policy: Policy) -> bool:
    return policy.actor.require == "verified" and not recorder.actor.verified


def _spooled(recorder: Recorder, inputs: Inputs, error: EvidenceError) -> EvidenceNote:
    """Keep what the store did not take in the spool, where there is one; say what became of it."""
    try:
        kept = recorder.keep_for_later(inputs)
    except EvidenceError as second:
        why = f"{error}; nor could it be kept for later: {second}"
        return EvidenceNote(recorded=False, why_not=why)
    if kept is None:
        return EvidenceNote(recorded=False, why_not=str(error))
    step = f"patchgate evidence push {kept.spool} {recorder.name}".rstrip()
    why = f"{error}; it waits in {kept.spool}: {step}"
    return msgspec.structs.replace(kept, why_not=why)


def _unjudged(request: CheckRequest, failure: GateError) -> Result:
    """Return the result of a run that came to no inventory or no advisories."""
    cause = Cause.ADVISORIES if isinstance(failure, AdvisoryError) else Cause.INPUT
    place = f"{failure.where}: " if failure.where else ""
    reason = Reason(cause=cause, code=_code_of(failure), message=f"{place}{failure.what}")
    return Result(
        target=request.target,
        now=request.clock.now,
        now_basis=request.clock.basis,
        policy=request.policy.note(),
        verdict=Verdict(
            outcome=Outcome.INDETERMINATE, decided_at=request.clock.now, reasons=(reason,)
        ),
        failure=failure,
    )


_CODES: tuple[tuple[type[GateError], str], ...] = (
    (AdvisoryError, "advisory-data"),
    (BudgetError, "over-budget"),
    (InputError, "unreadable"),
    (UnreachableError, "unreachable"),
)
"""Stable codes of the failures that end a run before anything can be judged."""


def _code_of(failure: GateError) -> str:
    return next(code for kind, code in _CODES if isinstance(failure, kind))
