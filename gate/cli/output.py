"""Results on their way out: to standard output, or whole into a file."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

import click

from gate.errors import UsageError


def write_file(path: Path, content: bytes) -> None:
    """Write a file all at once: it appears complete or not at all.

    Raises UsageError, since the caller chose the path.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})",
            where=str(path),
            hint="check the path, its permissions and the space left",
        ) from error


def wants_colour(choice: str) -> bool:
    """Return whether to colour what goes to standard output."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def emit(content: bytes) -> None:
    """Write a result to standard output."""
    click.echo(content, nl=False)
