"""Measure the benchmark image, side by side with peers in one run.

    python -m benchmarks.images.speed [--folder DIR] [--rounds N]

Peers: syft from the Python registry (it makes an SBOM and stops there) and
osv-scanner (2.x, SBOM and offline matching) where it is in PATH or in GOBIN:
``go install github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.5.0``.
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import shutil
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from isal import isal_zlib

from benchmarks.images.build import PLACE
from benchmarks.processes import side_by_side
from benchmarks.run import install_peer

PATCHGATE = str(Path(sys.executable).with_name("patchgate"))
_STEP = 1 << 20
_GZIP = 31


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=PLACE)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    saved, packed = (arguments.folder / f"bench.{kind}.tar" for kind in ("docker", "oci"))
    if not saved.exists():
        print("no image: python -m benchmarks.images.build")
        return 1
    with tempfile.TemporaryDirectory() as cache:
        sbom = [PATCHGATE, "sbom", "generate", "-o", os.devnull]
        commands = {
            "patchgate": [*sbom, "--cache", "off", str(saved)],
            "patchgate, known image": [*sbom, "--cache", cache, str(saved)],
            "patchgate, OCI with gzip": [*sbom, "--cache", "off", str(packed)],
        }
        if (syft := install_peer()) is not None:
            commands["syft"] = [syft, "-q", "-o", "json", f"docker-archive:{saved}"]
        if (scanner := _scanner()) is not None:
            image = ["scan", "image", "--offline", "--format", "json", "--archive", str(saved)]
            commands["osv-scanner"] = [scanner, *image]
        side_by_side({"warm": commands["patchgate, known image"]}, 1, allowed=frozenset({0, 3}))
        measured = side_by_side(commands, arguments.rounds, allowed=frozenset({0, 1, 3, 127}))
    ours = measured["patchgate"].best
    for name, found in measured.items():
        print(
            f"{name:26} {found.best:6.2f} s best, {found.median:6.2f} s median, "
            f"{found.peak_bytes / 1e6:5.0f} MB, {found.best / ours:5.2f} of ours"
        )
    floor = min(_floor(packed) for _ in range(2))
    ratio = measured["patchgate, OCI with gzip"].best / floor
    print(f"isal and both digests, two threads: {floor:.2f} s; ours takes {ratio:.2f} of it")
    return 0


def _scanner() -> str | None:
    places = [os.environ.get("GOBIN", ""), str(Path.home() / "go/bin"), os.environ.get("PATH", "")]
    return shutil.which("osv-scanner", path=os.pathsep.join(places))


def _floor(packed: Path) -> float:
    """Return the seconds it takes to decompress all layers and hash both their forms."""
    with tarfile.open(packed) as archive:
        blobs = [(member.offset_data, member.size) for member in archive if member.size > _STEP]
    with packed.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)

        def one(blob: tuple[int, int]) -> None:
            start, size = blob
            inflate = isal_zlib.decompressobj(_GZIP)
            digests = hashlib.sha256(), hashlib.sha256()
            for at in range(start, start + size, _STEP):
                piece = view[at : min(at + _STEP, start + size)]
                digests[0].update(piece)
                digests[1].update(inflate.decompress(piece))

        begun = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, sorted(blobs, key=lambda blob: -blob[1])))
        taken = time.perf_counter() - begun
        view.release()
    return taken


if __name__ == "__main__":
    raise SystemExit(main())
