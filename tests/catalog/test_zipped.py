"""Zip archives whose directory is stated twice, as some writers do without need."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from gate.catalog.zipped import Allowance, Zip

BEFORE = b"#!/bin/bash\nexec python3 $0\n"


def stated_twice(*, count: int = 1, before: bytes = b"") -> bytes:
    """Return an archive with a zip64 record beside a complete common one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a", "content")
    data = out.getvalue()
    at = data.rindex(b"PK\5\6")
    size, offset = struct.unpack_from("<2L", data, at + 12)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    return before + data[:at] + wide + struct.pack("<4sLQL", b"PK\6\7", 0, at, 1) + data[at:]


@pytest.mark.parametrize("before", [b"", BEFORE])
def test_both_are_taken_where_they_agree(before: bytes) -> None:
    data = stated_twice(before=before)
    with zipfile.ZipFile(io.BytesIO(data)) as reference:
        assert reference.namelist() == ["a"]
    archive = Zip(memoryview(data))
    assert list(archive.names) == [b"a"]
    assert bytes(archive.read(b"a", 100, Allowance(100))) == b"content"


def test_two_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        Zip(memoryview(stated_twice(count=2)))
