"""SBOMs that builders left inside an image, of what leaves no other trace there.

Bitnami writes one for each of its components (``/opt/bitnami/nginx/.spdx-nginx.spdx``),
Docker's and others' builders put them into ``usr/share/sbom`` or ``usr/local/share/sbom``,
Cloud Native Buildpacks into ``layers/sbom``.  Only packages of ecosystems that
have no database in the image are taken from them: what dpkg, apk and rpm know
is read there.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.bom.detect import read_bom
from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_FOLDERS = rb"\A(?:usr/(?:local/)?share/sbom|layers/sbom)(?:/|\Z)"
_BITNAMI = rb"\Aopt/bitnami(?:/|\Z)"
_TAKEN = frozenset(
    {
        *("bitnami", "cargo", "composer", "cran", "gem", "golang", "hackage", "hex", "julia"),
        *("maven", "npm", "nuget", "pub", "pypi", "swift"),
    }
)
"""purl types."""
_DOUBLED = b".syft.json"
"""Buildpacks write the same SBOM in three formats; this is Syft's own."""


def parse_sbom(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages that an SBOM lists; InputError where it cannot be read."""
    del meter
    if path.endswith(_DOUBLED):
        return []
    bom = read_bom(bytes(content), text(path.rpartition(b"/")[2]))
    return [
        Identity(
            type=component.type,
            namespace=component.namespace,
            name=component.name,
            version=component.version,
        )
        for component in bom.components
        if component.type in _TAKEN
    ]


EMBEDDED = FileCataloger(
    what="SBOMs inside the image",
    wanted=Wanted(
        names=frozenset(
            {Named(b".json", _FOLDERS), Named(b".spdx", _FOLDERS), Named(b".spdx", _BITNAMI)}
        )
    ),
    parse=parse_sbom,
)
