# SPDX-License-Identifier: MIT
"""M/G/infinity: pages in flight when nobody waits for anybody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sweep.model.batch import new_sim
from sweep.model.compiler.jit import plain_python
from sweep.model.counting import laws
from sweep.model.lane.capacity import measure
from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution

from ..model.scenes import US, scenario
from ..reference.comparison import prepare
from . import holder
from .checks import agree
from .replicates import GAP, LANES, LONG

RING = 8
HOLDS = [Distribution("uniform", (0, 16 * US)), Distribution("lognormal", (4 * US, 40 * US))]


@pytest.mark.skipif(plain_python(), reason="too many packets for plain Python")
@pytest.mark.parametrize("hold", HOLDS, ids=lambda hold: hold.kind)
def test_pages_in_flight(hold: Distribution) -> None:
    """Mean and variance l E[H], whatever the distribution of the hold H: the stock is Poisson.  [takacs-1962] 3.2.

    Every packet finds the stock as it is at any time (Wolff, Poisson arrivals see time averages, 1982).
    """
    made = scenario(**LONG, wakeup_ps=hold, ring=RING, rcvbuf_bytes=1 << 21)
    inputs = prepare([replace(made, replicate=replicate) for replicate in range(LANES)])
    sim, pool = new_sim(made.strategy, inputs, measure(inputs.params)), holder.empty(LANES)
    with np.errstate(over="ignore"):  # the random generator wraps
        holder.kernel()(sim, pool)
    assert laws.violations(sim, []) == [""] * LANES
    assert np.array_equal(sim.counters.pages_held_end, RING + pool.count)
    stock = float(quantiles.mean(quantiles.table(hold)) / GAP)
    share = pool.found / pool.found.sum(axis=1, keepdims=True)
    pages = np.arange(holder.MOST)
    agree(f"M/G/inf pages in flight, mean, {hold.kind} hold", stock, share @ pages)
    agree(f"M/G/inf pages in flight, variance, {hold.kind} hold", stock, share @ (pages - stock) ** 2)
