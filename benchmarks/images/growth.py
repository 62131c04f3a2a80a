"""Show how time and memory grow with files and with layers: 1, 2, 4 and 8 times as many.

    python -m benchmarks.images.growth [--files N] [--layers N] [--rounds N]

Images are made up, and every file of them is of a kind that is looked at somewhere: Node
packages, jars, programs, plain files.  What a start costs is measured with an empty image
and taken off.  Processor time is shown, since other programs on the machine hardly move it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.images.layers import save
from benchmarks.processes import side_by_side

TIMES = (1, 2, 4, 8)
FILES = 16_000
LAYERS = 8
FILES_OF_A_LAYER = 2_000
_PLAIN = b"a plain file\n" * 40
_PROGRAM = b"\x7fELF\2\1\1" + bytes(4096)
_KINDS = 50
"""One file of so many is a Node package, one a jar, one a program."""


@dataclass(frozen=True)
class Grown:
    """What images of one series took, in the order of `TIMES`."""

    name: str
    files: tuple[int, ...]
    seconds: tuple[float, ...]
    peaks: tuple[int, ...]

    @property
    def factor(self) -> float:
        """How many times as long the largest takes as the one of half its size."""
        return self.seconds[-1] / self.seconds[-2]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for grown in measure(arguments.files, arguments.layers, arguments.rounds):
        print("\n".join(lines(grown)))
    return 0


def measure(files: int, layers: int, rounds: int) -> list[Grown]:
    """Return how two series grow: one layer of ever more files, and ever more layers."""
    with tempfile.TemporaryDirectory(prefix="patchgate-growth-") as folder:
        place = Path(folder)
        series = {
            "files in one layer": [_image(place, f"f{n}", [files * n]) for n in TIMES],
            "layers": [_image(place, f"l{n}", [FILES_OF_A_LAYER] * layers * n) for n in TIMES],
        }
        empty = _image(place, "empty", [0])
        commands = {str(image): _command(image) for image in sum(series.values(), [empty])}
        # The first start of all compiles the program.
        side_by_side({"warm": _command(empty)}, 1)
        taken = side_by_side(commands, rounds)
    start = taken[str(empty)].processor
    counts = {
        "files in one layer": tuple(files * n for n in TIMES),
        "layers": tuple(FILES_OF_A_LAYER * layers * n for n in TIMES),
    }
    return [
        Grown(
            name,
            counts[name],
            tuple(max(taken[str(image)].processor - start, 1e-3) for image in images),
            tuple(taken[str(image)].peak_bytes for image in images),
        )
        for name, images in series.items()
    ]


def lines(grown: Grown) -> list[str]:
    """Return the table of one series."""
    head = f"{grown.name}: twice as many take {grown.factor:.2f} times as long"
    rows = [
        f"  {count:9,} files  {seconds:6.2f} s  {seconds / count * 1e6:5.1f} µs a file  "
        f"{peak / 1e6:5.0f} MB"
        for count, seconds, peak in zip(grown.files, grown.seconds, grown.peaks, strict=True)
    ]
    return [head, *rows]


def _command(image: Path) -> list[str]:
    program = str(Path(sys.executable).with_name("patchgate"))
    return [program, "sbom", "generate", "--cache", "off", "-o", os.devnull, str(image)]


def _image(place: Path, name: str, layers: Sequence[int]) -> Path:
    """Write an image with layers of so many files each."""
    paths = {}
    for number, files in enumerate(layers):
        paths[f"step {number}"] = place / f"{name}-{number}.tar"
        _layer(paths[f"step {number}"], number, files)
    image = place / f"{name}.tar"
    save(paths, f"example.org/{name}:1", image)
    for path in paths.values():
        path.unlink()
    return image


def _layer(path: Path, number: int, files: int) -> None:
    with tarfile.open(path, "w") as archive:
        if not number:
            _add(archive, "etc/os-release", b'ID=debian\nVERSION_ID="12"\n')
            _add(archive, "var/lib/dpkg/status", _status())
        for count in range(files):
            folder = f"opt/layer{number}/part{count // 200}"
            kind = count % _KINDS
            if kind == 0:
                package = {"name": f"package-{number}-{count}", "version": "1.2.3"}
                content = json.dumps(package).encode()
                _add(archive, f"{folder}/node_modules/p{count}/package.json", content)
            elif kind == 1:
                _add(archive, f"{folder}/library{count}-1.0.jar", _jar(f"library{count}"))
            elif kind == 2:
                _add(archive, f"{folder}/program{count}", _PROGRAM, 0o755)
            else:
                _add(archive, f"{folder}/file{count}.txt", _PLAIN)


def _status() -> bytes:
    return b"Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12\n"


def _jar(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        place = f"META-INF/maven/org.example/{name}/pom.properties"
        archive.writestr(place, f"groupId=org.example\nartifactId={name}\nversion=1.0\n")
        archive.writestr(f"org/example/{name}/Main.class", b"\xca\xfe\xba\xbe")
    return out.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), mode, 1_700_000_000
    archive.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    raise SystemExit(main())
