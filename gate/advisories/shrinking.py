"""A source that lost many of its records is refused.

A broken export looks just like that, and every record that is missing is a
finding that is missed.
"""

from __future__ import annotations

from collections.abc import Iterable

from gate.advisories.model import SourceInfo
from gate.errors import AdvisoryError

SHRINK = 0.05
"""Share of its records by which a source may shrink."""


def refuse_shrunk(source: SourceInfo, known: Iterable[SourceInfo], where: str) -> None:
    """Raise AdvisoryError where `source` has far fewer records than the one it would replace."""
    before = next((old for old in known if old.name == source.name), None)
    if before is None or source.records >= before.records * (1 - SHRINK):
        return
    raise AdvisoryError(
        f"has {source.records:,} records of {source.name}, "
        f"{before.records - source.records:,} fewer than the one it would replace",
        where=where,
        hint="if that is right, import it with --allow-shrink",
    )
