"""`patchgate policy`: write a policy, check one, show what is in effect."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gate.cli.inputs import read_policy, read_text
from gate.cli.output import write_file
from gate.errors import UsageError
from gate.policy.document import parse_policy
from gate.policy.model import json_schema
from gate.policy.template import DEFAULT_DOCUMENT


@click.group(name="policy")
def command() -> None:
    """Write, check and explain policies."""


@command.command()
@click.argument("path", default="patchgate.yaml")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def init(path: str, force: bool) -> None:
    """Write the default policy, commented, to PATH."""
    target = Path(path)
    if target.exists() and not force:
        raise UsageError("exists already", where=path, hint="--force overwrites it")
    write_file(target, DEFAULT_DOCUMENT.encode())
    click.echo(f"wrote {path}", err=True)


@command.command()
@click.argument("path", default="patchgate.yaml")
def check(path: str) -> None:
    """Check that PATH is a valid policy (exit 2 if not)."""
    _, text = read_text(Path(path))
    policy = parse_policy(text, Path(path).name)
    click.echo(f"{path}: valid policy '{policy.name}'", err=True)


@command.command()
@click.option("--policy", "given", metavar="FILE", envvar="PATCHGATE_POLICY")
def explain(given: str | None) -> None:
    """Print every value in effect, and the file it comes from."""
    in_use = read_policy(given)
    click.echo(f"# from {in_use.source}, {in_use.digest}")
    for name, value in _flatten(msgspec.to_builtins(in_use.policy)):
        click.echo(f"{name}: {value}")


@command.command()
def schema() -> None:
    """Print the JSON Schema of the policy document."""
    click.echo(json_schema(), nl=False)


def _flatten(value: object, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair
            for key, inner in value.items()
            for pair in _flatten(inner, f"{name}.{key}" if name else key)
        ]
    return [(name, msgspec.json.encode(value).decode())]
