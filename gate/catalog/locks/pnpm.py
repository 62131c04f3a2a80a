"""pnpm: ``pnpm-lock.yaml``, lockfileVersion 5 to 9.

Rules: pnpm's spec repository, lockfile/5.2.md to 9.0.md (keys of `packages`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.document import mapping
from gate.catalog.language import Identity
from gate.catalog.locks.npm import package
from gate.catalog.locks.sources import locks_named, read_yaml
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_NAME = r"((?:@[^/@\s]+/)?[^/@\s]+)"
_SLASHED = re.compile(rf"/{_NAME}/([^/_(\s]+)(?:[_(].*)?")
"""Version 5: ``/name/1.2.3_peers``."""
_AT = re.compile(rf"/?{_NAME}@([^(\s]+)(?:\(.*)?")
"""Version 6 (``/name@1.2.3(peers)``) and 9, which has no slash."""
_ELSEWHERE = ("file:", "link:")


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages that a lock file names."""
    del path
    lock = read_yaml(content, meter)
    if "lockfileVersion" not in lock:
        raise ValueError("has no lockfileVersion")
    packages = mapping(lock.get("packages") or {}, "packages")
    return [found for key, value in packages.items() if (found := _package(key, value)) is not None]


def _package(key: str, value: object) -> Identity | None:
    entry = mapping(value, f"'{key[:80]}'")
    if key.startswith(_ELSEWHERE):
        return None
    stated, version = entry.get("name"), entry.get("version")
    if isinstance(stated, str) and isinstance(version, str):
        return package(stated, version)
    match = _AT.fullmatch(key) or _SLASHED.fullmatch(key)
    if match is None:
        raise ValueError(f"has a package that is not understood: '{key[:80]}'")
    if match[2].startswith(_ELSEWHERE):
        return None
    return package(match[1], version if isinstance(version, str) else match[2])


PNPM = locks_named("pnpm lock files", parse_lock, b"pnpm-lock.yaml")
