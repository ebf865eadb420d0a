# SPDX-License-Identifier: MIT
"""Space-filling designs in whole numbers: points of a cube that are equal on every machine and in every version.

A coordinate is a whole number below 2**BITS.  Sobol' points come from SciPy without scrambling: they are direction
numbers and XOR [joe-2008].  What makes another set of them is a digital shift, an XOR of every coordinate of an axis
with one number [lecuyer-2002], which keeps how evenly they lie; SciPy's scrambling draws from a NumPy generator, whose
numbers may differ between versions.  For the same reason the Latin hypercube [mckay-1979] is made here: each axis is
cut into as many strata as there are points, and ranks of digests say which point has which.

Not modelled: Latin hypercubes that are optimized beyond one dimension.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

BITS = 30  # of a coordinate: what the direction numbers have
FEWEST, MOST = 2, 1 << 16  # points of a design


def sobol(points: int, axes: int, seed: int) -> Ints:
    """The first `points` (a power of two) points of Sobol's sequence with a digital shift, (points, axes)."""
    from scipy.stats import qmc  # half a second, and most sweeps have no sample

    unshifted = qmc.Sobol(axes, scramble=False, bits=BITS).random(points)
    shifts = [_digest("sobol", seed, axis, 0)[0] >> 64 - BITS for axis in range(axes)]
    return np.asarray((unshifted * (1 << BITS)).astype(np.int64) ^ np.array(shifts, np.int64), np.int64)


def latin_hypercube(points: int, axes: int, seed: int) -> Ints:
    """A Latin hypercube: along each axis one point in each of `points` equal strata, (points, axes)."""
    columns = []
    for axis in range(axes):
        digests = [_digest("latin_hypercube", seed, axis, point) for point in range(points)]
        order = sorted(range(points), key=digests.__getitem__)
        stratum = {point: rank for rank, point in enumerate(order)}
        within = [second >> 64 - BITS for _, second in digests]
        columns.append([((stratum[point] << BITS) + within[point]) // points for point in range(points)])
    return np.array(columns, np.int64).T


METHODS: dict[str, Callable[[int, int, int], Ints]] = {"sobol": sobol, "latin_hypercube": latin_hypercube}


def _digest(method: str, seed: int, axis: int, point: int) -> tuple[int, int]:
    """Two numbers below 2**64 that look random."""
    digest = hashlib.blake2b(f"{method} {seed} {axis} {point}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:])
