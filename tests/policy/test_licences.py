"""Licence expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.policy.licences import acceptable

GOOD = frozenset({"MIT", "Apache-2.0", "GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0"})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("X", False),
        ("MIT OR X", True),
        ("X or MIT", True),
        ("MIT AND X", False),
        ("MIT AND Apache-2.0", True),
        ("X AND X OR MIT", True),
        ("X AND (X OR MIT)", False),
        ("(MIT)", True),
        ("((MIT) AND (Apache-2.0 OR X))", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("MIT WITH X", False),
        ("MIT OR", False),
        ("(MIT", False),
        ("MIT)", False),
        ("", False),
        ("MIT X", False),
        ("MIT OR " * 100_000 + "MIT", False),
        ("(" * 500 + "MIT" + ")" * 500, False),
    ],
)
def test_expressions(expression: str, expected: bool) -> None:
    assert acceptable(expression, lambda name: name in GOOD) is expected


@given(st.text(st.sampled_from("() ABORNDWITHMIT-.0"), max_size=60))
def test_any_text_is_judged(expression: str) -> None:
    assert acceptable(expression, lambda _: True)
    assert not acceptable(expression, lambda _: False)
