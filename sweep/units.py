# SPDX-License-Identifier: MIT
"""Quantities as people write them, to the integers that the model computes with.

`20 us`, `2 Mpps`, `4 MiB`, `10 Gbit/s`, `30 %`, with or without the blank; `200_000` is a plain number.  The spellings
of ip(8), tc(8) and ethtool(8) are read too: `10G` and `10gbit`, `64K`, `10usec`, `1k` packets.  What these and the SI
read in two ways, such as `10gbps`, is refused with both readings.
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

Factors = Mapping[str, int | Fraction]


class Reading(NamedTuple):
    """One way to read a unit of two meanings: `factor` of `unit`, by those whom `whose` names."""

    unit: str
    factor: int | Fraction
    whose: str


class Kind(NamedTuple):
    """How quantities of one kind are written.

    own: the units in which sweep writes them, smallest first; read: all units that it reads, these among them;
    doubtful: units that different tools read differently, "" for a plain number.
    """

    noun: str
    own: Factors
    read: Factors
    doubtful: Mapping[str, tuple[Reading, ...]]


def _kind(
    noun: str,
    own: Factors,
    also: Mapping[int, str] = MappingProxyType({}),
    doubtful: Mapping[str, tuple[Reading, ...]] = MappingProxyType({}),
) -> Kind:
    """`also`: by factor, further spellings, separated by blanks."""
    more = {word: factor for factor, words in also.items() for word in words.split()}
    return Kind(noun, MappingProxyType({**own}), MappingProxyType({**own, **more}), doubtful)


def _bits_or_bytes(unit: str) -> tuple[Reading, ...]:
    """The readings of a rate in "bps"."""
    return Reading(unit, 1, "bits, as link speeds are given"), Reading(unit, 8, "bytes, as tc(8) reads it")


def _binary_or_decimal(binary: str, decimal: str, whose: str) -> tuple[Reading, ...]:
    return Reading(binary, 1, f"powers of 1,024{whose}"), Reading(decimal, 1, "powers of 1,000, as the SI has it")


_TC = ", as tc(8) reads it"
_TIMES = _kind(
    "time",
    {"ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12},
    {10**3: "nsec nsecs", 10**6: "usec usecs", 10**9: "msec msecs", 10**12: "sec secs"},
)
_SIZES = _kind(
    "size",
    {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30},
    {1: "bytes", 2**10: "K k", 2**20: "M m", 2**30: "G g"},
    {
        "b": (Reading("B", 1, "bytes, as tc(8) reads it"), Reading("B", Fraction(1, 8), "bits")),
        **{unit: _binary_or_decimal("KiB", "kB", _TC) for unit in ("KB", "Kb", "kb")},
        **{unit: _binary_or_decimal("MiB", "MB", _TC) for unit in ("Mb", "mb")},
        **{unit: _binary_or_decimal("GiB", "GB", _TC) for unit in ("Gb", "gb")},
    },
)
_RATES = _kind(
    "packet rate",
    {"pps": 1, "kpps": 10**3, "Mpps": 10**6, "Gpps": 10**9},
    {10**3: "Kpps", 10**6: "mpps", 10**9: "gpps"},
)
_LINKS = _kind(
    "link speed",
    {"Mbit/s": 10**6, "Gbit/s": 10**9, "Tbit/s": 10**12},
    {
        1: "bit bit/s b/s",
        10**3: "kbit Kbit kbit/s Kbit/s kb/s Kb/s k K",
        10**6: "mbit Mbit mbit/s Mb/s M m",
        10**9: "gbit Gbit gbit/s Gb/s G g",
        10**12: "tbit Tbit tbit/s Tb/s T t",
        2**10: "kibit Kibit Kibit/s",
        2**20: "mibit Mibit Mibit/s",
        2**30: "gibit Gibit Gibit/s",
        2**40: "tibit Tibit Tibit/s",
    },
    {
        "": (Reading("Mbit/s", 1, "as ethtool(8) reads it"), Reading("bit/s", 1, "as tc(8) reads it")),
        "bps": _bits_or_bytes("bit/s"),
        **{unit: _bits_or_bytes("kbit/s") for unit in ("kbps", "Kbps")},
        **{unit: _bits_or_bytes("Mbit/s") for unit in ("mbps", "Mbps")},
        **{unit: _bits_or_bytes("Gbit/s") for unit in ("gbps", "Gbps")},
        **{unit: _bits_or_bytes("Tbit/s") for unit in ("tbps", "Tbps")},
    },
)
_SHARES = _kind("share", {"%": Fraction(1, 100)})
_COUNTS = _kind(
    "whole number",
    {"k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20},
    doubtful={
        "K": (
            Reading("k", 1, "powers of 1,000, as counts have it"),
            Reading("Ki", 1, "powers of 1,024, as sizes have it"),
        )
    },
)
KINDS = (_TIMES, _SIZES, _RATES, _LINKS, _SHARES, _COUNTS)

TIMES, SIZES, RATES, LINKS, SHARES, COUNTS = (kind.read for kind in KINDS)
COUNT_UNITS = frozenset({*COUNTS, *_COUNTS.doubtful})
OWN = frozenset(unit for kind in KINDS if kind is not _COUNTS for unit in kind.own)  # in which sweep writes

# 40 digits and exponents of two digits: enough for anything physical, and no giant integers from bad input.
_NUMBER = re.compile(r"[+-]?(\d[\d_]{0,39})?(\.[\d_]{0,39})?([eE][+-]?\d{1,2})?", re.ASCII)


class UnitError(ValueError):
    """The text is not such a quantity.  `units` are the units that it may have, empty if that is not the point."""

    def __init__(self, message: str, units: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.units = tuple(units or ())


class DoubtfulUnitError(UnitError):
    """The unit has two meanings; the message has both readings."""


def number(text: str) -> Fraction:
    """A plain number, exactly.  Errors: UnitError."""
    value, unit = split(text)
    if unit:
        raise UnitError(f'is a plain number, without the unit "{unit}"')
    return value


def whole(text: str) -> int:
    """A whole number, plain or such as `20k` and `64Ki`.  Errors: UnitError."""
    value, unit = split(text)
    value = _scaled(text, _COUNTS) if unit in COUNT_UNITS else number(text)
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
    value = _scaled(text, _TIMES)
    return _whole(value, "is less than 1 ps")


def size_bytes(text: str) -> int:
    """A size in bytes; a plain number is bytes.  Errors: UnitError."""
    value = _scaled(text, _SIZES, plain=1)
    if value.denominator != 1:
        raise UnitError("is not a whole number of bytes")
    return int(value)


def packet_ps(text: str) -> int:
    """The time per packet, in ps, at a packet rate.  Errors: UnitError."""
    rate = _scaled(text, _RATES)
    if rate <= 0:
        raise UnitError("must be above zero")
    return _whole(PS_PER_SECOND / rate, "is more than one packet per ps")


def link_ps_per_byte(text: str) -> int:
    """The time per byte, in ps, at a link speed that makes it whole.  Errors: UnitError."""
    speed = _scaled(text, _LINKS)
    if speed <= 0:
        raise UnitError("must be above zero")
    per_byte = 8 * PS_PER_SECOND / speed
    if per_byte.denominator != 1:
        raise UnitError("does not give a whole number of ps per byte (10, 25, 40, 50, 100, 200 and 400 Gbit/s do)")
    return int(per_byte)


def ratio_ppm(text: str) -> int:
    """A share, `0.3` or `30 %`, in parts per million.  Errors: UnitError, also for what is not whole ppm."""
    value = _scaled(text, _SHARES, plain=1) * MILLION
    if value.denominator != 1:
        raise UnitError("has more than six decimals")
    return int(value)


def time_text(ps: int) -> str:
    """A time, exactly: `time_text(20_000_000) == "20 us"`, `time_text(1300) == "1.3 ns"`."""
    return _text(ps, _TIMES)


def rounded_up(number: int) -> int:
    """The next number of two digits and zeros: `rounded_up(391) == 400`."""
    step = int("1" + "0" * max(len(str(number)) - 2, 0))
    return -(-number // step) * step


def packet_text(ps: int) -> str:
    """A packet rate from the time per packet: exact if it is a whole number of pps, else `~` and rounded."""
    rate = Fraction(PS_PER_SECOND, ps)
    return ("" if rate.denominator == 1 else "~") + _text(round(rate), _RATES)


def link_text(ps_per_byte: int) -> str:
    """A link speed from the time per byte."""
    return _text(round(Fraction(8 * PS_PER_SECOND, ps_per_byte)), _LINKS)


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


def _scaled(text: str, kind: Kind, plain: int | None = None) -> Fraction:
    value, unit = split(text)
    if unit in kind.doubtful and (unit or plain is None):
        raise DoubtfulUnitError(_both(value, unit, kind))
    if not unit:
        if plain is None:
            raise UnitError(f"is a {kind.noun} and needs a unit", kind.own)
        return value * plain
    if unit not in kind.read:
        other = next((f"is a {each.noun}, not a {kind.noun}" for each in KINDS[:-1] if unit in each.own), "")
        raise UnitError(other or f'has the unit "{unit}", which is not one of a {kind.noun}', kind.own)
    return value * kind.read[unit]


def _both(value: Fraction, unit: str, kind: Kind) -> str:
    """That a unit has two meanings, and how to write each."""
    readings = [f'"{_decimal(value * each.factor)} {each.unit}" ({each.whose})' for each in kind.doubtful[unit]]
    what = f'has the unit "{unit}", which has two meanings' if unit else f"is a {kind.noun} and needs a unit"
    return f"{what}: write {' or '.join(readings)}"


def _decimal(value: Fraction) -> str:
    return str(int(value)) if value.denominator == 1 else f"{float(value):g}"


def _whole(value: Fraction, too_small: str) -> int:
    if value > 0 and round(value) == 0:
        raise UnitError(too_small)
    return round(value)


def _text(value: int, kind: Kind) -> str:
    """In the largest unit of which it is at least one, exactly and with three decimals at most."""
    smallest, *larger = kind.own
    units = {name: int(kind.own[name]) for name in reversed(larger)}
    unit = next((name for name, one in units.items() if value >= one and value * 1000 % one == 0), smallest)
    whole, thousandths = divmod(value * 1000 // int(kind.own[unit]), 1000)
    decimals = f".{thousandths:03}".rstrip("0") if thousandths else ""
    return f"{whole}{decimals} {unit}"
