"""The life of a flaw: when it ends, whether it was in time, and what an exception covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.severity import Severity
from gate.bom.model import SubjectKind
from gate.estate.lives import BREACHES, SETTLED, Acceptance, Life, Standing, Ward
from gate.estate.sightings import End
from gate.evidence import vsa
from gate.evidence.extension import RunVerdict
from gate.evidence.summary import summarise
from gate.evidence.verify import VerifiedRun
from gate.policy.context import NO_CONTEXT, Context
from gate.policy.verdict import (
    Cause,
    Decision,
    ExceptionOutcome,
    ExceptionResult,
    Outcome,
    Reason,
    State,
    Verdict,
)
from gate.run.history import Earlier, Installed
from tests.evidence.conftest import facts_of

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PURL = "pkg:deb/debian/openssl"
DUE = 14
"""Days after BEGIN."""


def verified(day: float) -> VerifiedRun:
    facts = facts_of(RunVerdict.FAIL)
    now = BEGIN + day * DAY
    statement = summarise(
        msgspec.structs.replace(facts, clock=msgspec.structs.replace(facts.clock, now=now))
    )
    extension = statement.summary.run
    assert isinstance(statement, vsa.RunStatement)
    assert extension.target.kind is SubjectKind.IMAGE
    return VerifiedRun(
        run_id=extension.run_id,
        subject=statement.subject,
        verdict=extension.verdict,
        decided_at=now,
        policy_digest=extension.policy_digest,
        keyids=("key",),
        summary=statement.summary,
    )


def seen(
    day: float,
    version: str = "1.0-1",
    *,
    state: State | None = None,
    flaw: bool = True,
    installed: bool = True,
    whole: bool = True,
    exception: ExceptionResult | None = None,
    context: Context = NO_CONTEXT,
) -> Earlier:
    """A run on a system with one package, `day` days after BEGIN."""
    due = BEGIN + DUE * DAY
    overdue = State.OVERDUE if BEGIN + day * DAY > due else State.OPEN
    decision = Decision(
        ref="ref",
        id="CVE-1",
        severity=Severity.HIGH,
        state=state or (State.ACCEPTED if exception else overdue),
        clock="published",
        start=BEGIN,
        allowed="14d",
        due=due,
        exception=exception.id if exception else "",
    )
    unread = Reason(cause=Cause.INPUT, code="unread", message="a layer")
    return Earlier(
        place=Path(),
        run=verified(day),
        verdict=Verdict(
            outcome=Outcome.FAIL,
            decided_at=BEGIN + day * DAY,
            reasons=() if whole else (unread,),
            decisions=(decision,) if flaw else (),
            exceptions=(exception,) if exception else (),
        ),
        context=context,
        installed={
            "ref": Installed(
                ref="ref", name="openssl", version=version, purl=f"{PURL}@{version}?arch=amd64"
            )
        }
        if installed
        else {},
    )


def excepted(begin: float, end: float, name: str = "EX-1") -> ExceptionResult:
    return ExceptionResult(
        id=name,
        outcome=ExceptionOutcome.APPLIED,
        message="",
        digest="sha256:00",
        expires=BEGIN + end * DAY,
        approver="Ada",
        approved_at=BEGIN + begin * DAY,
        requester="dev",
        reason="r",
        risk="r",
        controls=("c",),
        remediation="2026-03-01",
        requested="2026-01-01",
    )


def only(*runs: Earlier) -> Life:
    ward = Ward("web")
    for run in runs:
        ward.take(run)
    (life,) = ward.lives()
    return life


def at(day: float) -> datetime:
    return BEGIN + day * DAY


def test_fixed_in_time() -> None:
    life = only(seen(1), seen(3, "1.0-2", flaw=False))
    assert (life.end, life.before, life.after) == (End.UPGRADED, "1.0-1", "1.0-2")
    assert life.ended == at(3)
    assert life.standing(at(100)) is Standing.IN_TIME
    assert life.days_open(at(100)) == 3


@pytest.mark.parametrize(("day", "standing"), [(14, Standing.IN_TIME), (14.1, Standing.LATE)])
def test_the_due_date_is_the_last_moment(day: float, standing: Standing) -> None:
    assert only(seen(1), seen(day, "1.0-2", flaw=False)).standing(at(100)) is standing


def test_open_until_it_is_overdue() -> None:
    life = only(seen(1))
    assert life.standing(at(14)) is Standing.OPEN
    assert life.standing(at(15)) is Standing.OVERDUE
    assert life.days_late(at(15)) == 1


def test_a_run_that_did_not_see_everything_ends_nothing() -> None:
    life = only(seen(1), seen(3, "1.0-2", flaw=False, whole=False))
    assert life.ended is None
    life = only(seen(1), seen(3, flaw=False, whole=False), seen(20, "1.0-2", flaw=False))
    assert life.ended == at(20)
    assert life.standing(at(100)) is Standing.LATE


@pytest.mark.parametrize(
    ("run", "end", "standing"),
    [
        (seen(3, flaw=False), End.CORRECTED, Standing.SET_ASIDE),
        (seen(3, state=State.NOT_AFFECTED), End.CLEARED, Standing.SET_ASIDE),
        (seen(3, flaw=False, installed=False), End.REMOVED, Standing.IN_TIME),
    ],
)
def test_how_it_ended(run: Earlier, end: End, standing: Standing) -> None:
    life = only(seen(1), run)
    assert life.end is end
    assert life.standing(at(100)) is standing
    assert life.patched is (end is End.REMOVED)


def test_a_flaw_that_comes_back_is_another_life() -> None:
    ward = Ward("web")
    for run in (seen(1), seen(3, "1.0-2", flaw=False), seen(20)):
        ward.take(run)
    first, second = ward.lives()
    assert first.standing(at(100)) is Standing.IN_TIME
    assert second.standing(at(100)) is Standing.OVERDUE


def test_what_an_earlier_run_saw_that_is_not_here() -> None:
    context = Context(first_seen={f"CVE-1 {PURL}": at(-30)})
    life = only(seen(1, context=context))
    assert life.first_seen == at(-30)
    assert life.first_run is None


def test_no_limit_and_no_date() -> None:
    run = seen(1)
    (decision,) = run.verdict.decisions

    def changed(**fields: object) -> Earlier:
        one = msgspec.structs.replace(decision, **fields)
        verdict = msgspec.structs.replace(run.verdict, decisions=(one,))
        return msgspec.structs.replace(run, verdict=verdict)

    free = only(changed(allowed="none", due=None, state=State.NO_LIMIT))
    assert free.standing(at(1000)) is Standing.NO_LIMIT
    undated = only(changed(start=None, due=None, state=State.OVERDUE, clock="missing"))
    assert undated.due == at(1)
    assert undated.standing(at(2)) is Standing.OVERDUE


@pytest.mark.parametrize(
    ("begin", "end", "standing"),
    [
        (5, 30, Standing.EXCEPTED),
        (5, 19.5, Standing.LATE),
        (5, 20, Standing.EXCEPTED),
        (14.5, 30, Standing.LATE),
    ],
)
def test_an_exception_has_to_cover_all_of_it(begin: float, end: float, standing: Standing) -> None:
    accepted = excepted(begin, end)
    life = only(seen(1), seen(15, exception=accepted), seen(20, "1.0-2", flaw=False))
    assert life.standing(at(100)) is standing


def test_an_exception_that_was_withdrawn_covers_nothing() -> None:
    accepted = excepted(5, 30)
    life = only(seen(10, exception=accepted), seen(16), seen(20, "1.0-2", flaw=False))
    assert life.seen_overdue == at(16)
    assert life.standing(at(100)) is Standing.LATE


def test_a_renewal_and_a_second_exception_go_on_where_one_ended() -> None:
    first, longer = excepted(5, 20), excepted(19, 30)
    life = only(seen(15, exception=first), seen(22, exception=longer))
    assert [(one.begin, one.end) for one in life.accepted] == [(at(5), at(30))]
    assert life.standing(at(30)) is Standing.EXCEPTED
    assert life.standing(at(30.5)) is Standing.OVERDUE
    other = only(seen(15, exception=first), seen(22, exception=excepted(20, 30, "EX-2")))
    assert other.standing(at(25)) is Standing.EXCEPTED
    gap = only(seen(15, exception=first), seen(22, exception=excepted(21, 30, "EX-2")))
    assert gap.standing(at(25)) is Standing.OVERDUE


def test_retired() -> None:
    ward = Ward("web")
    ward.take(seen(1))
    ward.retire(at(10))
    (life,) = ward.lives()
    assert (life.end, life.ended) == (End.RETIRED, at(10))
    assert not life.patched


spans = st.tuples(st.integers(0, 40), st.integers(1, 40))


@given(st.lists(spans, max_size=4), st.integers(15, 60), st.booleans())
def test_a_breach_is_never_hidden(found: list[tuple[int, int]], stop: int, ends: bool) -> None:
    """Days past the due date that no exception covers make a breach, whatever else there is."""
    accepted = tuple(
        Acceptance(exception=f"EX-{number}", begin=at(begin), end=at(begin + long))
        for number, (begin, long) in enumerate(found)
    )
    life = msgspec.structs.replace(
        only(seen(1)), accepted=accepted, ended=at(stop) if ends else None, end=End.UPGRADED
    )
    days = {day for begin, long in found for day in range(begin, begin + long)}
    covered = all(day in days for day in range(DUE, stop))
    standing = life.standing(at(stop))
    assert standing in SETTLED
    assert (standing in BREACHES) is not covered
