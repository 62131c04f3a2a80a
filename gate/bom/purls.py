"""Lists of purls: one a line, and nothing else.

A list does not say what it is of, nor whether it is all; so what is read from
one is never complete.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from gate.bom import foreign
from gate.bom.model import Bom
from gate.bom.purl import read_purl

OPENING = b"pkg:"
_UNSAID = "a list of purls does not say whether it is all there is"


def write_bom(bom: Bom, now: datetime) -> bytes:
    """Return the purls of `bom`, each once, sorted.  The time is in none of them."""
    del now
    return "".join(f"{purl}\n" for purl in sorted({c.purl for c in bom.components})).encode()


def read_purls(data: bytes, where: str) -> Bom:
    """Return the bom of a list; blank lines and lines that begin with ``#`` do not count."""
    entries = []
    for line in data.decode("utf-8", "replace").splitlines():
        stated = line.strip()
        if stated and not stated.startswith("#"):
            entries.append(foreign.Entry(ref="", name=_name(stated), version="", purl=stated))
    return foreign.bom_of(
        entries,
        subject=foreign.subject_of(
            name="",
            is_image=False,
            digests={"sha256": hashlib.sha256(data).hexdigest()},
            where=where,
        ),
        stated=(),
        tools=(),
        problems=[_UNSAID],
        what="purl list",
    )


def _name(purl: str) -> str:
    """Return the name in a purl, which is all that a list says of a package."""
    try:
        return read_purl(purl).name
    except ValueError:
        return purl
