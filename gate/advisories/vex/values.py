"""Values of JSON documents that somebody else wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def text(value: Any) -> str:
    """Return a text as it is, "" for anything else."""
    return value if isinstance(value, str) else ""


def entries(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects; ValueError where it holds anything else."""
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"'{name}' is not a list of objects")
    return value


def moment(value: Any) -> datetime | None:
    """Return a time in ISO 8601 as UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text(value))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
