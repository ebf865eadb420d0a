# SPDX-License-Identifier: MIT
"""The TX ring by hand: three slots, frames of 100 ns, completions by two frames or after a microsecond."""

from __future__ import annotations

from sweep.model.counting.histogram import bucket
from sweep.model.lane.sim import KEPT, NAPI, NEVER, SOFTIRQ, Sim
from sweep.model.tx import clean_tx, completion_ps, transmit

from .scenes import FORWARD, NS, US, note_release, plain, scenario, world


def forwarder(frames: int = 0, **changes: int) -> Sim:
    """A TX ring into which this many frames have been put at time 0; frame k has buffer 10 + k."""
    made = scenario(**FORWARD, **({"tx_ring": 3, "tx_coalesce_frames": 2, "tx_coalesce_ps": US} | changes))
    sim = world(made)[0]
    for k in range(frames):
        queue(sim, k)
    return sim


def queue(sim: Sim, k: int) -> int:
    packet = sim.rx[0, 0]
    packet.bytes, packet.buffer, packet.time_ps = 80, 10 + k, 0
    return int(transmit(sim, 0, 0))


def clean(sim: Sim, at_ps: int) -> list[tuple[int, int]]:
    """What is released at this time: buffers and contexts."""
    released: list[tuple[int, int]] = []
    plain(clean_tx, release=note_release)(sim, released, 0, at_ps)
    return released


def test_frames_leave_one_after_the_other() -> None:
    sim = forwarder(2)
    assert sim.tx.end_ps[0, :2].tolist() == [100 * NS, 200 * NS]
    sim.state.now_ps[0] = 550 * NS
    queue(sim, 2)
    assert sim.tx.end_ps[0, 2] == 650 * NS  # the wire was idle


def test_a_full_ring_drops() -> None:
    sim = forwarder()
    assert [queue(sim, k) for k in range(4)] == [KEPT, KEPT, KEPT, NAPI]
    assert sim.counters.drop_tx_ring_packets[0] == 1
    assert sim.state.tx_queued[0] == 3


def test_signal_by_frames() -> None:
    assert completion_ps(forwarder(0), 0) == NEVER
    assert completion_ps(forwarder(1), 0) == 100 * NS + US  # the second frame of the batch is not there
    assert completion_ps(forwarder(2), 0) == 200 * NS
    assert completion_ps(forwarder(2, tx_coalesce_ps=50 * NS), 0) == 150 * NS


def test_without_frames_time_alone_signals() -> None:
    """`ethtool -C DEV tx-frames 0`."""
    sim = forwarder(3, tx_coalesce_frames=0)
    assert completion_ps(sim, 0) == 100 * NS + US
    assert clean(sim, 100 * NS + US - 1) == []
    assert clean(sim, 100 * NS + US) == [(10, SOFTIRQ), (11, SOFTIRQ), (12, SOFTIRQ)]


def test_a_batch_is_visible_when_its_last_frame_has_left() -> None:
    sim = forwarder(3)
    assert clean(sim, 200 * NS - 1) == []
    assert clean(sim, 250 * NS) == [(10, SOFTIRQ), (11, SOFTIRQ)]
    assert sim.counters.forwarded_packets[0] == 2
    assert sim.counters.forwarded_bytes[0] == 160
    assert sim.latency[0, bucket(100)] == sim.latency[0, bucket(200)] == 1


def test_the_rest_is_visible_after_the_time() -> None:
    sim = forwarder(3)
    clean(sim, 250 * NS)
    assert completion_ps(sim, 0) == 300 * NS + US
    assert clean(sim, 300 * NS + US - 1) == []
    assert clean(sim, 300 * NS + US) == [(12, SOFTIRQ)]
    assert completion_ps(sim, 0) == NEVER


def test_batches_are_counted_from_the_first_frame_of_all() -> None:
    """After three frames were cleaned by time, the next batch ends with the fourth."""
    sim = forwarder(3)
    assert len(clean(sim, 10 * US)) == 3
    sim.state.now_ps[0] = 20 * US
    queue(sim, 3)
    assert completion_ps(sim, 0) == 20 * US + 100 * NS
    assert clean(sim, 20 * US + 100 * NS) == [(13, SOFTIRQ)]


def test_the_ring_wraps() -> None:
    sim = forwarder()
    for k in range(10):
        sim.state.now_ps[0] = 10 * k * US
        assert queue(sim, k) == KEPT
        assert clean(sim, 10 * k * US + 5 * US) == [(10 + k, SOFTIRQ)]
