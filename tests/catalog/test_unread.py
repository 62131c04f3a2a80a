"""Packages of languages that are not read yet are named, never passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.bom.model import ReadingStatus
from gate.catalog.unread import UNREAD
from gate.sources.budget import Meter
from gate.sources.layer import scan
from gate.sources.streams import ChunkReader
from tests.builders import file, symlink, tar
from tests.catalog.languages import take, unread
from tests.catalog.test_ownership import debian, owned

KINDS = {
    "usr/local/bundle/specifications/rake-13.0.6.gemspec": "Ruby gems",
    "srv/vendor/composer/installed.json": "Composer packages",
}


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_is_not_read_keeps_the_verdict_from_pass(
    tmp_path: Path, path: str, compression: str
) -> None:
    bom = take(tmp_path, [file(path, b"x")], compression=compression)
    assert unread(bom) == [(KINDS[path], ReadingStatus.FAILED, f"{path} is not read yet")]


def test_links_and_look_alikes(tmp_path: Path) -> None:
    bom = take(
        tmp_path,
        [
            file("specifications/a-1.gemspec", b"x"),
            symlink("specifications/a.gemspec", "a-1.gemspec"),
            file("src/rake.gemspec", b"x"),
            file("etc/installed.json", b"{}"),
        ],
    )
    assert [reason for _, _, reason in unread(bom)] == [
        "specifications/a-1.gemspec is not read yet"
    ]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_the_distribution_packed_is_matched_as_its_package(
    tmp_path: Path, compression: str
) -> None:
    path = "usr/share/rubygems-integration/all/specifications/a.gemspec"
    bom = take(tmp_path, [*debian((path, b"x")), file(path, b"x")], compression=compression)
    assert unread(bom) == []
    assert owned(bom) == []


def test_their_content_is_not_held_in_memory() -> None:
    data = tar([file(path, b"x" * 999) for path in KINDS])
    for cataloger in UNREAD:
        index = scan(ChunkReader([data], "t"), cataloger.wanted, Meter(), keep=True)
        assert index.retained == {}
