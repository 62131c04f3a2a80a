from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.versions.encoding import falling, number

DIGITS = st.text("0123456789", max_size=40)


@given(DIGITS, DIGITS)
def test_number_sorts_by_value_and_ignores_leading_zeros(left: str, right: str) -> None:
    a, b = number(left), number(right)
    x, y = int(left or "0"), int(right or "0")
    assert (a < b, a == b) == (x < y, x == y)
    assert a == b or not b.startswith(a)


def test_number_sorts_across_every_change_of_length() -> None:
    lengths = [*range(1, 130), 998, 999, 1000, 1007, 1008, 1009, 9999, 10_000]
    keys = [number(digit + "0" * (length - 1)) for length in lengths for digit in "19"]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_number_takes_more_digits_than_int_reads() -> None:
    assert number("9" * 20_000) < number("1" + "0" * 20_000)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_falling_sorts_the_other_way_round(left: int, right: int) -> None:
    a, b = falling(left), falling(right)
    assert (a > b, a == b) == (left < right, left == right)
    assert a == b or not b.startswith(a)
