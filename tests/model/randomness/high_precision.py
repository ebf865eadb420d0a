# SPDX-License-Identifier: MIT
"""Quantiles to fifty digits by Python's decimals, for tables to be held against; it shares nothing with the model.

`Decimal.exp` and `Decimal.ln` are correctly rounded.  Everything here is called inside `precise()`.  A program: it
prints sweep/model/randomness/normal.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, localcontext
from functools import cache
from statistics import NormalDist

DIGITS = 60
TINY = Decimal(10) ** -(DIGITS + 5)
HEAD = '''\
# SPDX-License-Identifier: MIT
"""Quantiles of the normal distribution where tables have entries, and at 0.99, in fixed point; data, not computed here.

Each is the nearest multiple of 2**-BITS to the exact quantile; tests/model/randomness/test_normal.py checks every
one of them against the distribution function, and tests/model/randomness/high_precision.py prints this file.
"""

BITS = 120
P99 = 0x{p99:031X}

# -z(n / 2**26) * 2**BITS for n = 1, 4, 8, ... 1020, 1024, 2048, ... 2**18 - 1024, 2**18, 2 * 2**18, ... 2**25
_DIGITS = """
{digits}
"""
_NUMERATORS = (1, *range(4, 1 << 10, 4), *range(1 << 10, 1 << 18, 1 << 10), *range(1 << 18, (1 << 25) + 1, 1 << 18))
LOWER = dict(zip(_NUMERATORS, (-int(digits, 16) for digits in _DIGITS.split()), strict=True))
'''


@contextmanager
def precise(more: int = 0) -> Iterator[None]:
    """Decimals have DIGITS digits here, or so many more."""
    with localcontext(prec=DIGITS + more):
        yield


def _arctangent(n: int) -> Decimal:
    """Of 1 / n."""
    term = total = Decimal(1) / n
    k, sign = 1, 1
    while term > TINY:
        term /= n * n
        k, sign = k + 2, -sign
        total += sign * term / k
    return total


@cache
def _root() -> Decimal:
    """The square root of two pi, by Machin's formula."""
    return (8 * (4 * _arctangent(5) - _arctangent(239))).sqrt()


def density(z: Decimal) -> Decimal:
    """Of the standard normal distribution."""
    return (-z * z / 2).exp() / _root()


def below(z: Decimal) -> Decimal:
    """The probability of less than z, to 10**-DIGITS."""
    term = total = z
    k = 1
    while abs(term) > TINY:
        k += 2
        term *= z * z / k
        total += term
    return Decimal("0.5") + density(z) * total


@cache
def normal_quantile(p: Decimal) -> Decimal:
    """By Newton's method, to about 10**-50."""
    z = Decimal(NormalDist().inv_cdf(float(p)))
    for _ in range(3):
        z -= (below(z) - p) / density(z)
    return z


def exponential_quantile(p: Decimal) -> Decimal:
    """Of mean 1."""
    return -(1 - p).ln()


if __name__ == "__main__":
    with precise(20):
        numerators = sorted({1} | {step << 26 - bits for bits in (8, 16, 24) for step in range(1, 257)})
        lower = [-normal_quantile(Decimal(n) / 2**26) for n in numerators if n <= 1 << 25]
        words = [f"{int((z * 2**120).to_integral_value()):031x}" for z in lower]
        lines = [" ".join(words[i : i + 3]) for i in range(0, len(words), 3)]
        p99 = int((normal_quantile(Decimal("0.99")) * 2**120).to_integral_value())
        print(HEAD.format(p99=p99, digits="\n".join(lines)), end="")
