"""Make tests/data/osv from ../shared/osv: real records, whole and unaltered, fewer of them.

    python scripts/make_test_corpus.py

Kept are all AlmaLinux 9 advisories about security, Alpine 3.10 and 3.11, Debian
11, and of the language ecosystems every n-th record by name, with the ones that
tests name.  The archives are written with fixed times, so that the same input
gives the same bytes.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
FROM = REPOSITORY.parent / "shared" / "osv"
TO = REPOSITORY / "tests" / "data" / "osv"
EPOCH = (1980, 1, 1, 0, 0, 0)

Keep = Callable[[dict[str, Any], int], bool]


def ecosystems(record: dict[str, Any]) -> set[str]:
    return {
        entry["package"]["ecosystem"] for entry in record.get("affected", []) if "package" in entry
    }


def every(step: int, also: Callable[[dict[str, Any]], bool]) -> Keep:
    return lambda record, place: place % step == 0 or also(record)


def is_odd(record: dict[str, Any]) -> bool:
    """Return whether the record is of a kind that is easily got wrong."""
    text = json.dumps(record)
    return "custom_ranges" in text or bool(record.get("withdrawn"))


def is_informational(record: dict[str, Any]) -> bool:
    return any(
        entry.get("database_specific", {}).get("informational")
        for entry in record.get("affected", [])
    )


KEPT: dict[str, Keep] = {
    "AlmaLinux": lambda record, _: (
        "AlmaLinux:9" in ecosystems(record) and record["id"].startswith("ALSA-")
    ),
    "Alpine": lambda record, _: bool(ecosystems(record) & {"Alpine:v3.10", "Alpine:v3.11"}),
    "Bitnami": every(75, lambda _: False),
    "Debian": lambda record, _: "Debian:11" in ecosystems(record),
    "Go": every(25, is_odd),
    "PyPI": every(12, lambda record: bool(record.get("withdrawn"))),
    "crates.io": every(10, is_informational),
}


def main() -> int:
    if not FROM.is_dir():
        print(f"make_test_corpus: {FROM} is not there", file=sys.stderr)
        return 2
    for ecosystem, keep in KEPT.items():
        with zipfile.ZipFile(FROM / ecosystem / "all.zip") as source:
            names = sorted(source.namelist())
            raw = [(name, source.read(name)) for name in names]
        kept = [pair for place, pair in enumerate(raw) if keep(json.loads(pair[1]), place)]
        path = TO / ecosystem / "all.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
            for name, content in kept:
                member = zipfile.ZipInfo(name, EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                target.writestr(member, content)
        size = path.stat().st_size
        print(f"{ecosystem}: {len(kept):,} of {len(raw):,} records, {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
