"""Python programs that carry their packages in a zip archive."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gate.bom.model import ReadingStatus
from tests.builders import Item, file
from tests.catalog.languages import places, take, unread, versions

SHEBANG = b"#!/usr/bin/env python3\n"
METADATA = "Metadata-Version: 2.1\nName: Requests\nVersion: 2.19.0\n\nHTTP for humans\n"


def archive(members: dict[str, str | bytes], before: bytes = b"") -> bytes:
    out = io.BytesIO()
    out.write(before)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


PEX = archive(
    {
        "__main__.py": "x",
        ".deps/requests-2.19.0-py2.py3-none-any.whl/requests-2.19.0.dist-info/METADATA": METADATA,
    },
    SHEBANG,
)
SHIV = archive({"site-packages/requests-2.19.0.dist-info/METADATA": METADATA}, SHEBANG)
WHEEL = archive({"requests/__init__.py": "", "requests-2.19.0.dist-info/METADATA": METADATA})
OLD_PEX = archive({"__main__.py": "x", ".deps/requests-2.19.0-py3-none-any.whl": WHEEL}, SHEBANG)
EGG = archive({"EGG-INFO/PKG-INFO": METADATA}, SHEBANG)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize(
    ("path", "content", "mode"),
    [
        ("app/app.pex", PEX, 0o755),
        ("app/app.PEX", PEX, 0o644),
        ("usr/local/bin/app", PEX, 0o755),
        ("usr/local/bin/app", OLD_PEX, 0o755),
        ("usr/local/bin/app", EGG, 0o755),
        ("app/app.pyz", SHIV, 0o644),
        ("app/.deps/requests-2.19.0-py3-none-any.whl", WHEEL, 0o644),
    ],
)
def test_what_is_found(
    tmp_path: Path, path: str, content: bytes, mode: int, compression: str
) -> None:
    bom = take(tmp_path, [Item(path, content, mode=mode)], compression=compression)
    assert places(bom, "pypi") == {path: "requests@2.19.0"}
    assert unread(bom) == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("usr/local/lib/python3.12/ensurepip/_bundled/requests-2.19.0-py3-none-any.whl", WHEEL),
        ("usr/local/bin/app", SHEBANG + b"print('hello')\n"),
        ("usr/local/bin/app", archive({"__main__.py": "print('hello')"}, SHEBANG)),
        ("app/app.pyz", b"not an archive at all"),
    ],
)
def test_what_holds_no_package(tmp_path: Path, path: str, content: bytes) -> None:
    bom = take(tmp_path, [Item(path, content, mode=0o755)])
    assert versions(bom, "pypi") == {}
    assert unread(bom) == []


def test_a_program_that_is_damaged_is_a_problem(tmp_path: Path) -> None:
    at = PEX.index(b".dist-info/METADATA") + 25
    damaged = PEX[:at] + bytes([PEX[at] ^ 0xFF]) + PEX[at + 1 :]
    bom = take(tmp_path, [Item("usr/local/bin/app", damaged, mode=0o755)])
    ((what, status, reason),) = unread(bom)
    assert (what, status) == ("scripts with a zip archive", ReadingStatus.FAILED)
    assert "usr/local/bin/app" in reason


def test_a_program_of_zipapp(tmp_path: Path) -> None:
    """Made by Python's own module from a folder that pip could have filled."""
    source = tmp_path / "source"
    (source / "requests-2.19.0.dist-info").mkdir(parents=True)
    (source / "requests-2.19.0.dist-info" / "METADATA").write_text(METADATA)
    (source / "__main__.py").write_text("print('hello')")
    made = tmp_path / "made"
    command = [sys.executable, "-m", "zipapp", source, "-p", "/usr/bin/env python3", "-o", made]
    subprocess.run(command, check=True)
    bom = take(tmp_path, [Item("usr/local/bin/made", made.read_bytes(), mode=0o755)])
    assert versions(bom, "pypi") == {"requests": "2.19.0"}
    other = take(tmp_path, [file("usr/local/share/made", made.read_bytes())])
    assert versions(other, "pypi") == {}
