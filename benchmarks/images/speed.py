"""Measure the benchmark image, side by side with peers in one run.

    python -m benchmarks.images.speed [--folder DIR] [--rounds N]

Peers: syft from PATH or the Python registry (it makes an SBOM and stops there) and
osv-scanner (2.x, SBOM and offline matching) where it is in PATH or in GOBIN:
``go install github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.5.0``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import zstandard

from benchmarks.images.build import PLACE
from benchmarks.processes import Measured, side_by_side
from benchmarks.run import SHARED, install_peer

PATCHGATE = str(Path(sys.executable).with_name("patchgate"))
_ENDS = frozenset({0, 1, 3, 127})
"""Exit codes: verdicts of ours, findings of osv-scanner and that it found none."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=PLACE)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    scanner = _scanner()
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
        if (syft := shutil.which("syft") or install_peer()) is not None:
            commands["syft"] = [syft, "-q", "-o", "json", f"docker-archive:{saved}"]
        if scanner is not None:
            commands["osv-scanner"] = _scan(scanner, saved)
        commands["floor"] = [sys.executable, "-m", "benchmarks.images.floor", str(packed)]
        side_by_side({"warm": commands["patchgate, known image"]}, 1, allowed=frozenset({0, 3}))
        measured = side_by_side(commands, arguments.rounds, allowed=_ENDS)
    _show(measured)
    floor, packed_image = measured["floor"], measured["patchgate, OCI with gzip"]
    print(
        "isal and both digests on two threads is the floor of the packed image; ours takes "
        f"{packed_image.best / floor.best:.2f} of it by the best rounds, "
        f"{packed_image.median / floor.median:.2f} by the median, "
        f"{packed_image.processor / floor.processor:.2f} of its processor time"
    )
    _small(scanner, arguments.rounds)
    return 0


def _show(measured: Mapping[str, Measured]) -> None:
    ours = measured["patchgate"]
    for name, found in measured.items():
        print(
            f"{name:26} {found.best:6.2f} s best, {found.median:6.2f} s median, "
            f"{found.processor:6.2f} s of processors, {found.peak_bytes / 1e6:5.0f} MB; of ours: "
            f"{found.best / ours.best:5.2f} best, {found.median / ours.median:5.2f} median"
        )


def _small(scanner: str | None, rounds: int) -> None:
    """Compare on the Debian 12 base, where starting up is most of it."""
    saved = SHARED / "images" / "debian-12-minbase-amd64.docker-save.tar.zst"
    if not saved.exists() or scanner is None:
        print("Debian 12 base: not compared, no image or no osv-scanner")
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "debian-12.tar"
        with saved.open("rb") as source, plain.open("wb") as target:
            zstandard.ZstdDecompressor().copy_stream(source, target)
        generate = [PATCHGATE, "sbom", "generate", "--cache", "off", "-o", os.devnull]
        commands = {"patchgate": [*generate, str(plain)], "osv-scanner": _scan(scanner, plain)}
        print(f"Debian 12 base, {plain.stat().st_size / 1e6:.0f} MB:")
        _show(side_by_side(commands, max(rounds, 7), allowed=_ENDS))


def _scan(scanner: str, image: Path) -> list[str]:
    return [scanner, "scan", "image", "--offline", "--format", "json", "--archive", str(image)]


def _scanner() -> str | None:
    places = [os.environ.get("GOBIN", ""), str(Path.home() / "go/bin"), os.environ.get("PATH", "")]
    return shutil.which("osv-scanner", path=os.pathsep.join(places))


if __name__ == "__main__":
    raise SystemExit(main())
