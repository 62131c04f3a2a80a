"""The write-ahead log: what SQLite itself sees through it, and damage to it."""

from __future__ import annotations

import random
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.catalog.rpm import wal
from gate.errors import InputError
from gate.sources.budget import Meter
from tests.catalog.rpm.databases import add, create, read
from tests.catalog.rpm.headers import package

FRAME = 24 + 512
STEP = st.sampled_from(["add", "add", "remove", "checkpoint", "restart", "rollback", "vacuum"])


def names(database: bytes, log: bytes | None, *, whole: bool = True) -> list[str]:
    reading = read(database, wal=log)
    assert reading.problems == () or not whole
    return [found.name for found in reading.packages]


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([512, 4096]), st.lists(STEP, max_size=14))
def test_what_is_committed_counts(page_size: int, steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rpmdb.sqlite"
        connection = create(path, page_size, wal=True)
        expected: dict[int, str] = {}
        for number, step in enumerate(steps, start=1):
            if step == "add":
                name = f"p{number}"
                connection.execute("BEGIN")
                add(connection, number, package(name, padding=bytes(number * 400)))
                connection.execute("COMMIT")
                expected[number] = name
            elif step == "remove" and expected:
                gone, _ = expected.popitem()
                connection.execute("BEGIN")
                connection.execute("DELETE FROM Packages WHERE hnum = ?", (gone,))
                connection.execute("DELETE FROM Name WHERE hnum = ?", (gone,))
                connection.execute("COMMIT")
            elif step in {"checkpoint", "restart"}:
                kind = "PASSIVE" if step == "checkpoint" else "RESTART"
                connection.execute(f"PRAGMA wal_checkpoint({kind})")
            elif step == "rollback":
                connection.execute("PRAGMA cache_size = 2")
                connection.execute("BEGIN")
                add(
                    connection, number, package("never", padding=random.Random(1).randbytes(30_000))
                )
                connection.execute("ROLLBACK")
            elif step == "vacuum":
                connection.execute("VACUUM")
        log = path.with_name("rpmdb.sqlite-wal").read_bytes()
        # What was rolled back may still stand at the end of the log.
        found = names(path.read_bytes(), log, whole="rollback" not in steps)
        connection.close()
        assert found == [expected[number] for number in sorted(expected)]
        # Closing checkpoints: the same without the log.
        assert names(path.read_bytes(), None) == found


class Pair:
    """A database without packages and a log of two transactions that add some."""

    def __init__(self, folder: Path, order: str = "<") -> None:
        path = folder / "rpmdb.sqlite"
        connection = create(path, 512, wal=True)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for first in (1, 3):
            connection.execute("BEGIN")
            for number in (first, first + 1):
                add(connection, number, package(f"p{number}"))
            connection.execute("COMMIT")
        self.database = path.read_bytes()
        self.log = path.with_name("rpmdb.sqlite-wal").read_bytes()
        connection.close()
        self.commits = [
            end
            for end in range(32 + FRAME, len(self.log) + 1, FRAME)
            if self.log[end - FRAME + 4 : end - FRAME + 8] != bytes(4)
        ]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(tmp_path_factory.mktemp("wal"))


def test_a_log_counts_and_without_it_there_is_nothing(pair: Pair) -> None:
    assert names(pair.database, None) == []
    assert names(pair.database, b"") == []
    assert names(pair.database, pair.log) == ["p1", "p2", "p3", "p4"]


def test_any_cut_is_noticed_unless_it_falls_between_transactions(pair: Pair) -> None:
    assert len(pair.commits) == 2
    for size in range(1, len(pair.log)):
        reading = read(pair.database, wal=pair.log[:size])
        found = len(reading.packages)
        assert found == (2 if size >= pair.commits[0] else 0)
        assert bool(reading.problems) != (size in {32, *pair.commits})


def test_any_changed_byte_is_noticed(pair: Pair) -> None:
    for at in range(len(pair.log)):
        broken = bytearray(pair.log)
        broken[at] ^= 0x55
        reading = read(pair.database, wal=bytes(broken))
        assert reading.problems or len(reading.packages) == 4


def frames_with(log: bytes, order: str) -> bytes:
    """Return the log as a machine of that byte order would have written it."""
    magic = {"<": 0x377F0682, ">": 0x377F0683}[order]
    head = struct.pack(">I", magic) + log[4:24]
    sums = checksum(head, order, (0, 0))
    written = head + struct.pack(">2I", *sums)
    for at in range(32, len(log), FRAME):
        mark, content = log[at : at + 8], log[at + 24 : at + FRAME]
        sums = checksum(content, order, checksum(mark, order, sums))
        written += mark + log[at + 8 : at + 16] + struct.pack(">2I", *sums) + content
    return written


def checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    """Add up pairs of words as the format says, in the plainest way."""
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    first, second = sums
    for number in range(0, len(words), 2):
        first = (first + words[number] + second) % 2**32
        second = (second + words[number + 1] + first) % 2**32
    return first, second


def test_checksums_of_either_byte_order(pair: Pair) -> None:
    logs = {order: frames_with(pair.log, order) for order in "<>"}
    assert pair.log in logs.values()
    for log in logs.values():
        assert names(pair.database, log) == ["p1", "p2", "p3", "p4"]


def test_frames_of_an_earlier_log_may_follow(pair: Pair) -> None:
    stale = bytearray(pair.log[32:])
    for at in range(0, len(stale), FRAME):
        stale[at + 8 : at + 16] = bytes(8)
    assert len(names(pair.database, pair.log + bytes(stale))) == 4


@pytest.mark.parametrize(("at", "value"), [(4, 3_007_001), (8, 1024)])
def test_a_log_of_another_kind_is_refused(pair: Pair, at: int, value: int) -> None:
    other = pair.log[:at] + struct.pack(">I", value) + pair.log[at + 4 :]
    # Its checksums are right: it is no damaged log but another one.
    with pytest.raises(InputError, match="write-ahead log has version"):
        wal.read(frames_with(other, "<"), 512, Meter(), "test")


def test_a_log_that_changes_the_page_size(pair: Pair) -> None:
    at = max(at for at in range(32, len(pair.log), FRAME) if pair.log[at : at + 4] == b"\0\0\0\1")
    other = pair.log[: at + 40] + b"\x10\0" + pair.log[at + 42 :]
    reading = read(pair.database, wal=frames_with(other, "<"))
    assert reading.problems == ("has another page size in its write-ahead log",)


def test_a_cut_database_is_noticed_behind_its_log(pair: Pair) -> None:
    reading = read(pair.database[:1024], wal=pair.log)
    assert reading.problems
    assert not reading.packages


@given(st.binary(min_size=1, max_size=200))
def test_noise_is_noticed(noise: bytes) -> None:
    assert wal.read(noise, 512, Meter(), "test").problems
