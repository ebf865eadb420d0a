# SPDX-License-Identifier: MIT
"""Quantities as people write them, to the integers that the model computes with.

`20 us`, `2 Mpps`, `4 MiB`, `10 Gbit/s`, `30 %`, with or without the blank; `200_000` is a plain number.
Arithmetic is exact (Fraction); only the last step rounds, half to even, to a whole number of the target unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

PS_PER_SECOND = 10**12
MILLION = 10**6

TIMES = MappingProxyType({"ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12})
SIZES = MappingProxyType({"B": 1, "kB": 10**3, "MB": 10**6, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30})
RATES = MappingProxyType({"pps": 1, "kpps": 10**3, "Mpps": 10**6, "Gpps": 10**9})
LINKS = MappingProxyType({"Mbit/s": 10**6, "Gbit/s": 10**9, "Tbit/s": 10**12})
SHARES = MappingProxyType({"%": Fraction(1, 100)})

# 40 digits and exponents of two digits: enough for anything physical, and no giant integers from bad input.
_NUMBER = re.compile(r"[+-]?(\d[\d_]{0,39})?(\.[\d_]{0,39})?([eE][+-]?\d{1,2})?", re.ASCII)


class UnitError(ValueError):
    """The text is not such a quantity.  `units` are the units that it may have, empty if that is not the point."""

    def __init__(self, message: str, units: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.units = tuple(units or ())


def number(text: str) -> Fraction:
    """A plain number, exactly.  Errors: UnitError."""
    value, unit = split(text)
    if unit:
        raise UnitError(f'is a plain number, without the unit "{unit}"')
    return value


def whole(text: str) -> int:
    """A plain whole number.  Errors: UnitError."""
    value = number(text)
    if value.denominator != 1:
        raise UnitError("is not a whole number")
    return int(value)


def thousandths(text: str) -> int:
    """A plain number with up to three decimals, in thousandths.  Errors: UnitError."""
    value = number(text) * 1000
    if value.denominator != 1:
        raise UnitError("has more than three decimals")
    return int(value)


def time_ps(text: str) -> int:
    """A time in ps.  Errors: UnitError, also for a positive time that rounds to nothing."""
    value = _scaled(text, TIMES, "time")
    return _whole(value, "is less than 1 ps")


def size_bytes(text: str) -> int:
    """A size in bytes; a plain number is bytes.  Errors: UnitError."""
    value = _scaled(text, SIZES, "size", plain=1)
    if value.denominator != 1:
        raise UnitError("is not a whole number of bytes")
    return int(value)


def packet_ps(text: str) -> int:
    """The time per packet, in ps, at a packet rate.  Errors: UnitError."""
    rate = _scaled(text, RATES, "packet rate")
    if rate <= 0:
        raise UnitError("must be above zero")
    return _whole(PS_PER_SECOND / rate, "is more than one packet per ps")


def link_ps_per_byte(text: str) -> int:
    """The time per byte, in ps, at a link speed that makes it whole.  Errors: UnitError."""
    speed = _scaled(text, LINKS, "link speed")
    if speed <= 0:
        raise UnitError("must be above zero")
    per_byte = 8 * PS_PER_SECOND / speed
    if per_byte.denominator != 1:
        raise UnitError("does not give a whole number of ps per byte (10, 25, 40, 50, 100, 200 and 400 Gbit/s do)")
    return int(per_byte)


def ratio_ppm(text: str) -> int:
    """A share, `0.3` or `30 %`, in parts per million.  Errors: UnitError, also for what is not whole ppm."""
    value = _scaled(text, SHARES, "share", plain=1) * MILLION
    if value.denominator != 1:
        raise UnitError("has more than six decimals")
    return int(value)


def time_text(ps: int) -> str:
    """The shortest exact way to write a time: `time_text(20_000_000) == "20 us"`."""
    return _text(ps, TIMES)


def rounded_up(number: int) -> int:
    """The next number of two digits and zeros: `rounded_up(391) == 400`."""
    step = int("1" + "0" * max(len(str(number)) - 2, 0))
    return -(-number // step) * step


def packet_text(ps: int) -> str:
    """A packet rate from the time per packet: exact if it is a whole number of pps, else `~` and rounded."""
    rate = Fraction(PS_PER_SECOND, ps)
    return ("" if rate.denominator == 1 else "~") + _text(round(rate), RATES)


def link_text(ps_per_byte: int) -> str:
    """A link speed from the time per byte."""
    return _text(round(Fraction(8 * PS_PER_SECOND, ps_per_byte)), LINKS)


class Dimension(NamedTuple):
    """One kind of quantity: what it is called, an example, and how to read and write it."""

    noun: str
    example: str
    units: Mapping[str, object]
    parse: Callable[[str], int]
    text: Callable[[int], str | int]
    linear: bool  # whether steps in the canonical integer are steps in the quantity


TIME = Dimension("a time", "20 us", TIMES, time_ps, time_text, True)
SIZE = Dimension("a size", "4 MiB", SIZES, size_bytes, int, True)
RATE = Dimension("a packet rate", "2 Mpps", RATES, packet_ps, packet_text, False)
LINK = Dimension("a link speed", "10 Gbit/s", LINKS, link_ps_per_byte, link_text, False)

_DIMENSIONS = (("time", TIMES), ("size", SIZES), ("packet rate", RATES), ("link speed", LINKS), ("share", SHARES))


def split(text: str) -> tuple[Fraction, str]:
    """The number that a quantity begins with, and its unit, "" without one, not looked up.  Errors: UnitError."""
    text = text.strip()
    match = _NUMBER.match(text)
    digits = match[0] if match else ""
    try:
        # Fraction takes no underscore at the ends of a group, as Python does not.
        return Fraction(digits), text[len(digits) :].strip()
    except (ValueError, ZeroDivisionError):
        raise UnitError("is not a number") from None


def _scaled(text: str, units: Mapping[str, int | Fraction], noun: str, plain: int | None = None) -> Fraction:
    value, unit = split(text)
    if not unit:
        if plain is None:
            raise UnitError(f"is a {noun} and needs a unit", units)
        return value * plain
    if unit not in units:
        other = next((f"is a {name}, not a {noun}" for name, known in _DIMENSIONS if unit in known), "")
        raise UnitError(other or f'has the unit "{unit}", which is not one of a {noun}', units)
    return value * units[unit]


def _whole(value: Fraction, too_small: str) -> int:
    if value > 0 and round(value) == 0:
        raise UnitError(too_small)
    return round(value)


def _text(value: int, units: Mapping[str, int]) -> str:
    smallest, *larger = units
    unit = next((name for name in reversed(larger) if value and value % units[name] == 0), smallest)
    return f"{value // units[unit]} {unit}"
