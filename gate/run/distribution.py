"""Which patchgate this is: a digest over its program text."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import gate


@cache
def distribution_digest() -> str:
    """Return ``sha256:…`` of the list that `sha256sum` prints of the package's Python files.

    The list is sorted by path; paths are relative to the folder that holds ``gate``.
    Empty where the files cannot be read: a digest of something else would be worse.
    """
    package = Path(gate.__file__).parent
    try:
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  "
            f"{path.relative_to(package.parent).as_posix()}\n"
            for path in package.rglob("*.py")
        ]
    except OSError:
        return ""
    lines.sort(key=lambda line: line[66:].encode())
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"
