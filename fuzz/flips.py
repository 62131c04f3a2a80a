"""Flip single bits of valid images: each gives the same inventory, or is not accepted.

    python -m fuzz.flips [--count N] [--seed N]

Nothing may be lost in silence: where the inventory of the changed image is read
whole, it is that of the original, package by package.  Images are of every kind
that is read (both layouts of `docker save`, OCI; plain, gzip, zstd; root file
systems), with each kind of package database, a Python package, a jar and a Go
program in them.

A root file system in a tar has nothing that says what its bytes should be, so a
flip in the text of a package may read as another valid one: there, a change of
what is stated is accepted, and a loss of it without a word is not, unless the
flip makes a program one that no kernel runs.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fuzz.targets import BUDGET, DATA, read_image, tree_of
from gate.bom.model import Bom, ReadingStatus, Subject, SubjectKind
from gate.catalog.inventory import take_inventory
from gate.errors import GateError
from gate.sources.budget import Meter
from gate.sources.image import Opened
from tests.builders import (
    DEBIAN,
    Image,
    Item,
    docker_archive_new,
    docker_archive_old,
    file,
    oci_layout,
    tar,
)
from tests.catalog.elves import go_inline, modules
from tests.catalog.java.jars import LOG4J, jar

COUNT = 100_000
_ELF = b"\x7fELF"
KEPT = Path(__file__).resolve().parent.parent / ".patchgate" / "fuzz"
Read = Callable[[bytes], Bom]


def contents() -> dict[str, list[Item]]:
    """Return the files of one image for each kind of package database."""
    metadata = file(
        "usr/lib/python3/site-packages/six-1.16.0.dist-info/METADATA",
        b"Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n",
    )
    program = go_inline("go1.22.1", modules("dep\tgithub.com/a/b\tv1.0.0"))
    common = [
        metadata,
        file("srv/app.jar", jar(LOG4J)),
        Item("usr/local/bin/app", program, mode=0o755),
    ]
    apk = (DATA / "apk" / "alpine-3.20.installed").read_bytes()
    rpm = lzma.decompress((DATA / "rpmdb" / "libuuid.Packages.xz").read_bytes())
    return {
        "dpkg": [*DEBIAN, *common],
        "apk": [
            file("etc/os-release", b"ID=alpine\nVERSION_ID=3.20.3\n"),
            file("lib/apk/db/installed", apk),
            *common,
        ],
        "rpm": [
            file("etc/os-release", b'ID="centos"\nVERSION_ID="7"\n'),
            file("var/lib/rpm/Packages", rpm),
        ],
        "pacman": [
            file("etc/os-release", b"ID=arch\n"),
            file("var/lib/pacman/local/zlib-1-1/desc", b"%NAME%\nzlib\n\n%VERSION%\n1-1\n\n"),
            *common,
        ],
    }


def images() -> dict[str, tuple[bytes, Read]]:
    """Return archives by name, each with what reads it."""
    found: dict[str, tuple[bytes, Read]] = {}
    for name, items in contents().items():
        for how in ("none", "gzip", "zstd"):
            image = Image([tar(items[:2]), tar(items[2:] or [file("x")])], compression=how)
            found[f"{name} oci {how}"] = tar(oci_layout(image)), read_image
            found[f"{name} docker {how}"] = tar(docker_archive_new(image)), read_image
        image = Image([tar(items)])
        found[f"{name} docker old"] = tar(docker_archive_old(image)), read_image
        found[f"{name} rootfs"] = tar(items), read_rootfs
    return found


def read_rootfs(data: bytes) -> Bom:
    """Read a plain root file system, which nothing vouches for."""
    subject = Subject(kind=SubjectKind.ROOTFS, source="rootfs-tar", name="x")
    return take_inventory(Opened(subject=subject, tree=tree_of(data)), Meter(BUDGET))


def whole(bom: Bom) -> bool:
    return all(reading.status is ReadingStatus.COMPLETE for reading in bom.readings)


def judged(original: Bom, changed: Bom, data: bytes, place: int, vouched: bool) -> str:
    """Return what a flip of the byte at `place` came to; LOST at its beginning is a defect."""
    if not whole(changed):
        return "not complete"
    before, after = ([c.ref for c in bom.components] for bom in (original, changed))
    if before == after:
        return "same"
    if not vouched and len(before) == len(after):
        return "other text, as many packages"
    if not vouched and _ELF in data[max(place - 5, 0) : place + 4]:
        return "no program any more: not one that a kernel runs"
    return f"LOST: {sorted(set(before) ^ set(after))[:4]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    sound = {name: (data, read, read(data)) for name, (data, read) in images().items()}
    names = sorted(sound)
    for name, (_, _, original) in sound.items():
        if not whole(original) or not original.components:
            raise SystemExit(f"flips: the image '{name}' is not sound")
    outcomes: Counter[str] = Counter()
    lost: list[str] = []
    began = time.monotonic()
    for number in range(arguments.count):
        name = names[number % len(names)]
        data, read, original = sound[name]
        flipped = bytearray(data)
        place = chance.randrange(len(data) * 8)
        flipped[place // 8] ^= 1 << place % 8
        try:
            outcome = judged(original, read(bytes(flipped)), data, place // 8, read is read_image)
        except GateError:
            outcome = "refused"
        if outcome.startswith("LOST"):
            KEPT.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256(flipped).hexdigest()[:12]
            (KEPT / f"flip-{digest}").write_bytes(flipped)
            lost.append(f"{name}, bit {place}: {outcome} (flip-{digest})")
            outcome = "LOST"
        outcomes[outcome] += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.monotonic() - began
    print(
        f"{arguments.count:,} flips of {len(names)} images in {seconds:.0f} s, peak {peak:.0f} MB"
    )
    for outcome, count in outcomes.most_common():
        print(f"{count:9,}  {outcome}")
    for line in lost[:20]:
        print(f"  {line}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
