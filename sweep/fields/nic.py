# SPDX-License-Identifier: MIT
"""The parameters of a NIC: the queue, its driver's settings, and what its port can do."""

from __future__ import annotations

from .parameter import COUNT, LINK, RATE_LIMIT, SHARE, SIZE, USECS, Parameter

MOST_DESCRIPTORS = 65_536
MOST_COALESCING_PS = 10**12  # a second

NIC: tuple[Parameter, ...] = (
    Parameter("nic.link", LINK, "speed of the link", (1, 8_000_000)),
    Parameter("nic.tx_ring", COUNT, "TX descriptors", (1, MOST_DESCRIPTORS), unit="frames"),
    Parameter(
        "nic.napi_budget",
        COUNT,
        "packets per poll at most",
        (1, MOST_DESCRIPTORS),
        unit="packets",
        default="64",
        source="NAPI_POLL_WEIGHT",
    ),
    Parameter(
        "nic.coalesce.usecs",
        USECS,
        "RX interrupt: time after the first waiting packet",
        (0, MOST_COALESCING_PS),
        model="coalesce_ps",
    ),
    Parameter(
        "nic.coalesce.frames",
        COUNT,
        "RX interrupt: waiting packets; 0: not used",
        (0, MOST_DESCRIPTORS),
        unit="packets",
        default="0",
    ),
    Parameter(
        "nic.tx_coalesce.usecs",
        USECS,
        "TX completion: time after the first frame that has left; default as coalesce",
        (0, MOST_COALESCING_PS),
        like="nic.coalesce.usecs",
        model="tx_coalesce_ps",
        source="ixgbe and its like have one interrupt for both directions of a queue",
    ),
    Parameter(
        "nic.tx_coalesce.frames",
        COUNT,
        "TX completion: frames; 0: not used; default as coalesce",
        (0, MOST_DESCRIPTORS),
        unit="frames",
        like="nic.coalesce.frames",
        source="as nic.tx_coalesce.usecs",
    ),
    Parameter(
        "nic.refill_batch",
        COUNT,
        "consumed descriptors that make the driver refill",
        (1, MOST_DESCRIPTORS),
        unit="descriptors",
        default="16",
        source="IXGBE_RX_BUFFER_WRITE",
    ),
    Parameter(
        "nic.copybreak",
        SIZE,
        "local packets up to this size are copied out of their page; 0: none",
        (0, 9000),
        default="0",
    ),
    Parameter(
        "nic.pcie_rate",
        RATE_LIMIT,
        "limit of the port's PCIe link, all queues",
        (1, 10**12),
        default="none",
        model="pcie_packet_ps",
    ),
    Parameter(
        "nic.rx_buffer",
        SIZE,
        "packets that the NIC itself can hold, all queues",
        (0, 1 << 28),
        default="512 KiB",
        source="Intel 82599's packet buffer, 512 KB (its datasheet)",
    ),
    Parameter(
        "nic.xdp_tx_map",
        COUNT,
        "frames forwarded by XDP: 1: each is mapped for TX; 0: sent from its mapping for RX",
        (0, 1),
        unit="1",
        default="1",
        in_the_loop=False,
        source="ixgbe_xmit_xdp_ring and its like, and every driver's XDP_REDIRECT [linux 6.12.117]",
    ),
    Parameter(
        "nic.pool_napi",
        COUNT,
        "page_pool: 1: names the queue's NAPI, on whose CPU a put is local while it is polled; 0: names none",
        (0, 1),
        unit="1",
        default="1",
        source="page_pool_params.napi: set by mlx5 and bnxt, not by veth and vmxnet3 [linux 6.12.117]",
    ),
    Parameter(
        "nic.system_pool",
        COUNT,
        "page_pool: 1: it is the queue's CPU's own (generic XDP), so that a put in any softirq there is local; 0: not",
        (0, 1),
        unit="1",
        default="0",
        source="system_page_pool, since 6.9 [kernel 2b0cfa6e4956]",
    ),
    Parameter(
        "nic.napi_unlisted",
        SHARE,
        "deferred frees at a poll that find the queue's NAPI on no CPU's list; those of kicks between polls all do",
        (0, 10**6),
        default="0 %",
    ),
)
