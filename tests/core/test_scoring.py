"""Exact numbers as texts."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.scoring import exact_text, rounded, rounded_text

numbers = st.fractions() | st.decimals(allow_nan=False, allow_infinity=False).map(Fraction)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(177), "177"),
        (Fraction(100), "100"),
        (Fraction(261, 10), "26.1"),
        (Fraction(-1, 20), "-0.05"),
        (Fraction(0), "0"),
        (Fraction(1, 3), "1/3"),
        (Fraction(1, 2**40), "0.0000000000009094947017729282379150390625"),
        (Fraction(10**40 + 1, 10), "1" + "0" * 39 + ".1"),
    ],
)
def test_an_exact_number_has_all_its_digits(value: Fraction, text: str) -> None:
    assert exact_text(value) == text


@given(numbers)
def test_an_exact_text_says_the_number_and_no_digit_more(value: Fraction) -> None:
    text = exact_text(value)
    assert Fraction(text) == value
    assert "." not in text or not text.endswith("0")


@given(numbers, st.integers(0, 12))
def test_a_text_is_rounded_only_where_it_has_more_digits(value: Fraction, most: int) -> None:
    text = rounded_text(value, most)
    exact = exact_text(value)
    _, _, decimals = exact.partition(".")
    if "/" in exact or len(decimals) > most:
        assert text == f"{rounded(value, most):f}"
        assert abs(Decimal(text).as_tuple().exponent) == most  # type: ignore[arg-type]
    else:
        assert text == exact
