"""A request for an exception, as the file that somebody else approves."""

from __future__ import annotations

import subprocess

import msgspec
import yaml

from gate.errors import UsageError


class Wish(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked for: the fields of `PolicyException`, not yet judged."""

    id: str
    vulnerabilities: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    systems: tuple[str, ...]
    reason: str
    risk: str
    controls: tuple[str, ...]
    requester: str
    requested: str
    remediation: str
    expires: str
    ticket: str = ""


class _Quoted(yaml.SafeDumper):
    """Writes every text so that the strict reader takes it for text."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Quoted.add_representer(str, _text)


def written(wish: Wish) -> str:
    """Return the file of a request."""
    fields = msgspec.to_builtins(wish)
    names = {
        name: yaml.dump(value, Dumper=_Quoted, allow_unicode=True, width=90).rstrip("\n")
        for name, value in fields.items()
    }
    lines = [
        "# yaml-language-server: $schema=https://patchgate.dev/schema/exceptions-1.json",
        "version: 1",
    ]
    for name, text in names.items():
        lines.append(f"{name}: {text}" if not text.startswith("-") else f"{name}:\n{text}")
    return "\n".join(lines) + "\n"


def requester() -> str:
    """Return who asks, as Git is set up; UsageError where it is not."""
    said = []
    for field in ("user.name", "user.email"):
        try:
            done = subprocess.run(  # noqa: S603 - fixed words
                ["git", "config", "--get", field],  # noqa: S607 - the user's own git
                capture_output=True,
                check=False,
                timeout=10,
                text=True,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        said.append(done.stdout.strip())
    name, mail = [*said, "", ""][:2]
    if not name and not mail:
        raise UsageError("nobody asks for it", where="--requester", hint="say who: 'Name <mail>'")
    return f"{name} <{mail}>".strip() if mail else name
