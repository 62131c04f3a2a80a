"""Where in the repository reports point at."""

from __future__ import annotations

from gate.run.result import Place, Result

_NOT_GIVEN = Place(path="Dockerfile", line=1)


def place_of(result: Result) -> Place:
    """Return where to show what is found, for formats that want a file of the repository."""
    return result.place or _NOT_GIVEN
