"""The list of assets: what is in scope, whoever keeps that list.

A CSV with a header, of which these columns are read, in any order: ``asset`` (or
``name``, ``host``, ``hostname``), ``owner``, ``from`` and ``until`` (days; the last day in
scope).  Without a header, each line is a name.  ``#`` begins a comment.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from gate.errors import UsageError
from gate.policy.exceptions.model import end_of_day
from gate.run.history import system_of

_NAMES = ("asset", "name", "host", "hostname")
_LARGEST = 64 * 1024 * 1024
_MOST = 1_000_000


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One asset."""

    name: str
    """As the list has it."""
    owner: str = ""
    begin: datetime | None = None
    """UTC; None: it was always in scope."""
    end: datetime | None = None
    """UTC: the midnight after its last day; None: it still is."""

    @property
    def system(self) -> str:
        """The name that its runs have, without what changes with every build."""
        return system_name(self.name)


def system_name(subject: str) -> str:
    """Return what a subject and an asset are both called: a host by its name alone."""
    return system_of(subject).removeprefix("host:")


def read_assets(path: Path) -> tuple[Asset, ...]:
    """Return the assets in a file; UsageError where it cannot be read or makes no sense."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if len(content) > _LARGEST:
        raise UsageError(f"is larger than {_LARGEST:,} bytes", where=str(path))
    try:
        text = content.decode("utf-8-sig")
        assets = tuple(_assets(text, path))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"is not a CSV in UTF-8 ({error})", where=str(path), hint="docs/audit.md has an example"
        ) from error
    if not assets:
        raise UsageError("lists no assets", where=str(path))
    return assets


def _assets(text: str, path: Path) -> Iterator[Asset]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    heads: list[str] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not heads:
            heads = [cell.lower() for cell in cells]
            if any(name in heads for name in _NAMES):
                continue
            heads = ["asset"]
        where = f"{path}:{number}"
        asset = _asset(dict(zip(heads, cells, strict=False)), where)
        if (first := seen.setdefault(asset.system, number)) != number:
            raise UsageError(
                f"'{asset.name[:200]}' stands in line {first} already",
                where=where,
                hint="list each asset once",
            )
        if len(seen) > _MOST:
            raise UsageError(f"lists more than {_MOST:,} assets", where=str(path))
        yield asset


def _asset(row: Mapping[str, str], where: str) -> Asset:
    name = next((row[column] for column in _NAMES if row.get(column)), "")
    if not name:
        raise UsageError("an asset without a name", where=where)
    begin, until = row.get("from", ""), row.get("until", "")
    try:
        return Asset(
            name=name,
            owner=row.get("owner", ""),
            begin=_day(begin) if begin else None,
            end=end_of_day(until) if until else None,
        )
    except ValueError as error:
        raise UsageError(
            f"'{begin}' to '{until}' are not days", where=where, hint="write 2026-01-31"
        ) from error


def _day(written: str) -> datetime:
    parsed = date.fromisoformat(written)
    return datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC)
