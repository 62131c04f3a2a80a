"""All of OSV's size from the records that are here: each record again and again under new names.

    python benchmarks/corpus.py FOLDER [TIMES]

Copy number n of a record has its id, its aliases and its package names ended
by ``-copy-n``, and is else the same: the versions, the ranges and the sizes are
real.  Copies lie in the archive of their ecosystem, as OSV would have them.
"""

from __future__ import annotations

import json
import sys
import zipfile
from multiprocessing import get_context
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "osv"
DATA = REPOSITORY / "tests" / "data" / "osv"
TIMES = 25


def make_corpus(folder: Path, times: int) -> int:
    """Write ``<Ecosystem>/all.zip`` below `folder`; return the number of records."""
    source = SHARED if SHARED.is_dir() else DATA
    jobs = [
        (path, folder / path.parent.name / "all.zip", times)
        for path in sorted(source.glob("*/all.zip"))
    ]
    with get_context("fork").Pool(2) as pool:
        return sum(pool.starmap(_write, jobs, chunksize=1))


def _write(source: Path, target: Path, times: int) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with (
        zipfile.ZipFile(source) as read,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written,
    ):
        for name in read.namelist():
            record = json.loads(read.read(name))
            for number in range(times):
                copy = _renamed(record, number)
                written.writestr(f"{copy['id']}.json", json.dumps(copy))
                count += 1
    return count


def _renamed(record: dict[str, Any], number: int) -> dict[str, Any]:
    if number == 0:
        return record
    ending = f"-copy-{number}"
    copy = {**record, "id": record["id"] + ending}
    for field in ("aliases", "upstream", "related"):
        if record.get(field):
            copy[field] = [name + ending for name in record[field]]
    copy["affected"] = [
        {**entry, "package": {**entry["package"], "name": entry["package"]["name"] + ending}}
        if "package" in entry
        else entry
        for entry in record.get("affected", [])
    ]
    return copy


if __name__ == "__main__":
    total = make_corpus(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else TIMES)
    print(f"{total:,} records in {sys.argv[1]}")
