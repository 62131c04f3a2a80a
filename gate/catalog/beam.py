"""Erlang and Elixir: packages from Hex in a release, by ``hex_metadata.config`` or ``.app``.

Rules: Hex's specification "hex_metadata.config" (Erlang terms); Erlang/OTP
Design Principles, "Applications" (``ebin/NAME.app``: name and vsn) and
"Releases" (``lib/NAME-VSN``).  The applications of OTP itself are parts of
Erlang; they are told by their ``runtime_dependencies``, which Hex's have not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_APPLICATION = re.compile(r"\{\s*application\s*,\s*'?([a-z][A-Za-z0-9_@]*)'?\s*,")
_VSN = re.compile(r"\{\s*vsn\s*,\s*\"([^\"\s]+)\"\s*\}")
_COMMENT = re.compile(r"^\s*%.*$", re.MULTILINE)
_OTP = re.compile(r"\{\s*runtime_dependencies\s*,")


def parse_app(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the package of an application, none for those of Erlang/OTP."""
    head = bytes(content[: meter.budget.header_bytes]).decode("utf-8", "replace")
    resource = _COMMENT.sub("", head)
    application = _APPLICATION.search(resource)
    if application is None:
        raise ValueError("describes no application")
    if _OTP.search(resource):
        return []
    vsn = _VSN.search(resource)
    stem = text(path.rpartition(b"/")[2]).removesuffix(".app")
    if vsn is None or application[1] != stem:
        raise ValueError(f"has no version of '{stem}'")
    return [Identity(type="hex", name=application[1], version=vsn[1])]


BEAM = FileCataloger(
    what="Erlang applications",
    wanted=Wanted(names=frozenset({Named(b".app", rb"(?:\A|/)lib/[^/]+/ebin\Z")})),
    parse=parse_app,
)
