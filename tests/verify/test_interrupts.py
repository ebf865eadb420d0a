# SPDX-License-Identifier: MIT
"""How many packets an interrupt and a wake-up bring, and how a busy CPU is shared."""

from __future__ import annotations

from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution

from ..model.scenes import LOCAL, NS, US
from .checks import agree, within
from .queues import poisson
from .replicates import GAP, LONG, moments, replicates

DELAY = 3 * GAP  # of the interrupt, after the first packet: on average three more come


def test_packets_per_interrupt() -> None:
    """1 + N, N Poisson with mean l c: the packet that starts the timer c, and those that come until it ends."""
    result = replicates(**LONG, coalesce_ps=DELAY, ring=64)
    c = result.counters
    assert (c.interrupts == c.polls).all()
    mean, variance = moments(result.occupancy)
    agree("Packets per interrupt, mean, timer", 1 + DELAY / GAP, c.rx_packets / c.interrupts)
    agree("Packets waiting at a poll, mean, timer", 1 + DELAY / GAP, mean)
    agree("Packets waiting at a poll, variance, timer", DELAY / GAP, variance)


def test_packets_per_interrupt_with_a_limit() -> None:
    """E[min(f, 1 + N)] with a limit of f frames: interrupt rate under coalescing is l over this."""
    frames = 4
    c = replicates(**LONG, coalesce_ps=DELAY, coalesce_frames=frames, ring=64).counters
    chances = poisson(DELAY / GAP, frames - 1)
    theory = sum((1 + n) * p for n, p in enumerate(chances)) + frames * (1 - sum(chances))
    agree("Packets per interrupt, timer and 4 frames", theory, c.rx_packets / c.interrupts)


def test_packets_per_wakeup() -> None:
    """1 + l E[W]: a reader that reads all in no time and sleeps finds those that came while it was waking."""
    wakeup = Distribution("lognormal", (2 * US, 20 * US))
    c = replicates(**LONG, **LOCAL, wakeup_ps=wakeup, rcvbuf_bytes=1 << 24, ring=64).counters
    theory = float(1 + quantiles.mean(quantiles.table(wakeup)) / GAP)
    agree("Packets per wake-up of the reader", theory, c.delivered_packets / c.wakeups)


def test_share_of_a_reader_on_the_busy_cpu() -> None:
    """ksoftirqd and the reader are two runnable threads: half of the CPU each, however much arrives (no livelock).

    A packet costs the softirq 600 ns and the reader 900 ns, and one comes every 500 ns.  The reader's share lags by one
    poll at most and leads by what it has not finished.
    """
    costs = {"stack_local": 600 * NS}
    settings = {**LOCAL, "same_cpu": True, "read_ps": 900 * NS, "load_ppm": 200_000, "ring": 512}
    c = replicates(costs, 1, **settings, packets=300_000, warmup=50_000).counters[0]
    assert c.interrupts == 0
    time = c.end_ps - c.start_ps
    slack = 64 * 600 * NS + 2 * 900 * NS
    within("Share of a reader on the busy CPU", 0.5, c.delivered_packets * 900 * NS / time, slack / time)
