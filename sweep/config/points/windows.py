# SPDX-License-Identifier: MIT
"""How many packets a point has, where its window or its warm-up is given as a time.

A time is turned into packets by the mean time between packets of the point, which its mix, link, queues and load
decide, and is rounded up to a whole packet: the packets of a point are a function of the sweep file, in integers, and
equal times give equal rows whether they were written as times or as these packets.

Not modelled: arrivals are random, so a window of that many packets is as long as was asked for in the mean only; the
metric `window_ns` says how long each one was.
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
SOME = Scenario(  # what does not matter to a question about a few fields, in one form
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
    ring=1,
    load_ppm=1,
    packets=1,
    warmup=0,
    seed=0,
    replicate=0,
)


class Window(NamedTuple):
    """Of one point, in packets."""

    packets: int  # offered in all, warm-up included
    warmup: int  # before the measured window


def is_in_time(layout: Layout) -> bool:
    """Whether a window or a warm-up of the sweep is given as a time."""
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
    point = replace(SOME, traffic=mix, nic=nic, queues=value["queues"])
    gap_ps = prepare.mean_gap_ps(point, value["load"])
    before = warmup if isinstance(warmup, int) else _packets(units.time_ps(warmup), gap_ps)
    return Window(value[PACKETS] if duration_ps is None else before + _packets(duration_ps, gap_ps), before)


def columns(layout: Layout, document: Values) -> tuple[list[Window], Codes]:
    """The windows of all points: of each group of points that agree in what decides them, and the group of a point."""
    first, codes = layout.distinct(decisive(layout))
    found = [at(document, {**layout.fixed, **layout.varied(layout.digits(point))}) for point in first.tolist()]
    return found, codes


def _packets(time_ps: int, gap_ps: int) -> int:
    return -(-time_ps // gap_ps)
