# SPDX-License-Identifier: MIT
"""Many independent replicates of one scenario, compiled; and the limit in which packets are a Poisson process.

A frame takes 100 ps on a wire of 1 ps/byte and one starts every microsecond on average: the wire, which keeps packets
apart, moves them by about one ten-thousandth of a gap, far less than any bound.  Nothing costs anything unless a test
says so: every time that matters is one that the test has set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sweep.fields.histogram import BUCKETS, bounds
from sweep.model import batch
from sweep.model.compiler.jit import plain_python
from sweep.model.scenario import Distribution

from ..model.scenes import US, scenario

POISSON = {"kind": "poisson", "link_ps_per_byte": 1, "load_ppm": 100}  # a packet per microsecond
GAP = US  # between packets on average, ps
LANES = 64
LONG = {**POISSON, "packets": 150_000, "warmup": 2_000}
FLOORS = np.array([bounds(index)[0] for index in range(BUCKETS)], float)


def exponential(mean: int) -> Distribution:
    return Distribution("exponential", (mean,))


def replicates(costs: dict[str, int] | None = None, lanes: int = LANES, **changes: Any) -> batch.Result:
    """`lanes` replicates of the scenario of tests/model/scenes.py with these costs and changes; all of them valid."""
    if plain_python():
        pytest.skip("too many packets for plain Python")
    made = scenario(costs, **changes)
    several = [replace(made, replicate=replicate) for replicate in range(lanes)]
    result = batch.simulate(made.strategy, several, batch.build_tables(batch.distributions(made)))
    assert result.violations == [""] * lanes
    return result


def moments(histogram: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Mean and variance, lane by lane, of small whole numbers in log buckets, which are exact below 16."""
    share = histogram / histogram.sum(axis=1, keepdims=True)
    mean = share @ FLOORS
    return mean, share @ FLOORS**2 - mean**2


def tail(histogram: np.ndarray[Any, Any], edge: int) -> np.ndarray[Any, Any]:
    """Share, lane by lane, of values at or above `edge`, which must be the edge of a bucket."""
    assert edge in FLOORS
    return histogram[:, edge <= FLOORS].sum(axis=1) / histogram.sum(axis=1)
