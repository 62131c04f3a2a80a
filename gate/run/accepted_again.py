"""Whether the exceptions that counted in a recorded run were valid at its time (V12).

From the record alone: the files of exceptions and approvals as they were, and the
roster of the policy that was applied.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gate.errors import GateError, VerificationError
from gate.evidence.facts import EXCEPTIONS, POLICY
from gate.evidence.problems import Code, Problem
from gate.evidence.verify import BlobSource, VerifiedRun
from gate.policy.document import parse_policy
from gate.policy.exceptions.model import Exceptions
from gate.policy.exceptions.validity import standing
from gate.policy.model import ExceptionPolicy
from gate.run import exceptions
from gate.run.attachments import read_attachments


def check_exceptions(run: VerifiedRun, blobs: BlobSource) -> tuple[Problem, ...]:
    """Return what was wrong with the exceptions that counted in a verified run.

    Nothing where an attachment is missing or altered, which is a problem of its own.
    """
    applied = run.summary.run.exceptions
    if not applied:
        return ()
    try:
        documents = read_attachments(run, blobs, (POLICY, EXCEPTIONS))
    except VerificationError:
        return ()
    if EXCEPTIONS not in documents or POLICY not in documents:
        return (_problem(applied[0].id, "its text is not part of the record"),)
    try:
        policy = parse_policy(documents[POLICY].decode("utf-8"), POLICY)
        presented = exceptions.present(exceptions.decode(documents[EXCEPTIONS]), policy)
    except (GateError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return (_problem(applied[0].id, f"policy and exceptions cannot be read: {error}"),)
    return tuple(_faults(run, presented, policy.exceptions))


def _faults(run: VerifiedRun, presented: Exceptions, rules: ExceptionPolicy) -> Iterator[Problem]:
    known = {one.exception.id: one for one in presented.presented}
    for applied in run.summary.run.exceptions:
        one = known.get(applied.id)
        if one is None:
            yield _problem(applied.id, "no file of the record is this exception")
        elif one.exception.digest != applied.digest:
            yield _problem(
                applied.id, "the file of the record has other words than those that counted"
            )
        else:
            judged = standing(one, rules, run.decided_at)
            if judged.fault:
                yield _problem(applied.id, judged.fault)
            elif judged.approver is not None and judged.approver.name != applied.approver:
                yield _problem(
                    applied.id, f"{judged.approver.name} approved it, not {applied.approver}"
                )


def _problem(name: str, message: str) -> Problem:
    return Problem(code=Code.EXCEPTION_INVALID, message=message, where=f"exception '{name}'")
