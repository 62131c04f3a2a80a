"""OpenMetrics: counts where something was counted, and none where nothing was."""

from __future__ import annotations

from gate.report.openmetrics import render
from gate.run.result import Result
from tests.report.hostile import hostile_unread
from tests.report.results import FAILED, INDETERMINATE, PASSED

TARGET = 'target="registry.example/shop/web:1.4"'


def samples(result: Result) -> dict[str, float]:
    lines = render(result, 1).decode().splitlines()
    assert lines[-1] == "# EOF"
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    found = {name: float(value) for name, value in pairs}
    assert len(found) == len(pairs)
    # A family is announced once, before its samples.
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families))
    return found


def test_samples() -> None:
    found = samples(FAILED)
    assert found[f'patchgate_verdict{{{TARGET},verdict="FAIL"}}'] == 1
    assert found[f'patchgate_verdict{{{TARGET},verdict="PASS"}}'] == 0
    assert found[f"patchgate_exit_code{{{TARGET}}}"] == 1
    assert found[f'patchgate_findings{{{TARGET},severity="critical",state="overdue"}}'] == 1
    assert found[f'patchgate_rule_broken{{{TARGET},rule="patch_sla"}}'] == 1
    assert found[f"patchgate_next_due_timestamp_seconds{{{TARGET}}}"] == 1781179200
    (decided,) = [name for name in found if name.startswith("patchgate_decided_timestamp_seconds")]
    assert found[decided] == FAILED.now.timestamp()


def test_what_was_not_judged() -> None:
    assert samples(INDETERMINATE)[f"patchgate_judged{{{TARGET}}}"] == 0
    assert samples(PASSED)[f"patchgate_judged{{{TARGET}}}"] == 1
    unread = samples(hostile_unread("x.tar"))
    assert not [name for name in unread if "findings" in name]
    assert unread['patchgate_verdict{target="x.tar",verdict="INDETERMINATE"}'] == 1
