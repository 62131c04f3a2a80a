"""Whether a run record agrees with itself.

The same rules hold when a record is written and when it is verified, so that
nothing is ever signed that would not verify.  Pure: values in, problems out.
"""

from __future__ import annotations

from gate.errors import VerificationError
from gate.evidence import vsa
from gate.evidence.extension import RunVerdict, write_run_id
from gate.evidence.facts import NEEDED_TO_REPLAY, POLICY
from gate.evidence.problems import Code, Problem
from gate.evidence.summary import idempotency_key
from gate.evidence.verdict_document import read_verdict_document

_UNBROKEN_RULES = frozenset({"passed", "warned", "accepted", "off", "not-applicable"})


def check_run(run: vsa.RunStatement, payload: bytes) -> list[Problem]:
    """Return where the record in `payload`, decoded as `run`, contradicts itself."""
    return [*_check_verdict(run.summary), *_check_names(run.summary, payload)]


def check_verdict_document(run: vsa.RunStatement, content: bytes) -> list[Problem]:
    """Return where the attached verdict `content` says something else than the record."""
    extension = run.summary.run
    try:
        document = read_verdict_document(content)
    except VerificationError as error:
        return [_disagree(error.what)]
    problems = []
    if document.outcome is not extension.verdict:
        problems.append(
            _disagree(
                f"the record says {extension.verdict}, the attached verdict {document.outcome}"
            )
        )
    listed = len(extension.reasons)
    omitted = len(document.reasons) - listed
    if document.reasons[:listed] != extension.reasons or omitted != extension.reasons_omitted:
        problems.append(_disagree("the record and the attached verdict give different reasons"))
    broken = [line.rule for line in document.rules if line.outcome not in _UNBROKEN_RULES]
    if broken and document.outcome is RunVerdict.PASS:
        problems.append(
            _disagree(f"the attached verdict is PASS, but rules failed: {', '.join(broken)}")
        )
    if document.decided_at != extension.clock.now:
        problems.append(_disagree("the attached verdict was decided at another time"))
    return problems


def _check_verdict(summary: vsa.VerificationSummary) -> list[Problem]:
    extension = summary.run
    problems = []
    passed = extension.verdict is RunVerdict.PASS
    result = "PASSED" if passed else "FAILED"
    if summary.verification_result != result:
        problems.append(
            _disagree(
                f"the verdict is {extension.verdict}, but verificationResult is "
                f"{summary.verification_result}"
            )
        )
    levels = (vsa.PASSED_LEVEL if passed else vsa.FAILED_LEVEL,)
    if summary.verified_levels != levels:
        shown = ", ".join(summary.verified_levels)
        problems.append(
            _disagree(f"the verdict is {extension.verdict}, but verifiedLevels is [{shown}]")
        )
    if passed and (extension.reasons or extension.reasons_omitted):
        problems.append(_disagree("the verdict is PASS, but there are reasons against it"))
    coverage = extension.coverage
    unread = coverage.incomplete_omitted or any(
        one.accepted is not True for one in coverage.incomplete
    )
    if passed and unread:
        problems.append(_disagree("the verdict is PASS, but not everything was read"))
    if not passed and not extension.reasons:
        problems.append(_disagree(f"the verdict is {extension.verdict} without any reason"))
    return problems


def _check_names(summary: vsa.VerificationSummary, payload: bytes) -> list[Problem]:
    extension = summary.run
    problems = []
    key = idempotency_key(payload)
    if extension.idempotency_key != key:
        problems.append(
            _contradiction(f"the idempotency key of these facts is {key}, not as recorded")
        )
    run_id = write_run_id(extension.clock.now, extension.idempotency_key)
    if extension.run_id != run_id:
        problems.append(_contradiction(f"the run id of these facts is {run_id}, not as recorded"))
    if summary.time_verified != extension.clock.now:
        problems.append(_contradiction("timeVerified and clock.now differ"))
    names = [attachment.name for attachment in summary.input_attestations]
    if names != sorted(set(names)):
        problems.append(_contradiction("the attachments are not sorted by name, or share one"))
    if f"sha256:{summary.policy.sha256}" != extension.policy_digest:
        problems.append(_contradiction("policy.digest and policy_digest differ"))
    attached = {attachment.name: attachment.sha256 for attachment in summary.input_attestations}
    missing = NEEDED_TO_REPLAY - attached.keys()
    if missing and extension.verdict is RunVerdict.PASS:
        problems.append(
            _contradiction(f"a PASS cannot be replayed without: {', '.join(sorted(missing))}")
        )
    if attached.get(POLICY, summary.policy.sha256) != summary.policy.sha256:
        problems.append(_contradiction("the attached policy is not the one that was applied"))
    if extension.actor.verified and not (extension.actor.issuer and extension.actor.subject):
        problems.append(_contradiction("the actor is verified, but nobody says by whom"))
    return problems


def _disagree(message: str) -> Problem:
    return Problem(code=Code.VERDICT_DISAGREES, message=message)


def _contradiction(message: str) -> Problem:
    return Problem(code=Code.CONTRADICTION, message=message)
