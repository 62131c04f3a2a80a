"""Rust programs that cargo-auditable wrote its list of crates into."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from gate.bom.model import ReadingStatus
from tests.builders import Item
from tests.catalog.elves import ElfFile, rust
from tests.catalog.languages import of, reading, take, unread, versions

CRATES: tuple[dict[str, object], ...] = (
    {"name": "app", "version": "0.1.0", "source": "local", "root": True, "dependencies": [1]},
    {"name": "serde_json", "version": "1.0.96", "source": "crates.io"},
    {"name": "cc", "version": "1.0.79", "source": "crates.io", "kind": "build"},
)


def program(content: bytes, name: str = "usr/local/bin/app") -> Item:
    return Item(name, content, mode=0o755)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_crates_without_those_that_only_built_it(tmp_path: Path, compression: str) -> None:
    bom = take(tmp_path, [program(rust(*CRATES))], compression=compression)
    assert versions(bom, "cargo") == {"app": "0.1.0", "serde_json": "1.0.96"}
    assert of(bom, "cargo")[1].purl == "pkg:cargo/serde_json@1.0.96"
    assert reading(bom, "Rust programs").components == 2
    assert unread(bom) == []


def listed(data: bytes) -> bytes:
    return ElfFile({b".dep-v0": data}).build()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (listed(b""), "cut short or too long"),
        (listed(b"not zlib"), "cannot be read"),
        (listed(zlib.compress(b"{}")[:-3]), "cut short or too long"),
        (listed(zlib.compress(b" " * (9 << 20) + b"{}")), "cut short or too long"),
        (listed(zlib.compress(b"[]")), "cannot be read"),
        (listed(zlib.compress(b"[" * 100_000)), "cannot be read"),
        (listed(zlib.compress(json.dumps({"packages": [{"name": "a"}]}).encode())),
         "cannot be read"),
        (rust({"name": "", "version": "1"}), "invalid name or version"),
        (rust({"name": "a", "version": "1 2"}), "invalid name or version"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_a_problem(
    tmp_path: Path, content: bytes, message: str
) -> None:
    bom = take(tmp_path, [program(content), program(rust(*CRATES), "ok")])
    assert len(of(bom, "cargo")) == 2
    ((what, status, reason),) = unread(bom)
    assert (what, status) == ("Rust programs", ReadingStatus.PARTIAL)
    assert message in reason
