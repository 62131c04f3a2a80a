"""What every scheme must do, whichever it is: the fixture rows and the contract of a key."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from gate.versions import BEFORE, BEYOND, KeyFunction, just_after

Compare = Callable[[str, str], int]
"""Negative, 0 or positive, as the first version is older, equal or newer."""
ReadRows = Callable[..., list[str]]
Unmet = Callable[[KeyFunction, Iterable[str]], dict[str, str]]
KeepsContract = Callable[[KeyFunction, Compare, Sequence[str]], None]


@pytest.fixture(scope="session")
def read_rows(data: Path) -> ReadRows:
    """Return how to read rows ``a < b`` of fixture files; other lines are comments."""

    def read(*names: str, folder: Path = data / "versions") -> list[str]:
        rows = []
        for name in names:
            for line in (folder / name).read_text(encoding="utf-8").splitlines():
                parts = line.split(" ")
                if len(parts) == 3 and parts[1] in ("<", "=", ">"):
                    rows.append(line)
        assert rows
        return rows

    return read


@pytest.fixture(scope="session")
def unmet() -> Unmet:
    """Return how to find the rows that keys do not meet, each with what the keys say."""

    def find(key: KeyFunction, rows: Iterable[str]) -> dict[str, str]:
        found = {}
        for row in rows:
            left, wanted, right = row.split(" ")
            a, b = key(left), key(right)
            said = "no key" if a is None or b is None else order(a, b)
            if said != wanted:
                found[row] = said
        return found

    return find


@pytest.fixture(scope="session")
def keeps_contract() -> KeepsContract:
    """Return how to check keys of some versions against the contract and a plain comparator."""

    def check(key: KeyFunction, compare: Compare, versions: Sequence[str]) -> None:
        keyed = [(version, found) for version in versions if (found := key(version)) is not None]
        for version, found in keyed:
            assert all("!" <= character <= "~" for character in found), (version, found)
            assert BEFORE < found < BEYOND, (version, found)
            assert just_after(found) < BEYOND, (version, found)
        for left, a in keyed:
            for right, b in keyed:
                wanted = compare(left, right)
                assert (wanted > 0) - (wanted < 0) == (a > b) - (a < b), (left, right, a, b)
                if a != b:
                    assert not b.startswith(a), (left, right, a, b)
                if a < b:
                    assert just_after(a) < b, (left, right, a, b)

    return check


def order(a: str, b: str) -> str:
    return "<" if a < b else ">" if a > b else "="


@pytest.fixture(scope="session")
def real_versions(shared: Path) -> Callable[[str], set[str]]:
    """Return how to read every version that the advisories of an ecosystem name."""

    def read(ecosystem: str) -> set[str]:
        found: set[str] = set()
        with zipfile.ZipFile(shared / "osv" / ecosystem / "all.zip") as archive:
            for member in archive.namelist():
                for affected in json.loads(archive.read(member)).get("affected", []):
                    found.update(affected.get("versions", []))
                    for described in affected.get("ranges", []):
                        if described["type"] != "GIT":
                            found.update(v for event in described["events"] for v in event.values())
        assert found
        return found

    return read
