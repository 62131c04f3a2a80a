"""Programs that hide what they are made of are never taken for programs that are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.bom.model import ReadingStatus
from tests.builders import Item
from tests.catalog.elves import ElfFile, go_inline, modules
from tests.catalog.languages import take, unread

COOKIE = b"MEI\014\013\012\013\016"
PLAIN = ElfFile({b".text": b"\x90" * 40}).build()
STRIPPED = ElfFile({b".text": b"\x90" * 40}, with_sections=False).build()
UPX = STRIPPED[:120] + b"\x8b\xa1\x11\x00UPX!\xd8\x08\x0e\x16" + bytes(4000)
AS_SECTION = ElfFile({b".text": b"\x90" * 40, b"pydata": b"x" * 9000}).build()
APPENDED = PLAIN + bytes(9000) + COOKIE + bytes(80)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize(
    ("content", "why"),
    [(UPX, "compressed by UPX"), (AS_SECTION, "PyInstaller"), (APPENDED, "PyInstaller")],
)
def test_what_hides_its_parts(tmp_path: Path, content: bytes, why: str, compression: str) -> None:
    item = Item("usr/local/bin/app", content, mode=0o755)
    ((what, status, reason),) = unread(take(tmp_path, [item], compression=compression))
    assert (what, status) == ("packed programs", ReadingStatus.FAILED)
    assert "usr/local/bin/app" in reason
    assert why in reason


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        STRIPPED,
        PLAIN + b"UPX!" + bytes(8000),
        go_inline("go1.22.4", modules("mod\tx.example/upx\tv1.0.0")) + b"UPX!",
    ],
)
def test_what_does_not(tmp_path: Path, content: bytes) -> None:
    item = Item("usr/local/bin/app", content, mode=0o755)
    assert unread(take(tmp_path, [item])) == []
