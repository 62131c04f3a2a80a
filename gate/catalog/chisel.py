"""Chiselled images: the manifest of what chisel cut out of Ubuntu's packages.

Such an image has parts of packages and no dpkg database.  Its manifest names each
package with its version, but not the source package, which Ubuntu's advisories
are about.  So it is read, and is not complete: the policy can accept the image by
its digest.

Rules: chisel's documentation, "Chisel manifest" and "jsonwall" (a header line with
the number of lines, then one JSON object a line; the whole compressed with zstd).
"""

from __future__ import annotations

import re

import msgspec

from gate.bom.model import Location
from gate.catalog.dpkg import STATUS
from gate.catalog.package import Found, Package, reading_of
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.codecs import Codec, decompressed
from gate.sources.paths import text
from gate.sources.tree import MissingError, Tree
from gate.sources.wanted import Wanted

MANIFEST = b"var/lib/chisel/manifest.wall"

_WHAT = "chisel manifest"
_SOURCELESS = "it names no source packages, which advisories are about"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.~_-]{0,254}")
_VERSION = re.compile(r"[0-9A-Za-z.+:~_-]{1,255}")


class _Header(msgspec.Struct, frozen=True):
    jsonwall: str
    schema: str
    count: int
    """Lines, this one among them."""


class _Entry(msgspec.Struct, frozen=True):
    kind: str
    name: str = ""
    version: str = ""
    arch: str = ""


class ChiselCataloger:
    """Reads the manifest where there is no dpkg database.  Implements `Cataloger`."""

    wanted = Wanted(paths=frozenset({MANIFEST}))

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Return the packages of which parts are there."""
        try:
            stored = tree.read(MANIFEST)
            if tree.exists(STATUS):
                return Found()
        except MissingError:
            return Found()
        except InputError as error:
            return Found(readings=(reading_of(_WHAT, MANIFEST, "", 0, [error.what]),))
        location = Location(path=text(MANIFEST), layer=tree.layer_of(MANIFEST))
        packages: list[Package] = []
        problems = [_SOURCELESS]
        try:
            packages += _packages(_expanded(bytes(stored), meter), location, meter)
        except (InputError, ValueError) as error:
            problems = [error.what if isinstance(error, InputError) else str(error)]
        reading = reading_of(_WHAT, MANIFEST, location.layer, len(packages), problems)
        return Found(packages=tuple(packages), readings=(reading,))


def _expanded(stored: bytes, meter: Meter) -> bytes:
    where, limit = text(MANIFEST), meter.budget.text_bytes
    pieces = []
    size = 0
    for piece in decompressed(Codec.ZSTD, [stored], meter, where):
        size += len(piece)
        if size > limit:
            raise meter.over("text_bytes", f"{limit:,} bytes", where)
        pieces.append(bytes(piece))
    return b"".join(pieces)


def _packages(content: bytes, location: Location, meter: Meter) -> list[Package]:
    """Return the packages of a manifest; ValueError where it is not whole."""
    lines = content.splitlines()
    if len(lines) > meter.budget.records:
        raise meter.over("records", f"{meter.budget.records:,} records", location.path)
    found: list[Package] = []
    try:
        header = msgspec.json.decode(lines[0] if lines else b"", type=_Header)
        entries = msgspec.json.Decoder(_Entry)
        listed = [entries.decode(line) for line in lines[1:]]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is not a valid manifest ({error})") from error
    if (header.jsonwall, header.schema) != ("1.0", "1.0"):
        raise ValueError(f"is of version {header.schema[:20]}, which is not read")
    if header.count != len(lines):
        raise ValueError(f"has {len(lines)} lines, and says that it has {header.count}")
    for entry in listed:
        if entry.kind != "package":
            continue
        if not _NAME.fullmatch(entry.name) or not _VERSION.fullmatch(entry.version):
            raise ValueError("has a package without a valid name and version")
        found.append(
            Package(
                type="deb",
                name=entry.name,
                version=entry.version,
                arch=entry.arch,
                source_name=entry.name,
                source_version=entry.version,
                location=location,
            )
        )
    return found
