"""What every kind of rpm database is made of."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One header blob of a database, or what is wrong in its place."""

    number: int
    """rpm's number of the package; 0 where the problem is that of the database."""
    blob: bytes = b""
    problem: str = ""
    """Why there is no blob; "" where there is one."""
