# SPDX-License-Identifier: MIT
"""The table of all parameters: name, kind, default, meaning.  One entry here is the one edit for a new one.

A parameter may be fixed at the top of a sweep file, be an axis or part of a zip, and be named in `where:`.
Names with a dot reach into the mix (`traffic.`), NIC (`nic.`), host (`host.`) or strategy (`strategy.`) of a
point; the same table says what may stand in the file of a mix or a NIC.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sweep import units
from sweep.model.host import COSTS
from sweep.model.kernel import ERAS
from sweep.model.strategies import NAMES, strategy

from .kinds import Choice, Formula, Kind, Microseconds, Quantity, Ratio, Whole, Word
from .traffic import RANDOM_TIME, TIME, ArrivalProcess, Fates, Sizes, Stall

REQUIRED = object()
OPTIONAL = object()  # no default, and may be absent

MOST_COST = Quantity(units.TIME, 0, units.PS_PER_SECOND)


class Parameter(NamedTuple):
    """One parameter; `default` is canonical, or REQUIRED or OPTIONAL."""

    name: str
    kind: Kind
    default: Any
    meaning: str


TOP = (
    Parameter("strategy", Choice(lambda: NAMES, "sweep schema"), REQUIRED, "page recycling strategy"),
    Parameter("traffic", Word(), REQUIRED, "name of a traffic mix"),
    Parameter("ring", Whole(1, 32768), REQUIRED, "RX descriptors"),
    Parameter(
        "load", Ratio(1, 2 * units.MILLION), REQUIRED, "share of the packet rate of the link with the mix's sizes"
    ),
    Parameter("host", Word(), "xeon-e5-1650v4", "name of a host profile: what each operation costs"),
    Parameter("nic", Word(), "10g", "name of a NIC, or its settings"),
    Parameter("kernel", Choice(lambda: tuple(ERAS)), next(reversed(ERAS)), "kernel era"),
    Parameter("packets", Whole(1, 1_000_000_000), 100_000, "packets offered in all, warm-up included"),
    Parameter("warmup", Whole(0, 1_000_000_000), 10_000, "packets before the measured window"),
    Parameter("memory_pages", Whole(0, 1 << 40), 0, "pages that the zone has for this queue; 0: no limit"),
    Parameter("label", Word(), OPTIONAL, "free text for a variant"),
)

# A reader's defaults: a plain recv loop at 2 Mpps on another CPU that is awake 5 us after the packet, with the
# receive buffer of net.core.rmem_default.
TRAFFIC = (
    Parameter("traffic.arrivals", ArrivalProcess(), REQUIRED, "arrival process"),
    Parameter("traffic.sizes", Sizes(), REQUIRED, "frame sizes with FCS"),
    Parameter("traffic.fates", Fates(), REQUIRED, "shares of local, forwarded and dropped packets"),
    Parameter("traffic.forward_path", Choice(lambda: ("kernel", "xdp")), "kernel", "who forwards: its stack cost"),
    Parameter("traffic.reader.cpu", Choice(lambda: ("same", "other")), "other", "CPU that the reader runs on"),
    Parameter(
        "traffic.reader.wakeup",
        RANDOM_TIME,
        {"kind": "constant", "values": [5_000_000]},
        "from the packet that finds the reader asleep to its first instruction",
    ),
    Parameter("traffic.reader.rate", Quantity(units.RATE, 1, 10**12), 500_000, "packets per second of a busy reader"),
    Parameter("traffic.reader.call", TIME, 0, "time per call, besides its packets"),
    Parameter("traffic.reader.batch", Whole(1, 65536), 1, "packets per call at most"),
    Parameter("traffic.reader.stall", Stall(), "none", "when the reader stalls, and for how long"),
    Parameter("traffic.reader.rcvbuf", Quantity(units.SIZE, 1, 1 << 28), 212_992, "receive buffer, in truesize"),
)

# napi_budget: NAPI_POLL_WEIGHT.  refill_batch: IXGBE_RX_BUFFER_WRITE.  tx_coalesce: as coalesce, because ixgbe and
# its like have one interrupt for both directions of a queue.
NIC = (
    Parameter("nic.link", Quantity(units.LINK, 1, 8_000_000), REQUIRED, "link speed"),
    Parameter("nic.tx_ring", Whole(1, 65536), REQUIRED, "TX descriptors"),
    Parameter("nic.napi_budget", Whole(1, 65536), 64, "packets per poll at most"),
    Parameter("nic.coalesce.usecs", Microseconds(0, 10**12), REQUIRED, "RX interrupt: time after the first packet"),
    Parameter("nic.coalesce.frames", Whole(0, 65536), 0, "RX interrupt: packets; 0: not used"),
    Parameter("nic.tx_coalesce.usecs", Microseconds(0, 10**12), OPTIONAL, "TX completion: time; default as coalesce"),
    Parameter("nic.tx_coalesce.frames", Whole(0, 65536), OPTIONAL, "TX completion: frames; default as coalesce"),
    Parameter("nic.refill_batch", Whole(1, 65536), 16, "consumed descriptors that make the driver refill"),
    Parameter("nic.copybreak", Quantity(units.SIZE, 0, 9000), 0, "local packets up to this size are copied; 0: none"),
)

HOST = tuple(Parameter(f"host.{field.name}", MOST_COST, REQUIRED, field.meaning) for field in COSTS)


@cache
def knob_parameters() -> tuple[Parameter, ...]:
    """`strategy.<knob>` of every strategy.  Bounds are the widest; each strategy's own are checked per point."""
    found: dict[str, Parameter] = {}
    for name in NAMES:
        for knob in strategy(name).KNOBS:
            key = f"strategy.{knob.name}"
            low, high = knob.low, knob.high
            if key in found:
                kind = found[key].kind
                assert isinstance(kind, Formula)
                low, high = min(low, kind.low), max(high, kind.high)
            found[key] = Parameter(key, Formula(low, high), OPTIONAL, knob.meaning)
    return tuple(found.values())


@cache
def knobs_of(name: str) -> frozenset[str]:
    """The names `strategy.<knob>` that one strategy has; none for an unknown strategy."""
    return frozenset(f"strategy.{knob.name}" for knob in strategy(name).KNOBS) if name in NAMES else frozenset()


@cache
def parameters() -> dict[str, Parameter]:
    """All parameters by name."""
    return {parameter.name: parameter for parameter in (*TOP, *knob_parameters(), *TRAFFIC, *NIC, *HOST)}
