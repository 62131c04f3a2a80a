"""Results on their way out: to standard output, or whole into a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gate.durable import Disk
from gate.errors import UsageError


def write_file(path: Path, content: bytes) -> None:
    """Write a file all at once: it appears complete or not at all.

    A device or pipe (``/dev/null``, ``>(…)``) is written to and not replaced.
    Raises UsageError, since the caller chose the path.
    """
    disk = Disk(UsageError)
    with disk.explained("write", path):
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
            return
    disk.make_folder(path.parent)
    disk.write_file(path, content)


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
