# SPDX-License-Identifier: MIT
"""The number of packets of a point whose window or warm-up is given as a time.

A time is divided by the point's mean time between packets, which its mix, link, queues and load decide, and rounded up
to a whole packet.  So the packets of a point are an integer function of the sweep file, and rows are equal whether the
window was written as a time or as the same number of packets.

Not modelled: arrivals are random, so a window of that many packets has the requested length only on average; the metric
`window_ns` says how long each one was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from sweep import units
from sweep.fields.nic import NIC
from sweep.fields.parameter import Parameter
from sweep.fields.traffic import READER
from sweep.grid import Codes, Layout
from sweep.model.lane import prepare
from sweep.model.scenario import Arrivals, Distribution, Nic, Reader, Scenario, Traffic

from . import scenario_parts

Values = dict[str, Any]  # parameters of a point, or a document

DURATION, PACKETS, WARMUP = "duration", "packets", "warmup"
# The parameters (up to the first dot) that decide a window.
DECISIVE = ("traffic", "nic", "queues", "load", DURATION, PACKETS, WARMUP)


def _lowest(declared: Iterable[Parameter]) -> dict[str, int]:
    return {parameter.symbol: parameter.within[0] for parameter in declared}


_ONE = Distribution("constant", (1,))
PLACEHOLDER = Scenario(  # a placeholder for functions of only a few fields of a scenario
    strategy="",
    knobs=(),
    traffic=Traffic(
        name="",
        arrivals=Arrivals("constant"),
        sizes=((64, 1),),
        local_ppm=0,
        forward_ppm=0,
        drop_ppm=1_000_000,
        forward_path="kernel",
        flows=0,
        reader=Reader(same_cpu=True, wakeup_ps=_ONE, stall_every_ps=None, stall_for_ps=None, **_lowest(READER)),
    ),
    nic=Nic(name="", **_lowest(NIC)),
    host="",
    costs_ps=(),
    hardware=(),
    queues=1,
    iommu="off",
    memory_pages=0,
    kernel="",
    rules=(),
    ring=1,
    load_ppm=1,
    packets=1,
    warmup=0,
    seed=0,
    replicate=0,
)


class Window(NamedTuple):
    """The packets of one point, before and in its measured window."""

    packets: int  # offered in all, warm-up included
    warmup: int  # before the measured window


def is_in_time(layout: Layout) -> bool:
    """Whether any window or warm-up of the sweep is given as a time."""
    warmups, _ = layout.codes(WARMUP)
    durations, _ = layout.codes(DURATION)
    return any(value is not None for value in durations) or any(isinstance(value, str) for value in warmups)


def decisive(layout: Layout) -> list[str]:
    """The parameters that vary and decide a window."""
    return [name for name in layout.home if name.partition(".")[0] in DECISIVE]


def at(document: Values, value: Values) -> Window:
    """The window of a point with these values."""
    duration_ps, warmup = value.get(DURATION), value[WARMUP]
    if duration_ps is None and isinstance(warmup, int):
        return Window(value[PACKETS], warmup)
    mix, nic = scenario_parts.traffic(document, value), scenario_parts.nic(document, value)
    point = replace(PLACEHOLDER, traffic=mix, nic=nic, queues=value["queues"])
    gap_ps = prepare.mean_gap_ps(point, value["load"])
    warmup_packets = warmup if isinstance(warmup, int) else _packets(units.time_ps(warmup), gap_ps)
    return Window(
        value[PACKETS] if duration_ps is None else warmup_packets + _packets(duration_ps, gap_ps), warmup_packets
    )


def columns(layout: Layout, document: Values) -> tuple[list[Window], Codes]:
    """The distinct windows of the points, and for each point the index of its own, (points,)."""
    first, codes = layout.distinct(decisive(layout))
    distinct_windows = [
        at(document, {**layout.fixed, **layout.varied(layout.digits(point))}) for point in first.tolist()
    ]
    return distinct_windows, codes


def _packets(time_ps: int, gap_ps: int) -> int:
    return -(-time_ps // gap_ps)
