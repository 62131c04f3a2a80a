"""Yarn: ``yarn.lock``, of version 1 (a format of its own) and of Berry (YAML).

Rules: Yarn's packages @yarnpkg/lockfile and @yarnpkg/parsers (syml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gate.catalog.document import mapping, word
from gate.catalog.language import Identity
from gate.catalog.locks.npm import package
from gate.catalog.locks.sources import locks_named, read_text, read_yaml
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_BERRY = re.compile(r"^__metadata:", re.MULTILINE)
_VERSION_1 = "# yarn lockfile v1"
_ENTRY = re.compile(r"^(\S.*):\n((?:[ ]+\S.*\n|\n)+)", re.MULTILINE)
_FIELD = re.compile(r'^  version:? "?([^"\s]+)"?$', re.MULTILINE)
_DESCRIPTOR = re.compile(r'"?((?:@[^/@\s"]+/)?[^/@\s"]+)@([^,]*?)"?')
_ALIAS = re.compile(r"npm:((?:@[^/@\s]+/)?[^/@\s]+)@.*")
_RESOLUTION = re.compile(r"((?:@[^/@\s]+/)?[^/@\s]+)@([a-z+]+):(.*)")


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages that a lock file names, without the workspace's own."""
    del path
    text = read_text(content, meter).replace("\r\n", "\n") + "\n"
    if _BERRY.search(text):
        return list(_berry(content, meter))
    if _VERSION_1 not in text:
        raise ValueError("is of no version that is known")
    return list(_classic(text))


def _classic(text: str) -> Iterator[Identity]:
    rest = _ENTRY.sub("", text)
    if left := [line for line in rest.split("\n") if line.strip() and not line.startswith("#")]:
        raise ValueError(f"has a line that is not understood: '{left[0][:80]}'")
    for head, body in _ENTRY.findall(text):
        descriptor = _DESCRIPTOR.fullmatch(head.split(", ")[0])
        version = _FIELD.search(body)
        if descriptor is None or version is None:
            raise ValueError(f"has an entry that is not understood: '{head[:80]}'")
        alias = _ALIAS.fullmatch(descriptor[2])
        if not descriptor[2].startswith(("file:", "link:")):
            yield package(alias[1] if alias else descriptor[1], version[1])


def _berry(content: Chunk, meter: Meter) -> Iterator[Identity]:
    for key, value in read_yaml(content, meter).items():
        if key == "__metadata":
            continue
        entry = mapping(value, f"'{key[:80]}'")
        resolution = _RESOLUTION.fullmatch(word(entry.get("resolution"), f"resolution of '{key}'"))
        if resolution is None:
            raise ValueError(f"has a resolution that is not understood in '{key[:80]}'")
        if resolution[2] not in {"workspace", "link", "portal", "file"}:
            yield package(resolution[1], word(entry.get("version"), f"version of '{key[:80]}'"))


YARN = locks_named("Yarn lock files", parse_lock, b"yarn.lock")
