"""Canonical JSON: one spelling for each value, and nothing that readers disagree about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import VerificationError
from gate.evidence import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=8)
INTEGERS = st.integers(-canonical.LARGEST_INTEGER, canonical.LARGEST_INTEGER)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(NAMES, children, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_reads_back_and_has_one_spelling(value: Any) -> None:
    written = canonical.encode(value)
    assert canonical.decode(written) == value
    assert canonical.encode(canonical.decode(written)) == written


@given(VALUES)
def test_agrees_with_an_independent_writer_of_rfc_8785(value: Any) -> None:
    # RFC 8785 3.2.2.2 escapes exactly what json escapes with ensure_ascii=False,
    # and for ASCII names its order is the order of Python's strings.
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical.encode(value) == expected.encode()


def test_escapes_as_rfc_8785_section_3_2_2_2_says() -> None:
    text = '€$\x0f\nA\'B"\\"/\x7f'
    assert canonical.encode(text) == '"€$\\u000f\\nA\'B\\"\\\\\\"/\x7f"'.encode()


def test_a_lone_surrogate_has_no_canonical_form() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical.encode("\udc80")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"x":{"a":1,"b":2,"a":1}}', "twice"),
        (b'{"a":1,"\\u0061":2}', "twice"),
        (b"1.0", "only integers"),
        (b"1e3", "only integers"),
        (b"NaN", "only integers"),
        (b"-Infinity", "only integers"),
        (b"9007199254740992", "2\\^53"),
        (b"-9007199254740992", "2\\^53"),
        (b"1" * 100_000, "2\\^53"),
        (b"{} {}", "Extra data"),
        (b"{}\x00", "Extra data"),
        (b"", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b'"\n"', "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_refuses_what_readers_understand_differently(data: bytes, reason: str) -> None:
    with pytest.raises(VerificationError, match=reason):
        canonical.decode(data)


@pytest.mark.parametrize("number", [canonical.LARGEST_INTEGER, -canonical.LARGEST_INTEGER, 0])
def test_reads_every_exact_integer(number: int) -> None:
    assert canonical.decode(str(number).encode()) == number
