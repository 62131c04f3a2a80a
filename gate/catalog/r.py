"""R packages: ``DESCRIPTION`` in each folder of a library.

Rules: Writing R Extensions, section 1.1.1.  An installed package has a line
``Built:``, sources have none.  Those of ``Priority: base`` are R itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_FIELD = re.compile(rb"^(Package|Version|Priority|Built|License):[ \t]*([^\r\n]*)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)+")


def parse_description(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the package of a ``DESCRIPTION``, none for sources and for R's own."""
    del path
    head = bytes(content[: meter.budget.header_bytes])
    fields = {
        name.decode(): value.decode("utf-8", "replace").strip()
        for name, value in reversed(_FIELD.findall(head))
    }
    if "Built" not in fields or "Package" not in fields or fields.get("Priority") == "base":
        return []
    name, version = fields["Package"], fields.get("Version", "")
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        raise ValueError("names no package and version")
    licence = fields.get("License", "")
    return [Identity(type="cran", name=name, version=version, licence=licence)]


R = FileCataloger(
    what="R packages",
    wanted=Wanted(names=frozenset({Named(b"DESCRIPTION", rb"library/[^/]+\Z")})),
    parse=parse_description,
)
