"""EPSS scores, as FIRST publishes them: one CSV for all CVEs of a day, plain or gzip.

The first line is a comment with the model's version and the date of the
scores, the second the names of the columns: ``cve,epss,percentile``.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Collection
from datetime import datetime

from gate.advisories.exploitation import Catalogue, EpssScore, in_utc
from gate.errors import AdvisoryError

_HEAD = re.compile(rb"#model_version:([\w.-]{1,40}),score_date:([0-9T:+Z.-]{10,40})\s*")
_COLUMNS = b"cve,epss,percentile"
_ROW = re.compile(rb"(CVE-\d{4}-\d{4,19}),([01](?:\.\d{1,12})?),([01](?:\.\d{1,12})?)")
_EXPANDED = 256 * 1024 * 1024
"""Bytes; the file of all CVEs is about 10 MB."""
_GZIP = 31
_HINT = "download epss_scores-current.csv.gz from FIRST again"


def read_epss(
    content: bytes, where: str, wanted: Collection[str]
) -> tuple[Catalogue, dict[str, EpssScore]]:
    """Return the file in `content` as a catalogue, and the scores of the CVEs in `wanted`.

    Every row is checked.  AdvisoryError, which names `where`, for anything that is
    not such a file.
    """
    text = _plain(content, where)
    lines = text.splitlines()
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None or len(lines) < 3 or lines[1].strip() != _COLUMNS:
        raise AdvisoryError("is not a file of EPSS scores", where=where, hint=_HINT)
    scores: dict[str, EpssScore] = {}
    names = {name.encode() for name in wanted}
    for number, line in enumerate(lines[2:], start=3):
        row = _ROW.fullmatch(line)
        if row is None or float(row[2]) > 1 or float(row[3]) > 1:
            raise AdvisoryError(f"line {number} is no score", where=where, hint=_HINT)
        if row[1] in names:
            scores[row[1].decode()] = EpssScore(probability=float(row[2]), percentile=float(row[3]))
    catalogue = Catalogue(
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
        as_of=_moment(head[2].decode(), where),
        version=head[1].decode(),
        entries=len(lines) - 2,
    )
    return catalogue, scores


def _plain(content: bytes, where: str) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    inflater = zlib.decompressobj(_GZIP)
    try:
        text = inflater.decompress(content, _EXPANDED)
    except zlib.error as error:
        raise AdvisoryError(f"is damaged: {error}", where=where, hint=_HINT) from error
    if not inflater.eof or inflater.unused_data:
        raise AdvisoryError("is cut short, or too large", where=where, hint=_HINT)
    return text


def _moment(written: str, where: str) -> datetime:
    try:
        return in_utc(datetime.fromisoformat(written))
    except ValueError as error:
        raise AdvisoryError(f"'{written}' is not a date", where=where, hint=_HINT) from error
