"""Which identifiers name the same flaw.

Rules (OSV schema 1.7.5): `aliases` are symmetric and transitive, so they make
classes of identifiers.  `upstream` goes one way, from an advisory to the flaws
it is about.  `related` merges nothing; AlmaLinux alone keeps the list of CVEs
there, because its records have no other field for it.

An advisory about several flaws is no flaw itself: it counts for each of them.
It merges nothing either, or two packages with fixes of their own for one CVE
would lend each other their identifiers.
"""

from __future__ import annotations

from collections.abc import Iterable

from gate.advisories.names import about, names_of, plain
from gate.advisories.osv import Record

_PREFERENCE = ("CVE-", "GHSA-", "MAL-", "PYSEC-", "GO-", "RUSTSEC-")


class Flaws:
    """Classes of identifiers over a set of records."""

    def __init__(self, records: Iterable[Record]) -> None:
        """Build the classes from `records`, in any order."""
        self._parent: dict[str, str] = {}
        self._members: dict[str, set[str]] = {}
        for record in records:
            self._join_record(record)

    def _join_record(self, record: Record) -> None:
        for name in names_of(record):
            self._join(record.id, name)

    def _root(self, name: str) -> str:
        parent = self._parent
        root = name
        while (above := parent.setdefault(root, root)) != root:
            root = above
        while parent[name] != root:
            parent[name], name = root, parent[name]
        return root

    def _join(self, one: str, other: str) -> None:
        kept, merged = sorted((self._root(one), self._root(other)))
        members = self._members.setdefault(kept, {kept})
        members.update((one, other))
        if kept != merged:
            self._parent[merged] = kept
            members.update(self._members.pop(merged, {merged}))

    def of(self, record: Record) -> set[str]:
        """Return the flaws that `record` is about, each named by its class.

        Where an advisory names CVEs, these are its flaws: what else it names,
        as Chainguard names the GHSA beside the CVE, are further names of them.
        """
        flaws = {self._root(plain(name)) for name in about(record)}
        flaws = {flaw for flaw in flaws if any(map(_is_cve, self.names(flaw)))} or flaws
        if record.aliases or not flaws:
            flaws.add(self._root(record.id))
        return flaws

    def is_name_of(self, record: Record, flaw: str) -> bool:
        """Return whether `record` describes the flaw itself, not an advisory about it."""
        return self._root(record.id) == self._root(flaw)

    def names(self, flaw: str) -> set[str]:
        """Return all identifiers of a class."""
        root = self._root(flaw)
        return self._members.get(root, {root})

    def display_name(self, flaw: str) -> str:
        """Return the identifier a person knows the flaw by."""
        return min(self.names(flaw), key=_preference)


def stated_names(record: Record) -> set[str]:
    """Return the names a record gives besides those of CVEs: its own and its upstream's."""
    return {record.id, *(name for name in record.upstream or () if not _is_cve(plain(name)))}


def _is_cve(name: str) -> bool:
    return name.startswith("CVE-")


def _preference(name: str) -> tuple[int, int, str]:
    for rank, prefix in enumerate(_PREFERENCE):
        if name.startswith(prefix):
            return rank, len(name), name
    return len(_PREFERENCE), len(name), name
