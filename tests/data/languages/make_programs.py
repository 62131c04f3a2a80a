"""Make `programs.tar.xz` and `programs.json` from Go programs that lie in a folder.

    python tests/data/languages/make_programs.py FOLDER

A program of Go has megabytes; only its ELF tables and its build information
matter here.  Everything else is overwritten with zeros, which leaves every
offset as the linker chose it.  Expected is what `go version -m` says.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from gate.catalog.elf import Elf

HERE = Path(__file__).resolve().parent


def hollow(data: bytes) -> bytes:
    """Return `data` with zeros for everything but tables and build information."""
    view = memoryview(data)
    elf = Elf(view)
    kept = bytearray(len(data))

    def keep(begin: int, size: int) -> None:
        kept[begin : begin + size] = data[begin : begin + size]

    keep(0, 4096)
    section_offset = int.from_bytes(
        data[40:48] if data[4] == 2 else data[32:36], "little" if data[5] == 1 else "big"
    )
    keep(section_offset, 64 * 64)
    keep(data.index(b".shstrtab\0") - 512, 1024)
    information = elf.section(b".go.buildinfo")
    assert information is not None
    begin = data.index(b"\xff Go buildinf:")
    keep(begin, len(information))
    if not data[begin + 15] & 2:
        order = "big" if data[begin + 15] & 1 else "little"
        size = data[begin + 14]
        for at in (begin + 16, begin + 16 + size):
            header = int.from_bytes(data[at : at + size], order)
            for address, length in ((header, 2 * size), _string(elf, header, size, order)):
                keep(data.index(bytes(elf.at(address, length))), length)
    return bytes(kept)


def _string(elf: Elf, header: int, size: int, order: str) -> tuple[int, int]:
    raw = bytes(elf.at(header, 2 * size))
    return int.from_bytes(raw[:size], order), int.from_bytes(raw[size:], order)  # type: ignore[arg-type]


def main(folder: Path) -> None:
    expected = {}
    with tarfile.open(HERE / "programs.tar.xz", "w:xz") as archive:
        for path in sorted(folder.iterdir()):
            said = subprocess.run(
                ["go", "version", "-m", path.name], cwd=folder, capture_output=True, text=True,
                check=True,
            )  # fmt: skip
            expected[path.name] = said.stdout.splitlines()
            content = hollow(path.read_bytes())
            info = tarfile.TarInfo(path.name)
            info.mode, info.size = 0o755, len(content)
            archive.addfile(info, io.BytesIO(content))
    (HERE / "programs.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
