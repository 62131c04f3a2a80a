"""CSV (RFC 4180) that a spreadsheet takes for text, whatever is in it.

A spreadsheet runs a cell that begins with one of ``= + - @`` as a formula, also after
blanks, and some split cells at tabs and semicolons: such a cell gets an apostrophe in
front, which spreadsheets take for "this is text".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from gate.report.encoding import visible

_CELL = 32_000
"""Spreadsheets cut a cell at 32,767 characters."""
_FORMULA = ("=", "+", "-", "@", "|", "%")


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return a header and `rows`; a row may lack columns, and has no others."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return out.getvalue().encode()


def _cell(text: str) -> str:
    shown = visible(text, _CELL)
    return f"'{shown}" if shown.lstrip(" '\"").startswith(_FORMULA) else shown
