"""`patchgate doctor`: whether everything is there that a check will need.

Each line is ok, warn or fail, with the next step.  Only what would keep a
check from ending in a recorded verdict is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import click
import msgspec

from gate.advisories.store import Store
from gate.cli import exits
from gate.cli.inputs import read_policy_file
from gate.cli.options import PATH, now_option, store_option
from gate.cli.places import (
    cache_folder,
    evidence_folder,
    key_reference,
    open_evidence_store,
    policy_file,
    store_folder,
)
from gate.cli.rules_in_force import policy_option
from gate.errors import GateError
from gate.evidence.stores import is_url
from gate.policy.durations import parse_duration, write_duration
from gate.policy.model import Policy
from gate.report.encoding import visible
from gate.run.clock import read_clock
from gate.run.environment import read_ci
from gate.run.policies import built_in_policy
from gate.run.revisions import base_of_change

_SPACE = 1024**3
_SLACK = timedelta(minutes=5)
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock of a machine that runs this can be right and show an earlier time."""


class Level(StrEnum):
    """How a part is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one part."""

    level: Level
    part: str
    found: str
    step: str = ""
    """What to do next."""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks look at."""

    store: Path
    policy: Policy
    source: str
    now: datetime
    evidence: str | None
    key: str


@click.command(name="doctor")
@policy_option
@store_option
@now_option
@click.option(
    "--evidence", "evidence_path", metavar="DIR|URL", type=PATH, envvar="PATCHGATE_EVIDENCE"
)
@click.option("--key", "key_path", metavar="FILE", type=PATH, envvar="PATCHGATE_KEY")
def command(
    *,
    policy_path: str | None,
    store: str | None,
    now: str | None,
    evidence_path: str | None,
    key_path: str | None,
) -> int:
    """Check policy, advisories, key, folders, Docker, clock and CI; exit 1 where one fails."""
    at = policy_file(policy_path)
    loaded = built_in_policy() if at is None else read_policy_file(at)
    place = _Place(
        store=store_folder(store),
        policy=loaded.in_use.policy,
        source=loaded.in_use.source,
        now=read_clock(now).now,
        evidence=evidence_path,
        key=key_reference(key_path),
    )
    failed = False
    for check in _CHECKS:
        for line in check(place):
            failed |= line.level is Level.FAIL
            step = f"  → {line.step}" if line.step else ""
            click.echo(visible(f"{line.level.value:<5} {line.part:<11} {line.found}{step}", 400))
    return exits.FAIL if failed else exits.PASS


def _policy(place: _Place) -> Iterator[Line]:
    named = f"'{place.policy.name}' from {place.source}"
    if place.source == "built-in":
        step = "write your own: patchgate policy init"
        yield Line(level=Level.WARN, part="policy", found=f"{named}", step=step)
    else:
        yield Line(level=Level.OK, part="policy", found=named)


def _advisories(place: _Place) -> Iterator[Line]:
    try:
        with Store.open(place.store) as store:
            sources = store.sources
    except GateError as error:
        yield Line(level=Level.FAIL, part="advisories", found=error.what, step=error.hint)
        return
    fail = parse_duration(place.policy.advisories.fail_after)
    warn = parse_duration(place.policy.advisories.warn_after)
    for source in sources:
        age = place.now - source.as_of
        level = Level.FAIL if age > fail else Level.WARN if age > warn else Level.OK
        yield Line(
            level=level,
            part="advisories",
            found=f"{source.name}: {source.records:,}, {write_duration(age)} old",
            step="" if level is Level.OK else f"patchgate db update {source.name}",
        )


def _key(place: _Place) -> Iterator[Line]:
    from gate.evidence.signers import is_file, open_signer  # noqa: PLC0415 - cryptography

    needed = Level.FAIL if place.policy.evidence == "required" else Level.WARN
    if is_file(place.key) and not Path(place.key).exists():
        step = "patchgate evidence keygen, or give one with --key"
        yield Line(level=needed, part="key", found="there is no signing key", step=step)
        return
    try:
        key = open_signer(place.key, os.environ)
    except GateError as error:
        yield Line(level=needed, part="key", found=error.what, step=error.hint)
        return
    yield Line(level=Level.OK, part="key", found=key.signer.verifying_key.keyid[:12])
    for warning in key.warnings:
        yield Line(level=Level.WARN, part="key", found=warning)


def _folders(place: _Place) -> Iterator[Line]:
    needed = Level.FAIL if place.policy.evidence == "required" else Level.WARN
    folders = []
    if place.evidence is not None and is_url(place.evidence):
        yield _evidence_store(place.evidence, needed)
    else:
        folders.append(("evidence", evidence_folder(place.evidence), needed))
    cache = cache_folder(os.environ.get("PATCHGATE_CACHE"))
    if cache is not None:
        folders.append(("cache", cache, Level.WARN))
    for part, folder, level in folders:
        above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            step = "choose another folder, or change its permissions"
            yield Line(level=level, part=part, found=f"{folder} cannot be written", step=step)
        elif shutil.disk_usage(above).free < _SPACE:
            free = shutil.disk_usage(above).free // 1024**2
            yield Line(level=Level.WARN, part=part, found=f"only {free} MiB are free at {folder}")
        else:
            yield Line(level=Level.OK, part=part, found=str(folder))


def _evidence_store(url: str, needed: Level) -> Line:
    try:
        found = open_evidence_store(url).name
    except GateError as error:
        what = f"{error.where}: {error.what}" if error.where else error.what
        return Line(level=needed, part="evidence", found=what, step=error.hint)
    return Line(level=Level.OK, part="evidence", found=f"{found} answers")


def _docker(place: _Place) -> Iterator[Line]:
    del place
    import docker  # noqa: PLC0415 - 185 ms, only here
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        client = docker.from_env(timeout=3)
        version = client.version().get("Version", "")
    except (DockerException, OSError):
        step = "only needed for daemon: targets; archives and registries work without"
        yield Line(level=Level.WARN, part="docker", found="no daemon answers", step=step)
        return
    yield Line(level=Level.OK, part="docker", found=f"daemon {version}")


def _clock(place: _Place) -> Iterator[Line]:
    shown = f"{place.now:%Y-%m-%d %H:%M} UTC"
    if place.now < _RELEASED:
        step = "set the clock: due dates depend on it"
        yield Line(level=Level.FAIL, part="clock", found=f"{shown} cannot be right", step=step)
        return
    try:
        with Store.open(place.store) as store:
            newest = max(
                (s.newest_modified for s in store.sources if s.newest_modified), default=None
            )
    except GateError:
        newest = None
    if newest is not None and newest > place.now + _SLACK:
        found = f"{shown}, and an advisory was changed {newest:%Y-%m-%d %H:%M}"
        yield Line(level=Level.WARN, part="clock", found=found, step="set the clock")
    else:
        yield Line(level=Level.OK, part="clock", found=shown)


def _ci(place: _Place) -> Iterator[Line]:
    del place
    run = read_ci(os.environ)
    if run is None:
        yield Line(level=Level.OK, part="ci", found="none recognised")
        return
    base = base_of_change(os.environ)
    ruled = f"; policy and exceptions are those of {base}" if base else ""
    yield Line(level=Level.OK, part="ci", found=f"{run.system} {run.repository}{ruled}")


_CHECKS: tuple[Callable[[_Place], Iterator[Line]], ...] = (
    _policy,
    _advisories,
    _key,
    _folders,
    _docker,
    _clock,
    _ci,
)
