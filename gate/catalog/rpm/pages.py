"""The pages of a database file, by number, with those a log replaces laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.errors import InputError

Buffer = bytes | bytearray | memoryview


class Pages:
    """Pages of one size, numbered from `first`.  Nothing is copied."""

    def __init__(
        self,
        data: Buffer,
        *,
        size: int,
        count: int,
        first: int,
        where: str,
        replaced: Mapping[int, memoryview] | None = None,
    ) -> None:
        """Lay `replaced` over the `count` pages of `data`."""
        self.size = size
        self.count = count
        self._data = memoryview(data)
        self._first = first
        self._where = where
        self._replaced = replaced if replaced is not None else {}
        self._seen: set[int] = set()

    def take(self, number: int) -> memoryview:
        """Return a page that nothing else uses.

        InputError where it is outside the database, or was taken before: a
        page belongs to one place, so a second use is a loop or a shared part.
        """
        if number in self._seen:
            raise InputError(
                f"page {number} of the database is used twice",
                where=self._where,
                hint="the database is damaged",
            )
        self._seen.add(number)
        return self.look(number)

    def left(self) -> Iterator[int]:
        """Yield the pages that nothing has taken."""
        last = self._first + self.count
        return (number for number in range(self._first, last) if number not in self._seen)

    def look(self, number: int) -> memoryview:
        """Return a page; InputError where it is outside the database."""
        index = number - self._first
        if not 0 <= index < self.count:
            raise InputError(
                f"page {number} lies outside the database of {self.count} pages",
                where=self._where,
                hint="the database is damaged or cut short",
            )
        page = self._replaced.get(number)
        if page is None:
            page = self._data[index * self.size : (index + 1) * self.size]
            if len(page) != self.size:
                raise InputError(
                    f"page {number} of {self.count} is missing from the file",
                    where=self._where,
                    hint="the database is cut short",
                )
        return page
