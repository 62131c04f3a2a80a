"""`patchgate forecast`: what will fail, and when, if nothing changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from gate.cli import exits
from gate.cli.inputs import find_inventories, read_bases, read_budget
from gate.cli.options import (
    base_options,
    now_option,
    store_option,
    target_options,
    vex_option,
)
from gate.cli.output import emit
from gate.cli.places import store_folder
from gate.cli.rules_in_force import rules_in_force, rules_options
from gate.cli.target_attributes import attributes_option, read_attributes
from gate.report.encoding import visible
from gate.report.forecast import render_json, render_text
from gate.run.check import CheckRequest, examine
from gate.run.clock import read_clock
from gate.run.vexing import read_documents
from gate.sources.request import Choice


@click.command(name="forecast")
@click.argument("target")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far to look."
)
@click.option("-o", "--output", "form", type=click.Choice(["table", "json"]), default="table")
@rules_options
@vex_option
@store_option
@now_option
@target_options
@base_options
@attributes_option
def command(
    *,
    target: str,
    days: int,
    form: str,
    policy_path: str | None,
    exceptions_given: str | None,
    base_rev: str | None,
    vex: tuple[str, ...],
    store: str | None,
    now: str | None,
    image: str,
    platform: str,
    limits: tuple[str, ...],
    attributes: tuple[str, ...],
    cache: str | None,
    catalogs: tuple[str, ...],
    dockerfile: str | None,
) -> int:
    """Tell what will fail on TARGET, when, and what to do before that day.

    Nothing is recorded. The exit code is that of today's verdict.
    """
    in_force = rules_in_force(policy_path, exceptions_given, base_rev)
    budget = read_budget(limits)
    request = CheckRequest(
        target=target,
        choice=Choice(image=image, platform=platform),
        policy=in_force.policy,
        exceptions=in_force.exceptions,
        remarks=in_force.remarks,
        vex=read_documents(tuple(Path(name) for name in vex)),
        store=store_folder(store),
        clock=read_clock(now),
        budget=budget,
        inventories=find_inventories(cache, budget),
        bases=read_bases(catalogs, dockerfile),
        attributes=read_attributes(attributes),
        horizon=timedelta(days=days),
    )
    result, _ = examine(request)
    emit(render_json(result) if form == "json" else render_text(result).encode())
    for reason in result.verdict.reasons:
        click.echo(f"patchgate: {visible(reason.message, 500)}", err=True)
    if result.failure is not None:
        return exits.code_of_error(result.failure)
    return exits.code_of_reasons(result.verdict.reasons)
