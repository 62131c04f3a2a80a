"""One run of the gate, from a target to a recorded verdict.

The rooms are joined here in the order the data flows: source, bom, advisories,
findings, verdict, evidence.  Nothing is decided here.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from gate.advisories.lookup import Lookup, lookup
from gate.advisories.store import Store
from gate.advisories.vex.model import Document
from gate.bom.model import Bom
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.errors import (
    AdvisoryError,
    BudgetError,
    EvidenceError,
    GateError,
    InputError,
    UnreachableError,
)
from gate.evidence.sightings import SightingLedger
from gate.evidence.summary import recorded_name
from gate.matching.upgrades import Upgrade, upgrades
from gate.policy.context import Attributes, Baseline
from gate.policy.coverage import accepted_readings
from gate.policy.forecast import Forecast, forecast
from gate.policy.model import Policy
from gate.policy.plan import Plan, plan
from gate.policy.verdict import Cause, Outcome, Reason, Verdict
from gate.run.bases import BaseSources, with_base
from gate.run.clock import Clock
from gate.run.context import Circumstances, read_context
from gate.run.exceptions import NOTHING, Gathered, present
from gate.run.history import Earlier, History, system_of
from gate.run.inventories import Inventories
from gate.run.judging import Judged, judge
from gate.run.recording import Inputs, Recorder
from gate.run.result import EvidenceNote, PolicyNote, Result
from gate.run.vexing import statements
from gate.run.watching import Watch, unwatched
from gate.run.whatchanged import Since, what_changed
from gate.run.withdrawn import withdrawn_since
from gate.sources.budget import Budget, Meter
from gate.sources.request import Choice, Request
from gate.sources.targets import archive_file, open_target


class PolicyInUse(msgspec.Struct, frozen=True, kw_only=True):
    """A policy with the exact bytes it was read from."""

    policy: Policy
    document: bytes
    source: str

    @property
    def digest(self) -> str:
        """``sha256:…`` of the document."""
        return f"sha256:{hashlib.sha256(self.document).hexdigest()}"

    def note(self) -> PolicyNote:
        """Return what results say of it."""
        return PolicyNote(name=self.policy.name, digest=self.digest, source=self.source)


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run is given."""

    target: str
    choice: Choice
    policy: PolicyInUse
    store: Path
    clock: Clock
    budget: Budget = Budget()
    inventories: Inventories | None = None
    include_owned: bool = False
    """Whether parts of the distribution's packages are in the inventory as well."""
    cross_mounts: bool = False
    bases: BaseSources = BaseSources()
    attributes: Attributes = Attributes()
    """What is said of the target for this run."""
    pushed: datetime | None = None
    """UTC: when the image came to its registry, as somebody says who knows."""
    exceptions: Gathered = NOTHING
    baseline: Baseline | None = None
    fail_within: str = ""
    """What will fail within this time (``7d``) fails today."""
    horizon: timedelta = timedelta(0)
    """How far to look ahead; 0 for not at all."""
    vex: tuple[Document, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the run has to say of policy and exceptions; warnings of the verdict."""
    history: History | None = None
    """Earlier runs, where there is evidence of them."""
    watch: Watch = unwatched
    api: str = ""
    """Base URL of an OSV API that is asked instead of the store."""
    ledger: SightingLedger | None = None
    """Of first sights; the recorder adds to it."""
    bom: Bom | None = None
    """The inventory, where it is known already: then the target is not opened."""

    def circumstances(self, earlier: Earlier | None, name: str) -> Circumstances:
        """Return where the context of the run is read from."""
        return Circumstances(
            store=self.store,
            now=self.clock.now,
            attributes=self.attributes,
            remarks=self.remarks,
            baseline=self.baseline,
            fail_within=self.fail_within,
            earlier=earlier,
            ledger=self.ledger,
            system=system_of(name),
        )


def read_bom(
    target: str,
    choice: Choice,
    budget: Budget,
    inventories: Inventories | None = None,
    *,
    include_owned: bool = False,
    cross_mounts: bool = False,
) -> Bom:
    """Open a target and take its inventory, or find it among `inventories`.

    `include_owned` as in `take_inventory`; `inventories` are of the same kind.
    `cross_mounts` as in `Request`.
    Raises UsageError, InputError or UnreachableError.
    """
    request = Request(wanted=wanted_by_all(), choice=choice, later=True, cross_mounts=cross_mounts)
    if inventories is None:
        return _read(target, request, Meter(budget), include_owned)[0]
    file = archive_file(target)
    if file is not None and (known := inventories.file(target, file, choice)) is not None:
        return known
    began = time.time()
    request = msgspec.structs.replace(request, recall=inventories.image, layers=inventories)
    bom, key = _read(target, request, Meter(budget), include_owned)
    if file is not None:
        inventories.keep_file(target, file, choice, bom, began)
    inventories.keep_image(key, bom)
    inventories.keep_names(key, bom, choice)
    return bom


def _read(target: str, request: Request, meter: Meter, include_owned: bool) -> tuple[Bom, str]:
    """Return the inventory, and what to keep it under."""
    opened = open_target(target, request, meter)
    if isinstance(opened, Bom):
        return opened, ""
    if opened.known is not None:
        return msgspec.structs.replace(opened.known, subject=opened.subject), ""
    return take_inventory(opened, meter, include_owned=include_owned), opened.key


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
            bom, asked, store = _gathered(request, held)
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


def _as_pushed(bom: Bom, pushed: datetime | None) -> Bom:
    if pushed is None:
        return bom
    subject = msgspec.structs.replace(bom.subject, pushed=pushed, pushed_basis="given")
    return msgspec.structs.replace(bom, subject=subject)


def _read_target(request: CheckRequest) -> Bom:
    return read_bom(
        request.target,
        request.choice,
        request.budget,
        request.inventories,
        include_owned=request.include_owned,
        cross_mounts=request.cross_mounts,
    )


def _gathered(request: CheckRequest, held: ExitStack) -> tuple[Bom, Lookup, Store]:
    """Return the inventory, what it asks, and a store that answers; `held` closes it."""
    if not request.api:
        # It is hashed while the target is read.
        store = held.enter_context(Store.open(request.store))
        bom = _inventory(request)
        return bom, lookup(bom), store
    from gate.advisories.api import asked_store  # noqa: PLC0415 - only where it is asked

    bom = _inventory(request)
    asked = lookup(bom)
    with request.watch(f"asking {request.api}"):
        answers = asked_store(request.api, asked.queries, request.clock.now)
        return bom, asked, held.enter_context(answers)


def _inventory(request: CheckRequest) -> Bom:
    with request.watch(f"reading {request.target}") as step:
        bom = with_base(request.bom or _read_target(request), request.bases)
        step.found(f"{len(bom.components):,} components")
    return _as_pushed(bom, request.pushed)


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
    if isinstance(recorder, Recorder):
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
        code="not-recorded",
        message=f"the verdict is not recorded: {note.why_not}",
    )
    verdict = msgspec.structs.replace(
        result.verdict,
        outcome=Outcome.INDETERMINATE,
        reasons=(reason, *result.verdict.reasons),
    )
    return msgspec.structs.replace(result, evidence=note, verdict=verdict)


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
