# SPDX-License-Identifier: MIT
"""The parameters at the top of a sweep file: those of the scenario itself, and the names of its parts."""

from __future__ import annotations

from .parameter import COUNT, COUNT_OR_TIME, PACKETS, SHARE, TIME, WINDOW, WORD, Parameter

MOST_PACKETS = 1_000_000_000
LONGEST_PS = 3600 * 10**12  # of simulated time, an hour: counts of pages times ns stay within int64
SERIAL = "a link carries one frame after the other, so 1 is all it can carry"  # why shares of it end at 1


SCENARIO: tuple[Parameter, ...] = (
    Parameter("strategy", WORD, "page recycling strategy"),
    Parameter("traffic", WORD, "name of a traffic mix", decides=PACKETS),
    Parameter("ring", COUNT, "RX descriptors", (1, 32_768), unit="descriptors"),
    Parameter(
        "load",
        SHARE,
        "share of the packet rate of the link with the mix's sizes",
        (1, 1_000_000),
        decides=PACKETS,
        in_the_loop=False,
        why=SERIAL,
    ),
    Parameter(
        "queues",
        COUNT,
        "identical queues that share the host and the load, this one included",
        (1, 256),
        unit="1",
        default="1",
    ),
    Parameter("iommu", WORD, "how DMA is translated", default="off"),
    Parameter("host", WORD, "name of a host profile: what each operation costs", default="xeon-e5-1650v4"),
    Parameter("nic", WORD, "name of a NIC, or its settings", default="10g"),
    Parameter("kernel", WORD, "release of Linux, which decides the rules: 6.12, 6.12.117", default="6.12"),
    Parameter(
        "packets",
        COUNT,
        "packets offered in all, warm-up included",
        (1, MOST_PACKETS),
        unit="packets",
        default="100_000",
        decides=WINDOW,
    ),
    Parameter(
        "duration",
        TIME,
        "length of the measured window, in place of packets; rounded up to whole packets",
        (1, LONGEST_PS),
        default=None,
        in_the_loop=False,
    ),
    Parameter(
        "warmup",
        COUNT_OR_TIME,
        "packets before the measured window, or the time in which they arrive",
        (0, MOST_PACKETS),
        unit="packets",
        default="10_000",
        decides=WINDOW,
    ),
    Parameter(
        "memory_pages",
        COUNT,
        "pages that the zone can give to this queue; 0: no limit",
        (0, 1 << 40),
        unit="pages",
        default="0",
    ),
    Parameter("label", WORD, "free text for a variant", default=None),
)
