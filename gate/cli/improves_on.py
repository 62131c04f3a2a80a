"""`check --improves-on`: a failing change that makes things only better has its own exit code."""

from __future__ import annotations

import click

from gate.cli import exits
from gate.policy.improvement import Improvement
from gate.report.encoding import visible
from gate.run.request import CheckRequest
from gate.run.result import Result

_LINE = 500

improves_on_option = click.option(
    "--improves-on",
    "improves_on",
    metavar="TARGET",
    help="Exit 11 instead of 1 where TARGET, judged alike, breaks the policy in more ways, "
    "and this breaks it in no new one. The verdict stays FAIL.",
)


def compared(request: CheckRequest, result: Result, base: str) -> int:
    """Return the exit code of a FAIL beside its base, and say how they compare."""
    from gate.run.improving import improves_on  # noqa: PLC0415 - only where one is given

    found = improves_on(request, result, base)
    click.echo(f"patchgate: {visible(_said(found, base), _LINE)}", err=True)
    return exits.FAIL_BUT_BETTER if found.only_better else exits.FAIL


def _said(found: Improvement, base: str) -> str:
    if found.why_not_compared:
        return f"not compared with {base}: {found.why_not_compared}"
    if found.new:
        return f"not only better than {base}: {len(found.new):,} new, such as {found.new[0]}"
    if found.only_better:
        gone = f"{len(found.gone):,} that broke the policy gone"
        return f"better than {base}: {gone}, none new"
    return f"not better than {base}: nothing that broke the policy is gone"
