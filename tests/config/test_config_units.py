# SPDX-License-Identifier: MIT
"""Quantities: exact values from their definitions, and errors that name the choices."""

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep import units


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (units.whole, "200_000", 200_000),
        (units.whole, "-3", -3),
        (units.whole, "1e6", 1_000_000),
        (units.number, "1.5", Fraction(3, 2)),
        (units.time_ps, "20 us", 20_000_000),
        (units.time_ps, "20us", 20_000_000),
        (units.time_ps, "200 ns", 200_000),
        (units.time_ps, "5 ms", 5 * 10**9),
        (units.time_ps, "1.5 s", 15 * 10**11),
        (units.time_ps, "0.1 ns", 100),  # 0.1 is no binary fraction
        (units.time_ps, "0.0114 ns", 11),
        (units.time_ps, "0 ns", 0),
        (units.size_bytes, "4 MiB", 4 * 1024 * 1024),
        (units.size_bytes, "1.5 KiB", 1536),
        (units.size_bytes, "1518 B", 1518),
        (units.size_bytes, "1518", 1518),
        (units.packet_ps, "2 Mpps", 500_000),
        (units.packet_ps, "3 Mpps", 333_333),  # rounded to a whole ps
        (units.ratio_ppm, "0.3", 300_000),
        (units.ratio_ppm, "30 %", 300_000),
        (units.ratio_ppm, "12.5%", 125_000),
        (units.link_ps_per_byte, "10 Gbit/s", 800),
        (units.link_ps_per_byte, "25 Gbit/s", 320),
        (units.link_ps_per_byte, "40 Gbit/s", 200),
        (units.link_ps_per_byte, "50 Gbit/s", 160),
        (units.link_ps_per_byte, "100 Gbit/s", 80),
        (units.link_ps_per_byte, "200 Gbit/s", 40),
        (units.link_ps_per_byte, "400 Gbit/s", 20),
    ],
)
def test_value(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "part"),
    [
        (units.time_ps, "20", "is a time and needs a unit"),
        (units.time_ps, "20 MiB", "is a size, not a time"),
        (units.time_ps, "20 parsec", 'has the unit "parsec"'),
        (units.time_ps, "0.1 ps", "is less than 1 ps"),
        (units.size_bytes, "20 us", "is a time, not a size"),
        (units.size_bytes, "0.5 B", "is not a whole number of bytes"),
        (units.packet_ps, "2 Gbit/s", "is a link speed, not a packet rate"),
        (units.packet_ps, "0 Mpps", "must be above zero"),
        (units.link_ps_per_byte, "7 Gbit/s", "does not give a whole number of ps per byte"),
        (units.ratio_ppm, "0.1234567", "has more than six decimals"),
        (units.whole, "1.5", "is not a whole number"),
        (units.whole, "5 ms", 'is a plain number, without the unit "ms"'),
        (units.whole, "0x10", "without the unit"),
        *(
            (units.whole, text, "is not a number")
            for text in ("", "nan", ".nan", "inf", "-.inf", "true", "_1", "1__0", "--1")
        ),
        *((units.time_ps, text, "is not a number") for text in ("us", " ", "e3 us", "٣ us")),
    ],
)
def test_error(parse, text, part):
    with pytest.raises(units.UnitError) as error:
        parse(text)
    assert part in str(error.value)


def test_a_time_without_unit_offers_the_units():
    with pytest.raises(units.UnitError, match="unit") as error:
        units.time_ps("20")
    assert error.value.units == ("ps", "ns", "us", "ms", "s")


def test_no_giant_numbers():
    with pytest.raises(units.UnitError):
        units.whole("1e999999999")
    with pytest.raises(units.UnitError):
        units.whole("9" * 100)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**18))
def test_a_time_survives_its_text(ps):
    assert units.time_ps(units.time_text(ps)) == ps


@pytest.mark.parametrize(
    ("number", "rounded"), [(0, 0), (1, 1), (99, 99), (100, 100), (101, 110), (991, 1000), (391_000_001, 400_000_000)]
)
def test_two_digits_and_never_less(number, rounded):
    assert units.rounded_up(number) == rounded


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_unit_error(text):
    for parse in (
        units.whole,
        units.time_ps,
        units.size_bytes,
        units.packet_ps,
        units.ratio_ppm,
        units.link_ps_per_byte,
    ):
        with contextlib.suppress(units.UnitError):
            assert isinstance(parse(text), int)
