# SPDX-License-Identifier: MIT
"""The tail of a Poisson distribution in integers: how often a cache set holds too many lines.

Not modelled: replacement other than least recently used, which is what a full set under cyclic use comes to.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device

MEAN_SHIFT = 10  # means are in 1/1024
PPM = 1_000_000
SCALE = 1 << 36  # weight of the most likely value; the sums stay below 2**60


@device
def tail_ppm(mean: int, least: int) -> int:
    """P(N >= `least`) for N ~ Poisson(`mean` / 1024), ppm; good to a few ppm up to a mean of 4 * `least` + 32.

    Beyond, it is 1 to within a ppm for any `least` of a cache.  Weights are built outwards from the most likely
    value, each from its neighbour, so that none overflows and none that matters is lost.
    """
    if least <= 0 or mean >> MEAN_SHIFT >= 4 * least + 32:
        return PPM
    if mean <= 0:
        return 0
    mode = mean >> MEAN_SHIFT
    below, above = 0, 0
    weight, n = SCALE, mode
    while weight > 0 and n >= 0:
        if n < least:
            below += weight
        else:
            above += weight
        weight = (weight * n << MEAN_SHIFT) // mean
        n -= 1
    weight, n = SCALE * mean // (mode + 1) >> MEAN_SHIFT, mode + 1
    while weight > 0:
        if n < least:
            below += weight
        else:
            above += weight
        n += 1
        weight = weight * mean // n >> MEAN_SHIFT
    return above * PPM // (below + above)
