# SPDX-License-Identifier: MIT
"""Where packets are lost: a counter per cause, what the cause is called, and what helps against it.

The one home of these words: verdicts, reports, their page, `size` and `show` all read them here.
"""

from __future__ import annotations

from typing import NamedTuple

from .field import Better, Field, Stage
from .spread import LOSS, Spread

LOST = Spread(LOSS._replace(counter=True))
SEEN_ONLY = "too little was seen to say that it takes most"  # of a cause that is seen to


class Cause(NamedTuple):
    """One of the causes for which packets are lost."""

    counter: Field
    short: str  # what it is called where there is no room: "socket"
    place: str  # as it follows "lost": "in the socket's receive buffer"
    helps: str  # what helps against it and what does not, as a clause
    knob: str  # the parameter to try; the ring itself where a larger one may help
    queue: str  # the counter of the peak of the queue that is full, or empty of descriptors, when packets are lost so

    @property
    def name(self) -> str:
        """As the counter has it: "socket_buffer"."""
        return self.counter.name.removeprefix("drop_").removesuffix("_packets")


def _counter(stage: Stage, cause: str, meaning: str, kernel: str = "", defined: str = "") -> Field:
    return Field(
        f"drop_{cause}_packets",
        "packets",
        meaning,
        kernel,
        defined=defined,
        stage=stage,
        better=Better.LOWER,
        spread=LOST,
    )


CAUSES = (
    Cause(
        _counter(
            Stage.WIRE,
            "nic_buffer",
            "dropped in the NIC: its own buffer full",
            "rx_discards_phy",
            "drivers/net/ethernet/mellanox/mlx5/core/en_stats.c: pport_2863_stats_desc",
        ),
        "NIC buffer",
        "in the NIC's own buffer",
        "no larger ring can help, for DMA is slower than the wire; try fewer IOTLB and DDIO misses (a smaller ring, no"
        " IOMMU) or a faster PCIe link; a larger nic.rx_buffer only outlasts bursts",
        "nic.rx_buffer",
        "nic_buffer_peak_bytes",
    ),
    Cause(
        _counter(
            Stage.WIRE,
            "no_descriptor",
            "dropped in the NIC: no posted descriptor, though no allocation failed (mlx5's rx_out_of_buffer counts"
            " both)",
        ),
        "no descriptor",
        "for want of a descriptor",
        "a larger ring outlasts bursts; where the queue's CPU is always busy, only fewer ns per packet, a lower load"
        " or more queues help",
        "ring",
        "rx_ring_peak_packets",
    ),
    Cause(
        _counter(Stage.WIRE, "no_memory", "dropped in the NIC: no descriptor because an allocation failed"),
        "no page",
        "for want of a page",
        "a larger ring alone cannot help, for pages run out; try a larger memory_pages, or of zero_copy a larger"
        " strategy.area_frames",
        "memory_pages",
        "rx_ring_peak_packets",
    ),
    Cause(
        _counter(
            Stage.SOCKET,
            "socket_buffer",
            "dropped: receive buffer of the socket full",
            "UdpRcvbufErrors",
            "net/ipv4/udp.c: __udp_queue_rcv_skb",
        ),
        "socket",
        "in the socket's receive buffer",
        "no ring can help; try a larger rcvbuf (SO_RCVBUF, net.core.rmem_max) or a faster reader",
        "traffic.reader.rcvbuf",
        "socket_truesize_peak",
    ),
    Cause(
        _counter(Stage.TX_RING, "tx_ring", "dropped: TX ring full"),
        "TX ring",
        "in the TX ring",
        "no RX ring can help; try a larger nic.tx_ring (ethtool -G DEV tx N); where the link is full, only a lower"
        " load helps",
        "nic.tx_ring",
        "tx_ring_peak_frames",
    ),
)
