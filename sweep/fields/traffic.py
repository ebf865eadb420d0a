# SPDX-License-Identifier: MIT
"""The parameters of a traffic mix and its reader.

The reader by default: a plain recv loop at 2 Mpps on another CPU that is awake 5 us after the packet, with the receive
buffer of net.core.rmem_default.
"""

from __future__ import annotations

from typing import Any

from .parameter import COUNT, LAW, PACKETS, RATE, REQUIRED, SHARE, SIZE, TIME, WORD, Parameter

DISTRIBUTIONS = {  # of a random quantity: the names of its numbers in a sweep file, in the order of the model
    "constant": ("value",),
    "exponential": ("mean",),
    "lognormal": ("median", "p99"),
    "uniform": ("low", "high"),
    "pareto": ("scale", "alpha"),
}

FLOWS = Parameter(
    "traffic.flows",
    COUNT,
    "TCP flows per queue that are acknowledged; 0: none",
    (0, 65_536),
    unit="1",
    default="0",
    decides=PACKETS,
)


def _law(key: str, meaning: str, default: Any = REQUIRED, decides: str = "") -> Parameter:
    """What is random, or a list."""
    return Parameter(f"traffic.{key}", LAW, meaning, default=default, decides=decides, in_the_loop=False)


def _fate(key: str, meaning: str) -> Parameter:
    """A share of the packets."""
    name = f"traffic.fates.{key}"
    return Parameter(name, SHARE, meaning, (0, 1_000_000), default="0", decides=PACKETS, in_the_loop=False)


ARRIVALS = _law("arrivals", "arrival process", decides=PACKETS)
SIZES = _law("sizes", "frame sizes with FCS, in bytes, and their weights", decides=PACKETS)
FATES = (
    _fate("local", "share of packets for a socket of this host"),
    _fate("forward", "share of packets that are forwarded"),
    _fate("drop", "share of packets that are dropped on purpose"),
)
FORWARD_PATH = Parameter("traffic.forward_path", WORD, "who forwards: its stack cost", default="kernel")
READER_CPU = Parameter("traffic.reader.cpu", WORD, "CPU of the reader: the queue's (same) or another", default="other")
WAKEUP = _law("reader.wakeup", "from the packet that finds the reader asleep to its first instruction", "5 us")
STALL_EVERY = _law("reader.stall.every", "time from the end of one stall of the reader to the next")
STALL_FOR = _law("reader.stall.for", "length of a stall")

MIX = (  # what a sweep file sets as a whole
    ARRIVALS,
    SIZES,
    _law("fates", "shares of local, forwarded and dropped packets", decides=PACKETS),
    FORWARD_PATH,
    FLOWS,
    READER_CPU,
    WAKEUP,
    _law("reader.stall", "when the reader stalls, and for how long", "none"),
)

READER: tuple[Parameter, ...] = (
    Parameter(
        "traffic.reader.rate",
        RATE,
        "speed of a busy reader",
        (1, 10**12),
        default="2 Mpps",
        model="read_ps",
    ),
    Parameter(
        "traffic.reader.call",
        TIME,
        "time per call, besides its packets",
        (0, 100 * 10**12),
        default="0 ns",
        model="call_ps",
    ),
    Parameter(
        "traffic.reader.batch",
        COUNT,
        "packets per call at most",
        (1, 65_536),
        unit="packets",
        default="1",
        model="batch_packets",
    ),
    Parameter(
        "traffic.reader.rcvbuf",
        SIZE,
        "receive buffer, in truesize",
        (1, 1 << 28),
        default="212_992",
        model="rcvbuf_bytes",
        source="net.core.rmem_default",
    ),
)
