"""`patchgate check`: the gate."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from gate.cli import exits
from gate.cli.improves_on import compared, improves_on_option
from gate.cli.inputs import find_inventories, read_bases, read_budget
from gate.cli.located_at import located_at_option, read_place
from gate.cli.loudness import Loudness, loudness, loudness_options, step
from gate.cli.options import (
    PATH,
    api_option,
    base_options,
    cross_mounts_option,
    include_owned_option,
    now_option,
    pushed_option,
    store_option,
    target_options,
    vex_option,
)
from gate.cli.output import emit, wants_colour, write_file
from gate.cli.places import evidence_place, store_folder
from gate.cli.recorded_by import former_keys, history_of, identify_actor, open_recorder
from gate.cli.rules_in_force import rules_in_force, rules_options
from gate.cli.target_attributes import attributes_option, read_attributes
from gate.errors import EvidenceError, GateError, InputError, UsageError
from gate.policy.context import Baseline
from gate.policy.durations import parse_duration
from gate.policy.verdict import Outcome
from gate.report import table
from gate.report.encoding import visible
from gate.report.formats import FORMATS
from gate.run.check import check as run_check
from gate.run.clock import read_clock, read_time
from gate.run.recording import Recorder
from gate.run.request import CheckRequest
from gate.run.result import Result
from gate.run.vexing import vex_of
from gate.sources.request import Choice

_FORMATS = ("table", *FORMATS)
_AHEAD = timedelta(days=30)
_LINE = 500
"""Characters of a reason that are shown in the one line of standard error."""


@click.command(name="check")
@click.argument("target", type=PATH)
@rules_options
@vex_option
@store_option
@api_option
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FORMAT[=FILE]",
    multiple=True,
    help=f"{', '.join(_FORMATS)}; may be given several times. Default: table.",
)
@located_at_option
@now_option
@target_options
@base_options
@include_owned_option
@cross_mounts_option
@pushed_option
@attributes_option
@click.option(
    "--evidence",
    "evidence_path",
    metavar="DIR|URL",
    type=PATH,
    envvar="PATCHGATE_EVIDENCE",
    help="Where the signed record of this run is written to: a folder, s3:// or postgresql://.",
)
@click.option(
    "--key",
    "key_path",
    metavar="KEY",
    type=PATH,
    envvar="PATCHGATE_KEY",
    help="What signs it: a file (PATCHGATE_KEY_PASSPHRASE opens an encrypted one), "
    "ssh-agent:NAME or a pkcs11: URI.",
)
@click.option(
    "--ticket",
    metavar="TEXT",
    envvar="PATCHGATE_TICKET",
    default="",
    help="Change or incident that this run belongs to; it is recorded.",
)
@click.option(
    "--id-token-keys",
    "token_keys",
    metavar="FILE",
    type=PATH,
    envvar="PATCHGATE_ID_TOKEN_KEYS",
    help="JSON Web Key Set of the issuer of the CI's identity token, where it cannot be fetched.",
)
@click.option(
    "--trust",
    "trusted",
    metavar="FILE",
    type=PATH,
    multiple=True,
    envvar="PATCHGATE_FORMER_KEYS",
    help="Public keys, or a trust file, of those who signed before: their earlier runs count, too.",
)
@click.option(
    "--first-sights",
    "sights_path",
    metavar="PATH",
    envvar="PATCHGATE_FIRST_SIGHTS",
    help="Ledger of the day each flaw was first seen, to share between runners; else it is in "
    "the evidence folder.",
)
@click.option(
    "--no-evidence", is_flag=True, help="Record nothing; the policy must say evidence: optional."
)
@click.option(
    "--fail-within",
    metavar="TIME",
    default="",
    help="Fail today on what will fail within this time if nothing changes: 7d.",
)
@click.option(
    "--baseline",
    metavar="RUN|FILE|REV",
    help="An earlier run, its record, an SBOM, REV:PATH of one, or a Git revision of a source "
    "folder: thresholds count only what is new since.",
)
@click.option(
    "--exit-code-on-warn", is_flag=True, help="Exit 10 instead of 0 on a PASS with warnings."
)
@improves_on_option
@loudness_options
@click.option("--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto")
def command(
    *,
    target: str,
    policy_path: str | None,
    exceptions_given: str | None,
    base_rev: str | None,
    vex: tuple[str, ...],
    store: str | None,
    api: str,
    outputs: tuple[str, ...],
    located_at: str | None,
    now: str | None,
    image: str,
    platform: str,
    limits: tuple[str, ...],
    attributes: tuple[str, ...],
    cache: str | None,
    catalogs: tuple[str, ...],
    dockerfile: str | None,
    include_owned: bool,
    cross_mounts: bool,
    pushed: str | None,
    evidence_path: str | None,
    key_path: str | None,
    sights_path: str | None,
    trusted: tuple[str, ...],
    token_keys: str | None,
    ticket: str,
    no_evidence: bool,
    fail_within: str,
    baseline: str | None,
    exit_code_on_warn: bool,
    improves_on: str | None,
    colour: str,
) -> int:
    """Judge TARGET by the policy: PASS, FAIL or INDETERMINATE; only PASS exits 0.

    TARGET is a `docker save` or OCI archive, an OCI layout folder, an image in
    the Docker daemon or in a registry, a root file system (folder or tar),
    `host` for this machine, a folder of sources with lock files, or an SBOM
    file. It is recognised by content; a prefix forces the kind:
    docker-archive:, oci:, image: (never a file), daemon:, registry:, rootfs:,
    host:, source:, sbom:.
    """
    wanted = _parse_outputs(outputs)
    place = read_place(located_at)
    budget = read_budget(limits)
    in_force = rules_in_force(policy_path, exceptions_given, base_rev)
    former = former_keys(trusted)
    identified = identify_actor(in_force.policy.policy.actor, token_keys, no_evidence=no_evidence)
    recorder = open_recorder(
        no_evidence,
        key_path,
        evidence_path,
        sights_path,
        ticket,
        former=former,
        identified=identified,
    )
    documents, vex_remarks = vex_of(vex, target, in_force.policy.policy.vex.keys)
    request = CheckRequest(
        target=target,
        choice=Choice(image=image, platform=platform),
        policy=in_force.policy,
        exceptions=in_force.exceptions,
        remarks=(*in_force.remarks, *vex_remarks),
        vex=documents,
        store=store_folder(store),
        api=api,
        clock=read_clock(now),
        budget=budget,
        inventories=find_inventories(cache, budget, include_owned=include_owned),
        include_owned=include_owned,
        cross_mounts=cross_mounts,
        bases=read_bases(catalogs, dockerfile),
        attributes=read_attributes(attributes),
        pushed=read_time(pushed, "--pushed") if pushed else None,
        history=history_of(recorder, former),
        ledger=recorder.ledger if isinstance(recorder, Recorder) else None,
        baseline=_baseline(baseline, store, evidence_path, recorder, target),
        fail_within=_checked_span(fail_within),
        horizon=_AHEAD,
        watch=step,
    )
    result = msgspec.structs.replace(run_check(request, recorder), place=place)
    code = _exit_code(result, exit_code_on_warn)
    if improves_on is not None and code == exits.FAIL:
        code = compared(request, result, improves_on)
    _write_outputs(result, code, wanted, colour)
    return code


def _parse_outputs(outputs: tuple[str, ...]) -> list[tuple[str, Path | None]]:
    """Return formats and files; UsageError for an unknown one or two on standard output."""
    wanted: list[tuple[str, Path | None]] = []
    for output in outputs or ("table",):
        name, equals, path = output.partition("=")
        if name not in _FORMATS or (equals and not path):
            raise UsageError(
                f"'{output}' is not an output",
                where="-o",
                hint=f"write FORMAT or FORMAT=FILE with one of: {', '.join(_FORMATS)}",
            )
        wanted.append((name, Path(path) if equals else None))
    if sum(path is None for _, path in wanted) > 1:
        raise UsageError(
            "only one output can go to standard output", where="-o", hint="write -o FORMAT=FILE"
        )
    return wanted


def _baseline(
    given: str | None,
    store: str | None,
    evidence_path: str | None,
    recorder: Recorder | EvidenceError | None,
    target: str,
) -> Baseline | None:
    if given is None:
        return None
    from gate.run.baselines import read_baseline  # noqa: PLC0415 - only where one is given

    key = recorder.signer.verifying_key if isinstance(recorder, Recorder) else None
    return read_baseline(given, store_folder(store), evidence_place(evidence_path), key, target)


def _checked_span(written: str) -> str:
    try:
        if written:
            parse_duration(written)
    except ValueError as error:
        raise UsageError(str(error), where="--fail-within") from error
    return written


def _exit_code(result: Result, exit_code_on_warn: bool) -> int:
    if result.failure is not None:
        return exits.code_of_error(result.failure)
    code = exits.code_of_reasons(result.verdict.reasons)
    if code == exits.PASS and exit_code_on_warn and result.verdict.warnings:
        return exits.PASS_WITH_WARNINGS
    return code


def _write_outputs(
    result: Result, code: int, wanted: list[tuple[str, Path | None]], colour: str
) -> None:
    shown = False
    for name, path in wanted:
        try:
            content = _render(name, result, code, colour=path is None and wants_colour(colour))
        except InputError as error:
            _say(error)
            continue
        if path is None and name == "table" and loudness() is Loudness.QUIET:
            emit(f"{_summary(result, code)}\n".encode())
            shown = True
        elif path is None:
            emit(content)
            shown = name == "table"
        else:
            write_file(path, content)
    if not shown and (loudness() > Loudness.QUIET or result.failure is not None):
        click.echo(_summary(result, code), err=True)


def _render(name: str, result: Result, code: int, *, colour: bool) -> bytes:
    if name == "table":
        width = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 120
        return table.render(result, exit_code=code, colour=colour, width=width).encode()
    return FORMATS[name](result, code)


def _summary(result: Result, code: int) -> str:
    """Return one line for whoever sees only standard error."""
    verdict = result.verdict
    why = f": {visible(verdict.reasons[0].message, _LINE)}" if verdict.reasons else ""
    if result.failure is not None and result.failure.hint:
        why += f" ({visible(result.failure.hint)})"
    outcome = "INDETERMINATE" if verdict.outcome is Outcome.INDETERMINATE else verdict.outcome.value
    return f"patchgate: {outcome} {visible(result.target)}{why} [exit {code}]"


def _say(error: GateError) -> None:
    click.echo(f"patchgate: {visible(str(error))}", err=True)
