"""One budget for everything that is read from an untrusted target.

A limit that is hit is a result with a name (`BudgetError`, exit 3), never a
reason to skip something quietly.
"""

from __future__ import annotations

import re
import time

import msgspec

from gate.errors import BudgetError

MIB = 1024 * 1024

_REACHED = re.compile(r"limit '([a-z_]+)' reached")


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one run.  Sizes are bytes, times are seconds."""

    expanded_bytes: int = 64 * 1024 * MIB
    """Bytes that all decompressors together may put out."""
    ratio: int = 250
    """Bytes out for each byte in, judged once `ratio_floor` bytes are out."""
    ratio_floor: int = 256 * MIB
    entries: int = 4_000_000
    """Archive members and directory entries, all layers together."""
    retained_bytes: int = 1024 * MIB
    """File contents held in memory at once."""
    file_bytes: int = 512 * MIB
    """One file that is read whole: a package database, an os-release."""
    header_bytes: int = MIB
    """One extended tar header, as Go's archive/tar caps it (CVE-2022-2879)."""
    text_bytes: int = 128 * MIB
    """A package database that is text: dpkg, apk."""
    document_bytes: int = 4 * MIB
    """One manifest, index or image configuration, as registries cap it."""
    path_bytes: int = 64 * 1024
    links: int = 40
    """Links followed for one path, as Linux limits them (path_resolution(7))."""
    layers: int = 512
    records: int = 1_000_000
    """Records of one package database."""
    seconds: float = 600.0


class Meter:
    """Counts what has been used of a `Budget`.  One per run, passed to every reader."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget if budget is not None else Budget()
        self.expanded = 0
        self.entries = 0
        self.retained = 0
        self._deadline = time.monotonic() + self.budget.seconds

    def check_time(self, where: str) -> None:
        """Raise BudgetError once the run has taken longer than its budget."""
        if time.monotonic() > self._deadline:
            raise self.over("seconds", f"{self.budget.seconds:g} s", where)

    def add_expanded(self, count: int, where: str) -> None:
        """Count `count` bytes that came out of a decompressor."""
        self.expanded += count
        if self.expanded > self.budget.expanded_bytes:
            raise self.over("expanded_bytes", f"{self.budget.expanded_bytes:,} bytes", where)

    def add_entries(self, count: int, where: str) -> None:
        """Count archive members or directory entries, and look at the clock."""
        self.entries += count
        if self.entries > self.budget.entries:
            raise self.over("entries", f"{self.budget.entries:,} entries", where)
        self.check_time(where)

    def add_retained(self, count: int, where: str) -> None:
        """Count `count` bytes of file content that stay in memory."""
        if count > self.budget.file_bytes:
            raise self.over("file_bytes", f"{self.budget.file_bytes:,} bytes", where)
        self.retained += count
        if self.retained > self.budget.retained_bytes:
            raise self.over("retained_bytes", f"{self.budget.retained_bytes:,} bytes", where)

    def over(self, limit: str, allowed: str, where: str) -> BudgetError:
        """Build the error for `limit`, so that every budget error reads the same."""
        return BudgetError(
            f"limit '{limit}' reached ({allowed})",
            where=where,
            hint=f"if this input is trusted, raise it with --limit {limit}=N",
        )


def limits_reached(message: str) -> tuple[str, ...]:
    """Return the names of limits that `message`, as `Meter.over` words it, says were reached."""
    known = {field.name for field in msgspec.structs.fields(Budget)}
    return tuple(name for name in _REACHED.findall(message) if name in known)
