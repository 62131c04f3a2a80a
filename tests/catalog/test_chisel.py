"""The manifest of chiselled images."""

from __future__ import annotations

import json
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import ReadingStatus
from gate.catalog.chisel import ChiselCataloger
from gate.catalog.package import Found
from gate.sources.budget import Budget, Meter
from tests.builders import STATUS, Item, file
from tests.trees import tree_of

PATH = "var/lib/chisel/manifest.wall"
ENTRIES: list[dict[str, Any]] = [
    {"kind": "content", "slice": "openssl_bins", "path": "/usr/bin/openssl"},
    {"kind": "package", "name": "openssl", "version": "3.0.13-0ubuntu3.5", "sha256": "00f9",
     "arch": "amd64"},
    {"kind": "package", "name": "libc6", "version": "2.39-0ubuntu8.3", "arch": "amd64"},
    {"kind": "path", "path": "/usr/bin/openssl", "mode": "0755", "slices": ["openssl_bins"]},
    {"kind": "slice", "name": "openssl_bins"},
]  # fmt: skip


def manifest(*entries: dict[str, Any], count: int | None = None, **header: Any) -> bytes:
    stated = {"jsonwall": "1.0", "schema": "1.0", "count": count or len(entries) + 1} | header
    lines = [json.dumps(line, separators=(",", ":")) for line in (stated, *entries)]
    return ("\n".join(lines) + "\n").encode()


def catalog(content: bytes, *items: Item, **limits: int) -> Found:
    stored = zstandard.compress(content)
    meter = Meter(Budget(**limits))  # type: ignore[arg-type]
    return ChiselCataloger()(tree_of(file(PATH, stored), *items), meter)


def test_packages_are_read_and_never_complete() -> None:
    found = catalog(manifest(*ENTRIES))
    assert [(p.type, p.name, p.version, p.arch) for p in found.packages] == [
        ("deb", "openssl", "3.0.13-0ubuntu3.5", "amd64"),
        ("deb", "libc6", "2.39-0ubuntu8.3", "amd64"),
    ]
    (reading,) = found.readings
    assert reading.status is ReadingStatus.PARTIAL
    assert reading.reason == "it names no source packages, which advisories are about"


def test_where_dpkg_knows_more_the_manifest_is_not_needed() -> None:
    assert catalog(manifest(*ENTRIES), file("var/lib/dpkg/status", STATUS)) == Found()
    assert ChiselCataloger()(tree_of(file("x")), Meter()) == Found()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (manifest(*ENTRIES[:3], count=6), "has 4 lines, and says that it has 6"),
        (manifest(*ENTRIES, schema="2.0"), "of version 2.0"),
        (manifest({"kind": "package", "name": "-x", "version": "1"}), "without a valid name"),
        (b"", "not a valid manifest"),
        (b"[]\n", "not a valid manifest"),
        (manifest(*ENTRIES)[:-20], "not a valid manifest"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, said: str) -> None:
    found = catalog(content)
    assert found.packages == ()
    assert found.readings[0].status is ReadingStatus.FAILED
    assert said in found.readings[0].reason


def test_a_bomb_is_a_limit() -> None:
    found = catalog(manifest(*ENTRIES) + b"\n" * 5_000_000, text_bytes=1 << 20)
    assert "text_bytes" in found.readings[0].reason


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_named(stored: bytes) -> None:
    found = ChiselCataloger()(tree_of(file(PATH, stored)), Meter())
    assert [reading.status for reading in found.readings] != [ReadingStatus.COMPLETE]
