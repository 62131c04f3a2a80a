"""Keys of real versions: how many a second on one core, without the memory of the matcher."""

from __future__ import annotations

import json
import timeit
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from gate.versions import SCHEMES

MEASURED = {"dpkg": "Debian", "rpm": "AlmaLinux", "apk": "Alpine", "pep440": "PyPI", "golang": "Go"}
"""Scheme to the source its versions are taken from."""
_SAMPLE = 20_000


def keys_per_second(osv: Path) -> dict[str, tuple[float, int]]:
    """Return keys a second and the number of versions, by scheme."""
    found = {}
    for scheme, source in MEASURED.items():
        key = import_module(SCHEMES[scheme]).key
        versions = sorted(set(_versions(osv / source / "all.zip")))
        sample = versions[:: max(1, len(versions) // _SAMPLE)]
        best = min(timeit.repeat(lambda key=key, sample=sample: [*map(key, sample)], number=1))
        found[scheme] = len(sample) / best, len(sample)
    return found


def _versions(archive: Path) -> Iterator[str]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.namelist():
            for entry in json.loads(opened.read(member)).get("affected", []):
                for described in entry.get("ranges", []):
                    if described["type"] != "GIT":
                        for event in described["events"]:
                            yield from event.values()
