# SPDX-License-Identifier: MIT
"""Little's law L = l W on the two rings, as an identity of the sample path: no chance is left in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sweep.fields.histogram import BUCKETS, bounds

from ..model.scenes import FORWARD
from .checks import exactly
from .replicates import replicates

CEILINGS = np.array([bounds(index)[1] for index in range(BUCKETS)])
FLOORS = np.array([bounds(index)[0] for index in range(BUCKETS)])
LONGEST_NS = 16_000  # ten of the longest frames


@pytest.mark.parametrize(
    ("name", "ring", "gap_ps", "settings"),
    [
        ("Lap of 64 descriptors at 1 Mpps, us", 64, 1_000_000, {}),
        ("Lap of 1024 descriptors at 14.88 Mpps, us", 1024, 67_200, {"link_ps_per_byte": 800, "sizes": ((64, 1),)}),
    ],
)
def test_lap_of_the_rx_ring(name: str, ring: int, gap_ps: int, settings: dict[str, Any]) -> None:
    """A ring that is always full of N buffers and is asked for l a second has each for N / l, to the ps."""
    load_ppm = 1_000_000 if settings else 100_000
    made = {"ring": ring, "load_ppm": load_ppm, "packets": 5001, "warmup": 1, **settings}
    c = replicates(None, 1, **made).counters[0]
    assert c.rx_ring_buffer_ns == ring * (c.end_ps // 1000 - c.start_ps // 1000)
    assert c.end_ps - c.start_ps == 5000 * gap_ps
    exactly(name, ring * gap_ps / 1e6, c.rx_ring_buffer_ns / 5_000_000)


def test_frames_in_the_tx_ring() -> None:
    """Frames of one size never wait for each other: each is in the TX ring for its 100 ns on the wire.

    Arrivals are Poisson on a wire of the same speed; the interrupt of a frame that has left comes at once, so polls
    come whenever the ring's content changes and the census is exact.
    """
    settings = {**FORWARD, "kind": "poisson", "load_ppm": 500_000, "tx_ring": 64, "packets": 20_000, "ring": 64}
    c = replicates(**settings, lanes=16).counters
    assert not c.drop_tx_ring_packets.any()
    assert (c.inside_end_packets == 1).all()  # the last one, queued in the instant in which the window closes
    (frame_ns,) = set((c.tx_ring_buffer_ns / c.forwarded_packets).tolist())
    exactly("Little's law, ns of a frame in the TX ring", 100, frame_ns)


def test_frames_of_two_sizes_in_the_tx_ring() -> None:
    """Short frames wait behind long ones: the census is the sum of their times, which the histogram bounds."""
    settings = {**FORWARD, "kind": "poisson", "load_ppm": 800_000, "sizes": ((80, 3), (1480, 1))}
    result = replicates(**settings, tx_ring=512, ring=512, packets=20_000, lanes=16)
    c, latency = result.counters, result.latency
    assert not c.drop_tx_ring_packets.any()
    left = c.forwarded_packets
    waited = (FLOORS > 104) & (CEILINGS < 1500)  # alone, a frame of the one size takes 100 ns, of the other 1500
    assert (latency[:, waited].sum(axis=1) > 0).all()
    low, high = latency @ FLOORS - left, latency @ CEILINGS + left  # a nanosecond each for rounding
    assert (low <= c.tx_ring_buffer_ns).all()
    assert (c.tx_ring_buffer_ns <= high + c.inside_end_packets * LONGEST_NS).all()
