"""The least that a packed image costs: isal decompresses, and both forms are hashed.

    python -m benchmarks.images.floor ARCHIVE

Two threads, the largest layer first, and nothing is looked at.
"""

from __future__ import annotations

import hashlib
import mmap
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from isal import isal_zlib

_STEP = 1 << 20
_GZIP = 31


def floor(packed: Path) -> None:
    """Decompress all layers and hash both their forms, and do nothing else."""
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

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, sorted(blobs, key=lambda blob: -blob[1])))
        view.release()


if __name__ == "__main__":
    floor(Path(sys.argv[1]))
