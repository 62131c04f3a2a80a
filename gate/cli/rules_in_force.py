"""Which policy and which exceptions rule a run: those of the base, in a pull request."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from gate.cli.inputs import read_policy_file
from gate.cli.options import PATH
from gate.cli.places import EXCEPTIONS_NAMES, exceptions_path, policy_file
from gate.errors import UsageError
from gate.run import exceptions
from gate.run.exceptions import NOTHING, Gathered
from gate.run.policies import built_in_policy, read_bytes
from gate.run.request import PolicyInUse
from gate.run.revisions import Revision, base_of_change, find_revision

F = TypeVar("F", bound=Callable[..., Any])

policy_option = click.option(
    "--policy",
    "policy_path",
    metavar="FILE",
    type=PATH,
    envvar="PATCHGATE_POLICY",
    help="Policy document; else patchgate.yaml here or above, else the built-in default.",
)
exceptions_option = click.option(
    "--exceptions",
    "exceptions_given",
    metavar="PATH",
    envvar="PATCHGATE_EXCEPTIONS",
    help="Folder or file of exceptions; else patchgate-exceptions beside the policy. "
    "'none' reads none.",
)
base_option = click.option(
    "--base-rev",
    "base_rev",
    metavar="REV",
    envvar="PATCHGATE_BASE_REV",
    help="Take policy and exceptions from this Git revision. In a pull or merge request in CI "
    "it is the base; 'none' takes the files as they are.",
)


def rules_options(command: F) -> F:
    """Add the options that say which policy and exceptions rule."""
    for option in (base_option, exceptions_option, policy_option):
        command = option(command)
    return command


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is judged by."""

    policy: PolicyInUse
    exceptions: Gathered
    remarks: tuple[str, ...] = ()
    """What the change at hand would make of them; for results."""


def rules_in_force(
    policy_path: str | None, exceptions_given: str | None, base_rev: str | None
) -> InForce:
    """Return the policy and the exceptions of a run; UsageError where they cannot be read."""
    policy_at = policy_file(policy_path)
    exceptions_at = exceptions_path(exceptions_given, policy_at)
    name = base_of_change(os.environ) if base_rev is None else base_rev
    if not name or name == "none":
        policy = built_in_policy() if policy_at is None else read_policy_file(policy_at)
        found = NOTHING if exceptions_at is None else exceptions.gather(exceptions_at)
        return InForce(policy=policy.in_use, exceptions=found)
    base = find_revision(Path.cwd(), name)
    return _of_base(base, policy_at, exceptions_at)


def rules_at(base: Revision, policy_at: Path, exceptions_at: Path | None = None) -> InForce:
    """Return the policy and the exceptions that `base` holds, whatever the work tree has.

    Without a policy it is the built-in one.  Exceptions are those beside the policy where
    no path is given.  UsageError where they are not valid.
    """
    policy = built_in_policy()
    if base.read(policy_at) is not None:
        policy = read_policy_file(policy_at, read=lambda path: _read(base, path))
    beside = [policy_at.parent / name for name in EXCEPTIONS_NAMES]
    found = NOTHING
    for path in [exceptions_at] if exceptions_at is not None else beside:
        if found == NOTHING:
            found = _gathered(base, path)
    return InForce(policy=policy.in_use, exceptions=found)


def _of_base(base: Revision, policy_at: Path | None, exceptions_at: Path | None) -> InForce:
    remarks = []
    policy = built_in_policy()
    if policy_at is not None and _within(base, policy_at):
        if base.read(policy_at) is None:
            remarks.append(f"this change adds {policy_at.name}; {base.name} has no policy")
        else:
            policy = read_policy_file(policy_at, read=lambda path: _read(base, path))
            if policy.in_use.document != _document_here(policy_at):
                remarks.append(f"this change edits the policy; that of {base.name} was applied")
    elif policy_at is not None:
        policy = read_policy_file(policy_at)
    found = NOTHING
    if exceptions_at is not None and _within(base, exceptions_at):
        found = _gathered(base, exceptions_at)
        here = exceptions.gather(exceptions_at) if exceptions_at.exists() else NOTHING
        if found != here:
            remarks.append(f"this change edits exceptions; those of {base.name} were applied")
    elif exceptions_at is not None:
        found = exceptions.gather(exceptions_at)
    return InForce(policy=policy.in_use, exceptions=found, remarks=tuple(remarks))


def _gathered(base: Revision, path: Path) -> Gathered:
    listed = base.files(path)
    if listed is None:
        single = base.read(path)
        if single is None:
            return NOTHING
        beside = base.files(path.parent) or []
        listed = [(path.name, single), *(one for one in beside if exceptions.is_approval(one[0]))]
    return exceptions.gather_files(one for one in listed if exceptions.concerns(one[0]))


def _within(base: Revision, path: Path) -> bool:
    return path.absolute().is_relative_to(base.root)


def _read(base: Revision, path: Path) -> bytes:
    resolved = Path(os.path.normpath(path.absolute()))
    if not _within(base, resolved):
        return read_bytes(path)
    content = base.read(resolved)
    if content is None:
        raise UsageError(f"is not in {base.name}", where=str(path))
    return content


def _document_here(path: Path) -> bytes | None:
    """Return the policy as the change would have it; None where it is not even valid."""
    try:
        return read_policy_file(path).in_use.document
    except UsageError:
        return None
