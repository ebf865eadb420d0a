# SPDX-License-Identifier: MIT
"""Counter-based random numbers: value i of a stream is a pure function of (key, i).

`draw` is the SplitMix64 output function on the Weyl sequence that starts at `key`.  It needs no state, so a
packet's size does not depend on how many numbers anything else has drawn, and every strategy meets the same
packets (common random numbers).  This module and the sampler's masks are the only unsigned arithmetic.

Source: SplitMix64 [steele-2014], whose mixer is Stafford's variant 13.
"""

from __future__ import annotations

import numpy as np

from sweep.model.compiler.jit import device

U64 = np.uint64
WEYL = U64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
MIX_1 = U64(0xBF58476D1CE4E5B9)
MIX_2 = U64(0x94D049BB133111EB)
S27, S30, S31 = U64(27), U64(30), U64(31)


@device
def draw(key: np.uint64, i: int) -> np.uint64:
    """Value `i` (int64, >= 0) of stream `key`: 64 uniform bits."""
    z = key + np.uint64(i + 1) * WEYL
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return z ^ (z >> S31)
