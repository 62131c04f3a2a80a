"""`patchgate policy`: write a policy, check one, show what is in effect."""

from __future__ import annotations

from pathlib import Path

import click

from gate.cli.inputs import find_policy, read_policy_file
from gate.cli.options import PATH
from gate.cli.output import write_file
from gate.cli.policy_test import command as test
from gate.errors import UsageError
from gate.policy.model import json_schema
from gate.policy.origins import effective
from gate.policy.presets import PRESETS
from gate.policy.template import DEFAULT_DOCUMENT
from gate.report.encoding import visible


@click.group(name="policy")
def command() -> None:
    """Write, check and explain policies."""


@command.command()
@click.argument("path", default="patchgate.yaml")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option(
    "--preset",
    type=click.Choice(sorted(PRESETS)),
    help="Start from the policy of a framework instead of the default one.",
)
def init(path: str, force: bool, preset: str | None) -> None:
    """Write a policy, commented, to PATH."""
    target = Path(path)
    if target.exists() and not force:
        raise UsageError("exists already", where=path, hint="--force overwrites it")
    document = DEFAULT_DOCUMENT if preset is None else PRESETS[preset]
    write_file(target, document.encode())
    click.echo(f"wrote {path}", err=True)


@command.command()
@click.argument("path", default="patchgate.yaml")
def check(path: str) -> None:
    """Check that PATH, and what it extends, is a valid policy (exit 2 if not)."""
    policy = read_policy_file(Path(path)).in_use.policy
    click.echo(f"{path}: valid policy '{visible(policy.name)}'", err=True)


@command.command()
@click.option("--policy", "given", metavar="FILE", type=PATH, envvar="PATCHGATE_POLICY")
@click.option("--target", metavar="NAME", default="", help="As it is for a target of the policy.")
def explain(given: str | None, target: str) -> None:
    """Print every value in effect, and the file and line it comes from."""
    loaded = find_policy(given)
    policy = loaded.in_use.policy
    names = [found.name for found in policy.targets]
    if target and target not in names:
        raise UsageError(
            f"the policy has no target '{target}'",
            where="--target",
            hint=f"it has: {', '.join(names)}" if names else "it has none",
        )
    click.echo(f"# from {visible(loaded.in_use.source)}, {loaded.in_use.digest}")
    for line in effective(policy, loaded.documents, target):
        click.echo(f"{visible(f'{line.name}: {line.value}')}  # {visible(line.origin)}")
    if names and not target:
        click.echo(f"# targets: {visible(', '.join(names))}; --target NAME shows one")


@command.command()
def schema() -> None:
    """Print the JSON Schema of the policy document."""
    click.echo(json_schema(), nl=False)


command.add_command(test)
