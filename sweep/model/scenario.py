# SPDX-License-Identifier: MIT
"""The parameters of one simulation, fully resolved: integers and names only, hashable; they identify a result.

`sweep.config` makes scenarios from a sweep file; `sweep.model.batch` turns many of them into kernel parameters.
Nothing here is optional or has a default: a `Scenario` has everything that decides its counters.
Units are in the names; `_ppm` is parts per million.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, make_dataclass
from typing import Any

from sweep.fields.nic import NIC
from sweep.fields.parameter import Parameter
from sweep.fields.traffic import READER


@dataclass(frozen=True, slots=True)
class Distribution:
    """A positive random quantity; `quantiles.table` turns it into the table that the kernel samples.

    kind: "constant" (value) | "exponential" (mean) | "lognormal" (median, p99) | "uniform" (low, high)
    | "pareto" (scale, alpha_milli).  `values` are integers in the order just given, in the unit of use
    (ps for times, packets for burst lengths).
    """

    kind: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Arrival process: its name in `traffic.processes`, and its own settings as that one's file has them."""

    kind: str
    settings: tuple[tuple[str, int | Distribution], ...] = ()  # sorted by name


def _numbers(name: str, parameters: Iterable[Parameter]) -> Any:
    """A base class with a whole number for each of these, under its name in the model."""
    fields = [(parameter.symbol, int) for parameter in parameters]
    return make_dataclass(name, fields, frozen=True, slots=True, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader(_numbers("ReaderNumbers", READER)):  # type: ignore[misc]
    """The application behind the socket of local packets: the numbers of `fields.traffic.READER`, and these."""

    same_cpu: bool  # runs on the queue's CPU, in the gaps that the softirq leaves
    wakeup_ps: Distribution  # from the packet that finds it asleep to its first instruction
    stall_every_ps: Distribution | None  # time from the end of one stall to the start of the next
    stall_for_ps: Distribution | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """A named traffic mix.  Fates sum to 1,000,000 ppm; sizes are (frame bytes with FCS, weight) pairs."""

    name: str
    arrivals: Arrivals
    sizes: tuple[tuple[int, int], ...]
    local_ppm: int
    forward_ppm: int
    drop_ppm: int
    forward_path: str  # "kernel" | "xdp": which measured stack cost a forwarded packet has
    flows: int  # TCP flows per queue whose packets are acknowledged; 0: none are
    reader: Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic(_numbers("NicNumbers", NIC)):  # type: ignore[misc]
    """The NIC queue and its driver's settings: the numbers of `fields.nic.NIC`."""

    name: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """All parameters of one simulation."""

    strategy: str
    knobs: tuple[tuple[str, int], ...]  # the strategy's own parameters, sorted by name
    traffic: Traffic
    nic: Nic
    host: str
    costs_ps: tuple[tuple[str, int], ...]  # host profile, every one of fields.host.COSTS, sorted by name
    hardware: tuple[tuple[str, int], ...]  # host profile, every one of fields.host.HARDWARE, sorted by name
    queues: int  # identical queues of the host that share its zone lock, cache, IOMMU and PCIe link, this one included
    iommu: str  # "off" | "lazy" | "strict"
    memory_pages: int  # pages that the zone can give to this queue; 0: no limit
    kernel: str  # a release of Linux: "6.12", "6.12.117"
    rules: tuple[
        str, ...
    ]  # the rules in force of kernel.rules.SWEEP_RULES, in that order: those of the release, changed or not
    ring: int  # RX descriptors
    load_ppm: int  # share of the packet rate that the link can carry with this mix's sizes, for all queues
    packets: int  # packets offered in all, warm-up included
    warmup: int  # packets before the measured window
    seed: int
    replicate: int
