"""What another policy would have made of the runs that are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from gate.errors import VerificationError
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import SUFFIX
from gate.evidence.place import Place
from gate.evidence.verify import FolderBlobs, verify_at
from gate.policy.model import Policy
from gate.policy.verdict import Outcome
from gate.run.replay import Instead, replay


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded run, decided again by another policy."""

    run_id: str
    subject: str
    recorded: Outcome | None
    """None where the record does not verify, or cannot be decided again."""
    decided: Outcome | None
    differences: tuple[str, ...] = ()
    problem: str = ""


def try_policy(
    policy: Policy, place: Place, keys: Sequence[VerifyingKey], since: datetime | None
) -> Iterator[Trial]:
    """Yield what `policy` makes of each run of a folder, by time; what does not verify is said."""
    for name in sorted(name for name in place.names("") if name.endswith(SUFFIX)):
        try:
            report = verify_at(place, name, keys)
        except VerificationError as error:
            yield _failed(name, error.what)
            continue
        run = report.run
        if run is None or not report.ok:
            codes = ", ".join(sorted({problem.code.value for problem in report.problems}))
            yield _failed(name, f"does not verify ({codes})")
            continue
        if since is not None and run.decided_at < since:
            continue
        try:
            again = replay(run, FolderBlobs(place), Instead(policy=policy))
        except VerificationError as error:
            yield _failed(run.run_id, error.what)
            continue
        yield Trial(
            run_id=run.run_id,
            subject=", ".join(subject.name for subject in run.subject),
            recorded=again.recorded.outcome,
            decided=again.decided.outcome,
            differences=again.differences,
        )


def _failed(name: str, problem: str) -> Trial:
    return Trial(run_id=name, subject="", recorded=None, decided=None, problem=problem)
