# SPDX-License-Identifier: MIT
"""Logarithms and exponentials in integers: equal bits on every machine, with a stated error.

The C library's functions differ in their last bit between versions and processors.  A number x is held as an integer
near x * 2**bits.  To round a result, more bits are computed until both ends of its error interval round alike (Ziv's
strategy).

Source: [brent-2010] sections 4.2 and 4.4 (argument reduction, series).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

GUARD = 32  # bits that the series below lose in rounding, and more
HALVINGS = 8  # of the argument of an exponential: its series is then short
BITS = 96  # to begin with


def ln_next(n: int, bits: int) -> int:
    """ln((n + 1) / n) * 2**bits for n >= 1, within one."""
    odd = 2 * n + 1
    term = (2 << bits + GUARD) // odd
    total, square, k = term, odd * odd, 1
    while term:
        term //= square
        k += 2
        total += term // k
    return _nearest(total, GUARD)


def ln(numerator: int, denominator: int, bits: int) -> int:
    """ln(numerator / denominator) * 2**bits, within one; both are above zero and below 2**4096."""
    work = bits + GUARD
    octaves = numerator.bit_length() - denominator.bit_length()
    if numerator << max(-octaves, 0) < denominator << max(octaves, 0):
        octaves -= 1
    above, below = numerator << max(-octaves, 0), denominator << max(octaves, 0)  # their ratio is in [1, 2)
    part = (above - below << work) // (above + below)
    square, power, total, k = part * part >> work, part, part, 1
    while power:  # ln x = 2 atanh((x - 1) / (x + 1))
        power = power * square >> work
        k += 2
        total += power // k
    return _nearest(2 * total + octaves * _octave(work), GUARD)


def exp(x: int, bits: int) -> tuple[int, int]:
    """(m, k) with e**(x / 2**bits) = m * 2**(k - bits); m is exact within one, and from 2**bits to 2**(bits + 1)."""
    work = bits + GUARD
    k, remainder = divmod(x << GUARD, _octave(work))
    reduced = remainder >> HALVINGS
    term = total = 1 << work
    n = 1
    while term:
        term = (term * reduced >> work) // n
        total += term
        n += 1
    for _ in range(HALVINGS):
        total = total * total >> work
    return _nearest(total, GUARD), k


@cache
def _octave(bits: int) -> int:
    return ln_next(1, bits)


def rounded(bracket: Callable[[int], tuple[int, int, int]]) -> int:
    """The whole number nearest to a real number, of which `bracket(bits)` returns bounds in 2**-shift, and shift.

    The real number must not lie half-way between two whole ones: no number of bits would decide.
    """
    bits = BITS
    while True:
        low, high, shift = bracket(bits)
        whole = _nearest(low, shift)
        if whole == _nearest(high, shift):
            return whole
        bits *= 2


def multiple(factor: int, x: Callable[[int], int], error: int) -> int:
    """The whole number nearest to factor * e**x, where x(bits) is x * 2**bits within `error`.

    The product must not lie half-way between two whole numbers.
    """

    def bracket(bits: int) -> tuple[int, int, int]:
        m, k = exp(x(bits), bits)
        apart = 4 * error + 4  # m is below 2**(bits + 1), and e**d below 1 + 2 * d
        shift = max(bits - k, 1)
        return factor * (m - apart) << shift - bits + k, factor * (m + apart) << shift - bits + k, shift

    return rounded(bracket)


def _nearest(number: int, shift: int) -> int:
    """number / 2**shift as the nearest whole number; half is rounded up."""
    return number + (1 << shift - 1) >> shift
