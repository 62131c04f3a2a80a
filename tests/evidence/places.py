"""Evidence in memory: what is changed there is what is read."""

from __future__ import annotations

from collections.abc import Iterator

from gate.evidence.place import Buffered


class MemoryPlace(Buffered):
    """Files in a dictionary.  Implements `gate.evidence.place.Place`."""

    name = "memory"

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path: str, limit: int) -> bytes | None:
        return self.files.get(path)

    def names(self, folder: str) -> Iterator[str]:
        start = f"{folder}/" if folder else ""
        for path in self.files:
            if path.startswith(start) and (folder or "/" not in path):
                yield path
