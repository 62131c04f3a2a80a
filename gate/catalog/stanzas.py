"""Text databases made of stanzas: blocks of lines, separated by blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree

_STANZA = re.compile(rb"[^\n][^\n]*(?:\n[^\n]+)*")


def read_text(tree: Tree, path: bytes, meter: Meter) -> bytes:
    """Return a text database; InputError where it is unreadable, over budget or cut short."""
    content = tree.read(path)
    limit = meter.budget.text_bytes
    if len(content) > limit:
        raise meter.over("text_bytes", f"{limit:,} bytes", text(path))
    data = bytes(content)
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    if b"\0" in data:
        raise InputError("holds NUL bytes where text belongs", where=text(path))
    return data


def stanzas(data: bytes, meter: Meter, where: str) -> Iterator[bytes]:
    """Yield the stanzas of `data`; BudgetError past the number of records allowed."""
    limit = meter.budget.records
    for number, match in enumerate(_STANZA.finditer(data)):
        if number >= limit:
            raise meter.over("records", f"{limit:,} records", where)
        if not number & 0xFFF:
            meter.check_time(where)
        yield match[0]
