"""`--located-at`: the line of the repository that reports point at."""

from __future__ import annotations

from pathlib import PurePosixPath

import click

from gate.errors import UsageError
from gate.run.result import Place

located_at_option = click.option(
    "--located-at",
    "located_at",
    metavar="FILE[:LINE]",
    help="File of the repository that names or builds the target (Dockerfile, manifest), "
    "relative to its root: where reports for code review show what is found.",
)


def read_place(given: str | None) -> Place | None:
    """Return the place that was given; UsageError for one that lies in no repository."""
    if given is None:
        return None
    path, colon, line = given.rpartition(":")
    if not (colon and line.isdecimal() and line.isascii()):
        path, line = given, "1"
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/") or int(line) < 1:
        raise UsageError(
            f"'{given}' is no place in the repository",
            where="--located-at",
            hint="write FILE or FILE:LINE, relative to the root of the repository",
        )
    return Place(path="/".join(parts), line=int(line))
