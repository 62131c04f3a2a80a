"""Tags: what of them names a version."""

from __future__ import annotations

import pytest

from gate.matching.tags import plain_tag


@pytest.mark.parametrize(
    ("same", "address"),
    [
        (["8.5.0", "curl-8_5_0", "v8.5.0", "8-5-0"], "example.org/curl/curl"),
        (["22.3rc1", "v22_3-RC1", "22-3_rc1"], "example.org/a/b"),
        (["0.8.0", "openj9-0.8.0", "openj9-v0.8.0"], "example.org/eclipse-openj9/openj9"),
        (["20200101", "arc-20200101"], "example.org/a/b"),
        (["last-commit"], "example.org/a/b"),
    ],
)
def test_one_version(same: list[str], address: str) -> None:
    assert len({plain_tag(tag, address) for tag in same}) == 1


def test_other_versions() -> None:
    tags = ["1.0", "1.0.0", "1.0rc1", "1.0beta", "10", "main", "deadbeef"]
    assert len({plain_tag(tag, "example.org/a/b") for tag in tags}) == len(tags)
