"""YAML lock files that are no lock files: refused, never a crash of the process."""

from __future__ import annotations

import pytest

from gate.catalog.locks.sources import read_yaml
from gate.sources.budget import Budget, Meter


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_is_nested_without_end_is_refused(opening: str) -> None:
    text = f"a: {opening * 50_000}" if opening != "- " else opening * 50_000
    with pytest.raises(ValueError, match=r"nested too deep|is not valid YAML"):
        read_yaml(text.encode(), Meter(Budget()))


def test_an_alias_is_refused() -> None:
    with pytest.raises(ValueError, match="has an alias"):
        read_yaml(b"a: &x [1]\nb: *x\n", Meter(Budget()))
