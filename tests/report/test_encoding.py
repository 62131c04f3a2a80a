"""Untrusted text: what is not plainly visible becomes an escape."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.report.encoding import log_line, visible, visible_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("openssl 3.0.9-1", "openssl 3.0.9-1"),
        ("Größe, 漢字, ё, 😀", "Größe, 漢字, ё, 😀"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\nb\rc\td\0", r"a\nb\rc\td\x00"),
        ("\x7f\x80\x9b", r"\x7f\x80\x9b"),
        ("\u202egpj\u2066", r"\u202egpj\u2066"),
        ("a\u200bb\ufeffc", r"a\u200bb\ufeffc"),
        ("a\u00a0b\u3000c\u2028", r"a\xa0b\u3000c\u2028"),
        ("\u3164\u115f\u2800\ufe0f\U000e0100", r"\u3164\u115f\u2800\ufe0f\U000e0100"),
        ("\ud800", r"\ud800"),
        (
            "## a ##[error]x ##vso[y] ##teamcity[z]",
            r"## a #\x23[error]x #\x23vso[y] #\x23teamcity[z]",
        ),
        ("\U000e0041\ue000\U0010ffff", r"\U000e0041\ue000\U0010ffff"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_the_limit_counts_what_is_shown() -> None:
    assert visible("abcdef", 6) == "abcdef"
    assert visible("abcdefg", 6) == "abcde…"
    assert visible("\x1b" * 3, 6) == r"\x1b\…"


@given(st.text(), st.integers(0, 20))
def test_any_text_is_one_line_that_can_be_encoded(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert not any(unicodedata.category(c)[0] in "CZ" and c != " " for c in shown)
    assert not limit or len(shown) <= limit
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1


@given(st.recursive(st.text(), st.lists))
def test_json_means_the_same_and_hides_nothing(value: object) -> None:
    for document in (json.dumps(value, ensure_ascii=False, indent=2), json.dumps(value)):
        shown = visible_json(document.encode()).decode()
        assert json.loads(shown) == value
        assert all(visible(line) == line for line in shown.splitlines())


def test_json_makes_no_commands() -> None:
    shown = visible_json(b'{"##[error]": "##vso[a]"}')
    assert b"##" not in shown
    assert json.loads(shown) == {"##[error]": "##vso[a]"}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("  ::error::x", r"  \x3a:error::x"),
        ("a::b ::error::x", "a::b ::error::x"),
        ("", ""),
    ],
)
def test_no_line_is_a_command(line: str, shown: str) -> None:
    assert log_line(line) == shown
