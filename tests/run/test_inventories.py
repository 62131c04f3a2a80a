"""What was read whole is not read again, and nobody can tell from the output."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gate.bom.model import Bom
from gate.errors import GateError
from gate.run import reading
from gate.run.inventories import Inventories
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import DEBIAN, Image, docker_archive_old, file, tar, write

WHOLE = Image(layers=[tar(DEBIAN)])
LONG_AGO = 1_000_000_000


class Bench:
    """An archive, a cache, and a count of how often anything was read."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.archive = write(folder / "image.tar", tar(docker_archive_old(WHOLE)))
        self.cache = folder / "cache"
        self.read = 0
        self._settle(monkeypatch)
        inner = reading.take_inventory

        def counted(*values: object, **options: bool) -> Bom:
            self.read += 1
            return inner(*values, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(reading, "take_inventory", counted)

    def _settle(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the files of this test have been there for a while."""
        began = time.time() + 10
        monkeypatch.setattr(reading.time, "time", lambda: began)

    def bom(self, *, choice: Choice = Choice(), budget: Budget = Budget()) -> Bom:  # noqa: B008 - immutable
        return read_bom(str(self.archive), choice, budget, Inventories(self.cache, budget))

    def entry(self) -> Path:
        (found,) = self.cache.iterdir()
        return found


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_the_second_time_nothing_is_read(bench: Bench) -> None:
    fresh = read_bom(str(bench.archive), Choice(), Budget())
    assert bench.bom() == fresh == bench.bom()
    assert bench.read == 2
    assert fresh.components


def test_a_file_that_was_replaced_is_read_anew(bench: Bench) -> None:
    before = bench.bom()
    other = Image(layers=[tar([*DEBIAN, file("etc/motd", b"x")])])
    bench.archive.unlink()
    write(bench.archive, tar(docker_archive_old(other)))
    os.utime(bench.archive, (LONG_AGO, LONG_AGO))
    assert bench.bom().subject.digests != before.subject.digests
    assert bench.read == 2


def test_a_file_that_was_changed_in_place_is_read_anew(bench: Bench) -> None:
    found = bench.archive.stat()
    bench.bom()
    content = bytearray(bench.archive.read_bytes())
    content[content.index(b"Package:") + 2] ^= 1
    bench.archive.write_bytes(content)
    os.utime(bench.archive, ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.raises(GateError, match="digest"):
        bench.bom()


def test_a_file_that_changed_just_now_is_not_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = bench.archive.stat().st_ctime
    monkeypatch.setattr(reading.time, "time", lambda: changed + 1)
    bench.bom()
    assert not bench.cache.exists()


def test_what_cannot_be_read_is_known_to_be_so(bench: Bench) -> None:
    empty = Image(layers=[tar([file("etc/motd", b"x")])])
    write(bench.archive, tar(docker_archive_old(empty)))
    assert bench.bom() == bench.bom()
    assert bench.read == 1
    assert any(reading.reason for reading in bench.bom().readings)


def test_what_a_limit_cut_short_is_not_kept(bench: Bench) -> None:
    tight = Budget(file_bytes=10)
    assert any("limit" in reading.reason for reading in bench.bom(budget=tight).readings)
    assert not bench.cache.exists()


def test_choice_budget_and_name_are_part_of_what_is_known(bench: Bench) -> None:
    bench.bom()
    bench.bom(choice=Choice(platform="linux/amd64"))
    bench.bom(budget=Budget(links=39))
    moved = bench.archive.rename(bench.archive.with_name("other.tar"))
    bench.archive = moved
    bench.bom()
    assert bench.read == 4


def test_a_damaged_entry_only_costs_time(bench: Bench) -> None:
    whole = bench.bom()
    content = bytearray(bench.entry().read_bytes())
    for position in (0, 40, len(content) - 1):
        content[position] ^= 1
        bench.entry().write_bytes(content)
        assert bench.bom() == whole
    bench.entry().write_bytes(b"")
    assert bench.bom() == whole
    assert bench.read == 5


def test_a_cache_that_cannot_be_written_only_costs_time(bench: Bench) -> None:
    bench.cache = bench.archive / "not-a-folder"
    assert bench.bom() == bench.bom()
    assert bench.read == 2


def test_the_ones_not_used_for_longest_go_first(bench: Bench) -> None:
    bench.bom()
    used = bench.entry()
    for number in range(250):
        old = write(bench.cache / f"{number:064}", b"")
        os.utime(old, (LONG_AGO + number, LONG_AGO + number))
    bench.bom(budget=Budget(links=39))
    left = {path.name for path in bench.cache.iterdir()}
    assert len(left) == 200
    assert used.name in left
    assert f"{0:064}" not in left
