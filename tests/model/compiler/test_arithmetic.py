# SPDX-License-Identifier: MIT
"""Arithmetic of device code: compiled, it does what Python and NumPy do, at every edge."""

from __future__ import annotations

import itertools

import numpy as np

from sweep.model.compiler.intrinsics import bit_length
from sweep.model.compiler.jit import device
from sweep.model.compiler.kernel import Kernel

LOW, HIGH = -(1 << 63), (1 << 63) - 1
NUMBERS = (LOW, LOW + 1, -1000, -7, -1, 0, 1, 2, 7, 63, 64, 1000, 1 << 40, HIGH)
SHIFT = np.uint64(31)


def wrapped(number: int) -> int:
    """Two's complement of 64 bits."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


@device
def arithmetic(a: int, b: int) -> tuple[int, int, int, int, int, int, int]:
    return a + b, a - b, a * b, a & b, a | b, a ^ b, -a


@device
def division(a: int, b: int) -> tuple[int, int]:
    return a // b, a % b


@device
def by_constants(a: int) -> tuple[int, int, int, int, int, int, int, int]:
    return a // 1000, a % 1000, a // 8, a % 8, a // -7, a % -7, a // 1, a % 1


@device
def shifts(a: int, b: int) -> tuple[int, int, int, int]:
    return a << b, a >> b, a << 3, a >> 3


@device
def comparisons(a: int, b: int) -> tuple[bool, bool, bool, bool, bool, bool]:
    return a < b, a <= b, a == b, a != b, a > b, a >= b


@device
def bits(a: int) -> int:
    return bit_length(a)


@device
def smallest(a: int, b: int) -> tuple[int, int, int, int]:
    return min(a, b), max(a, b), min(a, b, 3), abs(a)


def test_int64_wraps_and_divides_as_numpy_does() -> None:
    compiled = {fn: Kernel(fn, {}, "") for fn in (arithmetic, division, shifts, comparisons, smallest, by_constants)}
    for a, b in itertools.product(NUMBERS, NUMBERS):
        assert compiled[arithmetic](a, b) == tuple(map(wrapped, arithmetic(a, b)))
        expected = (wrapped(a // b), a % b) if b else (0, 0)
        assert compiled[division](a, b) == expected, (a, b)
        shifted = (wrapped(a << b), a >> b) if 0 <= b < 64 else (0, -1 if a < 0 else 0)
        assert compiled[shifts](a, b) == (*shifted, wrapped(a << 3), a >> 3), (a, b)
        assert compiled[comparisons](a, b) == comparisons(a, b)
        assert compiled[smallest](a, b) == tuple(map(wrapped, smallest(a, b)))
    counted = Kernel(bits, {}, "")
    for a in NUMBERS:
        assert counted(a) == a.bit_length()
        assert compiled[by_constants](a) == by_constants(a), a


@device
def unsigned(key: np.uint64, by: np.uint64, i: int) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, int, bool]:
    z = (key ^ (key >> SHIFT)) * by + np.uint64(i + 1)
    return z, z // by, z % by, min(z, by) << np.uint64(3), np.int64(z >> np.uint64(40)), z < by


def test_uint64() -> None:
    compiled = Kernel(unsigned, {}, "")
    with np.errstate(over="ignore", divide="ignore"):
        for key, by in itertools.product((0, 1, 77, (1 << 64) - 1, 1 << 63), repeat=2):
            assert compiled(np.uint64(key), np.uint64(by), 5) == unsigned(np.uint64(key), np.uint64(by), 5)
