""".NET packages: the ``.deps.json`` beside every program that was published.

Rules: .NET SDK documentation, "Runtime configuration files" (libraries: type
package, project, reference, runtimepack).  The shared runtime has a
``.deps.json`` of its own, whose one library is the runtime pack, and the
advisories for it name that pack.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.document import mapping, read_json
from gate.catalog.language import Contents, Identity
from gate.catalog.reduced import ReducedCataloger, keep
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Reduction

_WHAT = ".NET packages"
_PACKAGES = frozenset({"package", "runtimepack"})
_RUNTIMES = ("Microsoft.NETCore.App.Runtime.", "Microsoft.AspNetCore.App.Runtime.")
_PACK = "runtimepack."


def reduce_deps(path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return what is to be kept of a ``.deps.json``."""
    try:
        found = Contents(tuple(parse_deps(content, Meter())))
    except (ValueError, InputError) as error:
        found = Contents((), str(error))
    return keep(_WHAT, found, path, content, gone)


def parse_deps(content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages a program was published with, and the runtime where it is one."""
    document = mapping(read_json(content, dict[str, Any], meter), "the document")
    found = []
    for key, value in mapping(document.get("libraries"), "'libraries'").items():
        kind = mapping(value, f"'{key}'").get("type")
        full, slash, version = key.rpartition("/")
        if not slash or not full or not version:
            raise ValueError(f"has a library without a version: '{key[:80]}'")
        name = full.removeprefix(_PACK)
        if kind in _PACKAGES or name.startswith(_RUNTIMES):
            found.append(Identity(type="nuget", name=name, version=version))
    return found


DOTNET = ReducedCataloger(what=_WHAT, reduction=Reduction(reduce_deps, endings=(b".deps.json",)))
