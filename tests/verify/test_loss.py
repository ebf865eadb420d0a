# SPDX-License-Identifier: MIT
"""Loss and sojourn where the model is a textbook queue: Poisson arrivals, one server, K places."""

from __future__ import annotations

import math

import pytest

from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution

from ..model.scenes import LOCAL, US, constant
from .checks import agree
from .queues import erlang_loss, md1k_loss, mm1k_loss
from .replicates import GAP, LONG, exponential, replicates, tail

PACKET_TRUESIZE = 4096 + 256  # page_allocator: a page and its sk_buff


@pytest.mark.parametrize(("load", "ring"), [(0.9, 8), (1.5, 8), (0.7, 4)])
def test_loss_of_the_rx_ring(load: float, ring: int) -> None:
    """M/D/1/K: every packet is dropped by the driver at the same cost, so its descriptor is posted again `load` gaps
    after the work on it began; until then it is one of the K = ring that the NIC has.
    """
    c = replicates({"stack_drop": int(load * GAP)}, **LONG, ring=ring).counters
    agree(
        f"M/D/1/{ring} loss, RX ring, load {load}",
        md1k_loss(load, ring),
        c.drop_no_descriptor_packets / c.offered_packets,
    )


# A reader that gets to read one packet between two stalls of exponential length is an exponential server: it takes 1 ps
# a packet and has 1 ps before the next stall.  Stalls go on while it sleeps, and what is left of one is exponential
# again, so a packet that finds the socket empty waits for as long as a service takes.
EXPONENTIAL = {**LOCAL, "read_ps": 1, "stall_every_ps": constant(1)}


@pytest.mark.parametrize(("kernel", "places_more"), [("5.14", 1), ("6.18", 0)])
@pytest.mark.parametrize(("load", "places"), [(0.8, 4), (1.25, 4)])
def test_loss_of_the_socket(load: float, places: int, kernel: str, places_more: int) -> None:
    """M/M/1/K: an exponential reader behind a receive buffer of K packets' truesize; of K - 1 up to 6.17, where a full
    one takes a packet more."""
    rcvbuf_bytes = (places - places_more) * PACKET_TRUESIZE
    settings = EXPONENTIAL | {"stall_for_ps": exponential(int(load * GAP)), "rcvbuf_bytes": rcvbuf_bytes}
    settings |= {"kernel": kernel}
    c = replicates(**LONG, **settings, ring=64).counters
    assert not c.drop_no_descriptor_packets.any()
    loss = c.drop_socket_buffer_packets / c.offered_packets
    agree(f"M/M/1/{places} loss, socket, load {load}", mm1k_loss(load, places), loss)


@pytest.mark.parametrize("edge_ns", [1024, 4096])
def test_time_from_wire_to_reader(edge_ns: int) -> None:
    """M/M/1: P(T > t) = exp(-(m - l) t), here m = 2 l; t is an edge of the histogram's buckets.  Kleinrock, 5.8."""
    result = replicates(**LONG, **EXPONENTIAL, stall_for_ps=exponential(GAP // 2), ring=64)
    assert not result.counters.drop_socket_buffer_packets.any()
    theory = math.exp(-edge_ns * 1000 / GAP)
    agree(f"M/M/1 sojourn, P(T >= {edge_ns} ns)", theory, tail(result.latency, edge_ns))


WAKEUPS = [
    constant(US),
    Distribution("uniform", (0, 2 * US)),
    exponential(US),
    Distribution("lognormal", (US // 2, 8 * US)),
]


@pytest.mark.parametrize("wakeup", WAKEUPS, ids=lambda wakeup: wakeup.kind)
def test_loss_of_a_socket_for_one_packet(wakeup: Distribution) -> None:
    """M/G/1/1, Erlang's loss formula: only the mean of the service counts.

    The receive buffer takes one packet, which wakes the reader and is read as soon as it is awake.
    """
    c = replicates(**LONG, **LOCAL, wakeup_ps=wakeup, rcvbuf_bytes=1, ring=64).counters
    load = float(quantiles.mean(quantiles.table(wakeup)) / GAP)
    assert (abs(c.wakeups - c.delivered_packets) <= 1).all()
    loss = c.drop_socket_buffer_packets / c.offered_packets
    agree(f"M/G/1/1 loss, socket, {wakeup.kind} wake-up", erlang_loss(load), loss)
