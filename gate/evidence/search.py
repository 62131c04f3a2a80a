"""Find the entry of one run in a ledger, without an index and without reading all of it.

Run ids begin with the time of the decision, and entries mostly come in its order.  So
the search begins where a run of that time would be, and widens from there: a few
bundles for a run that was recorded at its time, all of them at worst.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from gate.errors import VerificationError
from gate.evidence import entry as entries
from gate.evidence.place import Place, read_part
from gate.evidence.tiles import ENTRIES, FULL, LARGEST_BUNDLE, Tile, split_entries


def find_run(ledger: Place, size: int, run_id: str) -> int | None:
    """Return the number of the newest entry of a run among the first `size`, None without one.

    Nothing is verified here: a proof of that number will be.  VerificationError where
    a bundle of entries cannot be read.
    """
    wanted = b'"run_id":"%s"' % run_id.encode()

    @cache
    def content(number: int) -> bytes:
        tile = Tile(ENTRIES, number, min(size - number * FULL, FULL))
        found = read_part(ledger, tile.path, LARGEST_BUNDLE)
        if found is None:
            raise VerificationError("is missing", where=f"{ledger.name}/{tile.path}")
        return found

    def first(number: int) -> str:
        width = min(size - number * FULL, FULL)
        return entries.decode(split_entries(content(number), width)[0]).run_id

    count = -(-size // FULL)
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if first(middle) <= run_id else (low, middle)
    for number in _outward(low, count):
        if wanted in content(number):
            width = min(size - number * FULL, FULL)
            for place, entry in reversed(list(enumerate(split_entries(content(number), width)))):
                if entries.decode(entry).run_id == run_id:
                    return number * FULL + place
    return None


def _outward(start: int, count: int) -> Iterator[int]:
    """Yield all numbers below `count`, those nearest to `start` first."""
    for distance in range(count):
        for number in dict.fromkeys((start + distance, start - distance)):
            if 0 <= number < count:
                yield number
