# SPDX-License-Identifier: MIT
"""The parameters of a traffic mix and its reader that are one number; what is random or a list has models of its own.

The reader by default: a plain recv loop at 2 Mpps.
"""

from __future__ import annotations

from .parameter import COUNT, PACKETS, RATE, SIZE, TIME, Parameter

FLOWS = Parameter(
    "traffic.flows",
    COUNT,
    "TCP flows per queue that are acknowledged; 0: none",
    (0, 65_536),
    unit="1",
    default="0",
    decides=PACKETS,
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
