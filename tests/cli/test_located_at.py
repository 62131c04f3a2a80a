"""`--located-at`: files of the repository, and nothing else."""

from __future__ import annotations

import pytest

from gate.cli.located_at import read_place
from gate.errors import UsageError
from gate.run.result import Place


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (None, None),
        ("Dockerfile", Place(path="Dockerfile", line=1)),
        ("./deploy//web.yaml:12", Place(path="deploy/web.yaml", line=12)),
        ("a:b", Place(path="a:b", line=1)),
        ("a:b:3", Place(path="a:b", line=3)),
    ],
)
def test_places(given: str | None, place: Place | None) -> None:
    assert read_place(given) == place


@pytest.mark.parametrize("given", ["", ".", ":3", "/etc/passwd", "../x", "a/../../x:1", "x:0"])
def test_no_places(given: str) -> None:
    with pytest.raises(UsageError, match="--located-at"):
        read_place(given)
