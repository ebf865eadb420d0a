# SPDX-License-Identifier: MIT
"""P(hold < lap): in-place reuse succeeds if and only if everybody is done with a page within a lap of its ring.

The reader takes everything that waits between two stalls, in no time, and stalls again after 1 ps.  A page is thus held
until the end of the stall in which its packet came, the residual life of a stall S at a random instant:
P(hold <= x) = E[min(S, x)] / E[S] ([cox-1962] section 5.2), which is exponential if S is.  With one
page a packet, the lap is the time that the next `ring` packets take to come.
Source: claims S2 and S5 [dumazet-2016-04-07] and the lap rule that joins them.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sweep.model.batch import Result
from sweep.model.scenario import Distribution

from ..model.scenes import LOCAL, US, constant
from .checks import agree
from .queues import lognormal_until, pareto_until, uniform_until
from .replicates import GAP, LANES, LONG, exponential, replicates, tail

RING = 64
LAP = RING * GAP  # if packets come at a constant rate
UNBOUNDED = {"rcvbuf_bytes": 1 << 26}
CLEARING = {**LOCAL, **UNBOUNDED, "read_ps": 0, "stall_every_ps": constant(1)}


def reuse(stall: Distribution, kind: str = "constant", ring: int = RING) -> np.ndarray:
    """Share of the slots' pages that were reused, one per replicate."""
    settings = {**LONG, **CLEARING, "kind": kind, "stall_for_ps": stall, "strategy": "refcount_recycle", "ring": ring}
    c = replicates(**settings).counters
    assert not (c.drop_socket_buffer_packets + c.drop_no_descriptor_packets).any()
    return c.slot_reuse / (c.slot_reuse + c.slot_busy)


@pytest.mark.parametrize(("ring", "mean_us"), [(64, 50), (256, 100)])
def test_reuse_under_exponential_holds(ring: int, mean_us: int) -> None:
    """1 - exp(-N / (l h)): ring size N, rate l, mean hold h."""
    theory = 1 - math.exp(-ring * GAP / (mean_us * US))
    agree(
        f"P(hold < lap), exponential hold {mean_us} us, ring {ring}",
        theory,
        reuse(exponential(mean_us * US), ring=ring),
    )


def test_reuse_under_exponential_holds_and_random_laps() -> None:
    """1 - (l / (l + m))^N: the lap is the sum of N exponential gaps (Erlang), the hold is exponential with rate m."""
    mean = 50 * US
    theory = 1 - (mean / (mean + GAP)) ** RING
    agree("P(hold < lap), exponential hold, Poisson arrivals", theory, reuse(exponential(mean), "poisson"))


LOW, HIGH = 20 * US, 140 * US
SCALE, ALPHA_MILLI = 40 * US, 2500
MEDIAN, P99 = 40 * US, 320 * US
OTHERS = {
    "uniform": (Distribution("uniform", (LOW, HIGH)), uniform_until(LOW, HIGH, LAP) / ((LOW + HIGH) / 2)),
    "pareto": (
        Distribution("pareto", (SCALE, ALPHA_MILLI)),
        pareto_until(SCALE, ALPHA_MILLI / 1000, LAP) / pareto_until(SCALE, ALPHA_MILLI / 1000, math.inf),
    ),
    "lognormal": (
        Distribution("lognormal", (MEDIAN, P99)),
        lognormal_until(MEDIAN, P99, LAP) / lognormal_until(MEDIAN, P99, 1e30),
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_reuse_under_other_holds(kind: str) -> None:
    """E[min(S, lap)] / E[S] for stalls S of any distribution: heavy tails keep more pages longer."""
    stall, theory = OTHERS[kind]
    agree(f"P(hold < lap), {kind} stalls", theory, reuse(stall))


def clearing(mean: int) -> Result:
    result = replicates(**LONG, **CLEARING, stall_for_ps=exponential(mean), ring=RING)
    assert not result.counters.drop_socket_buffer_packets.any()
    return result


@pytest.mark.parametrize("edge_ns", [8192, 32768])
def test_hold_times(edge_ns: int) -> None:
    """The holds of these tests are what they are said to be: exponential with the mean of the stalls."""
    agree(
        f"Residual stall, P(T >= {edge_ns} ns)", math.exp(-edge_ns / 10_000), tail(clearing(10 * US).latency, edge_ns)
    )


def test_pages_in_the_socket() -> None:
    """Little's law L = l W on pages in flight, as the census samples it.

    The census counts a buffer from the poll that queues it to the last poll before it is given back.  Polls come with
    the packets, at rate l; the hold is exponential with rate m: W = 1/m - 1/(l + m), so L = (l / m) l / (l + m).
    """
    mean = 10 * US
    c = clearing(mean).counters
    stock = c.socket_buffer_ns / (c.end_ps // 1000 - c.start_ps // 1000)
    rate, release = 1 / GAP, 1 / mean
    agree("Little's law, pages in the socket", rate / release * rate / (rate + release), stock)
    assert len(stock) == LANES
