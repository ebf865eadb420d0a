# SPDX-License-Identifier: MIT
"""From a scenario to kernel parameters: gaps, bursts, thresholds, random streams; one record of integers per lane.

Computed with integers and fractions only, so the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweep.fields.constants import BULK_PAGES, PAGE_BYTES
from sweep.fields.field import Field
from sweep.fields.kernel import LOOP_RULES
from sweep.model.hardware.iommu import MODES
from sweep.model.hardware.llc import LINE_BYTES, PAGE_LINES
from sweep.model.hardware.poisson import PPM
from sweep.model.kernel.releases import fragment_align_bytes, most_deferred, most_pool_slots, pcp_marks
from sweep.model.randomness import quantiles, streams
from sweep.model.record import zeros
from sweep.model.scenario import Distribution, Scenario, Traffic
from sweep.model.strategies import strategy
from sweep.model.traffic.arrivals import WIRE_OVERHEAD_BYTES
from sweep.model.traffic.bursts import burst_distribution, mean_burst_packets
from sweep.model.traffic.processes import process
from sweep.model.traffic.processes.protocol import Bursts

from .capacity import NO_LIMIT_PAGES
from .params import DECLARED, PARAMS

SIZE_CLASSES = 8  # most packet sizes of a mix
SK_BUFF_BYTES = 256  # SKB_DATA_ALIGN(sizeof(struct sk_buff)), x86-64
FLUSH_UNMAPS = 250  # unmaps per flush of a lazy IOMMU: [kernel 5e0d2a6fc094]
COPY_HEAD_BYTES = 512 + SK_BUFF_BYTES  # a small skb's head (kmalloc-512) beside it

# A page that another CPU gives back: the cache line of its struct page moves there and, when it is used again,
# back; a deferred skb moves once, to the CPU that frees it.  Assumed: one or two transfers between caches.
RETURNED_LINES = 2

NO_LIMIT_FRAMES = 1 << 40  # a batch of completions that only time ends

KEPT_UNITS = ("pages", "frames")  # knobs in these say how much memory a strategy may keep

_PATHS = {each.symbol: each.path for each in DECLARED if each.part != "host"}
_HOST = {each.key: each.symbol for each in DECLARED if each.part == "host"}
_read = attrgetter(*_PATHS.values())

Tables = Mapping[Distribution, npt.NDArray[np.int64]]


def mean_frame_wire_bytes_ppm(traffic: Traffic) -> int:
    """Mean bytes that a packet of this mix occupies on the wire, in millionths of a byte."""
    weights = sum(weight for _, weight in traffic.sizes)
    wire = sum((size + WIRE_OVERHEAD_BYTES) * weight for size, weight in traffic.sizes)
    return wire * PPM // weights


def mean_gap_ps(scenario: Scenario, share_ppm: int) -> int:
    """Mean time between packets of one queue at this share of the packet rate that the link can carry for all, ps."""
    wire_ps_ppm = mean_frame_wire_bytes_ppm(scenario.traffic) * scenario.nic.link_ps_per_byte
    return scenario.queues * wire_ps_ppm // share_ppm


def bursts(traffic: Traffic) -> Bursts | None:
    """How the packets of this mix come together; None if they come one by one."""
    return process(traffic.arrivals.kind).bursts(dict(traffic.arrivals.settings))


def burst_mean(traffic: Traffic) -> Fraction:
    """Mean number of packets that come together in this mix; 1 if they come one by one."""
    found = bursts(traffic)
    return mean_burst_packets(found.packets) if found else Fraction(1)


def gap_distribution(scenario: Scenario) -> Distribution:
    """Gap before a burst (before each packet if bursts are of one), ps.

    Errors: ValueError if there is none that gives the load.
    """
    arrivals = scenario.traffic.arrivals
    return process(arrivals.kind).gap(
        dict(arrivals.settings), scenario.load_ppm, lambda share_ppm: mean_gap_ps(scenario, share_ppm)
    )


def named_distributions(scenario: Scenario) -> dict[str, Distribution | None]:
    """Parameter that names a table -> its distribution; None if the scenario does not use it."""
    traffic, reader = scenario.traffic, scenario.traffic.reader
    found = bursts(traffic)
    return {
        "gap_table": gap_distribution(scenario),
        "burst_table": burst_distribution(found.packets) if found else None,
        "wakeup_table": reader.wakeup_ps,
        "stall_every_table": reader.stall_every_ps,
        "stall_for_table": reader.stall_for_ps,
    }


def distributions(scenario: Scenario) -> tuple[Distribution, ...]:
    """The distributions whose tables a scenario needs."""
    return tuple(d for d in named_distributions(scenario).values() if d is not None)


def build_tables(needed: Iterable[Distribution]) -> dict[Distribution, npt.NDArray[np.int64]]:
    """Quantile tables of the `needed` distributions."""
    return {distribution: quantiles.table(distribution) for distribution in dict.fromkeys(needed)}


def cut(ppm: int) -> int:
    """Threshold below which the share `ppm` of all 32-bit numbers lies."""
    return (ppm << 32) // PPM


def iommu_costs_ps(iommu: str, costs: Mapping[str, int]) -> dict[str, int]:
    """CPU cost of mapping and unmapping a buffer with the IOMMU in mode `iommu`, ps.

    Of a frame for TX it is what the IOMMU adds: the rest is in the measured cost of forwarding (`stack_forward_*`).
    """
    if iommu == "off":
        return {"tx_map": 0, "tx_unmap": 0}
    invalidate_ps = costs["iommu_invalidate"] if iommu == "strict" else costs["iommu_invalidate"] // FLUSH_UNMAPS
    map_ps, unmap_ps = costs["iommu_map"], costs["iommu_unmap"] + invalidate_ps
    received = {"dma_map": costs["dma_map"] + map_ps, "dma_unmap": costs["dma_unmap"] + unmap_ps}
    return received | {"tx_map": map_ps, "tx_unmap": unmap_ps}


def is_mapped_for_tx(scenario: Scenario) -> bool:
    """Whether the driver maps each forwarded frame: an area's frames, and XDP's with some drivers, have a mapping."""
    in_place = scenario.traffic.forward_path == "xdp" and scenario.nic.xdp_tx_map == 0
    return scenario.iommu != "off" and strategy(scenario.strategy).DEFERRED_FREE and not in_place


def declared(scenario: Scenario) -> dict[str, int]:
    """What the loop reads as it was declared: each of `params.DECLARED` by its name in the model."""
    numbers = dict(zip(_PATHS, _read(scenario), strict=True))
    return numbers | {_HOST[name]: number for name, number in (*scenario.hardware, *scenario.costs_ps)}


def shared_hardware(scenario: Scenario, knobs: dict[str, int]) -> dict[str, int]:
    """What is worked out of the hardware that the queues of the host share."""
    module, hardware = strategy(scenario.strategy), dict(scenario.hardware)
    weights = sum(weight for _, weight in scenario.traffic.sizes)
    frame_bytes = sum(size * weight for size, weight in scenario.traffic.sizes) // weights
    stride_bytes = module.truesize_bytes(knobs)
    frame_lines = -(-frame_bytes // LINE_BYTES)
    offsets = PAGE_BYTES // gcd(stride_bytes, PAGE_BYTES)
    return {
        "iommu": MODES.index(scenario.iommu),
        "frame_bytes": frame_bytes,
        "lines_in_page": PAGE_BYTES * frame_lines // stride_bytes,
        "offsets_used": min(PAGE_LINES, offsets * frame_lines),
        "mapped_pages": module.mapped_pages(knobs),
        "llc_sets": hardware["llc"] // (LINE_BYTES * hardware["llc_ways"]) if hardware["llc"] else 0,
    }


def parameters(scenario: Scenario, rows: Mapping[Distribution, int]) -> dict[str, Any]:
    """Kernel parameters of one scenario; `rows`: distribution -> its row in the tables."""
    module, knobs = strategy(scenario.strategy), dict(scenario.knobs)
    nic, traffic, reader = scenario.nic, scenario.traffic, scenario.traffic.reader
    rules, costs = frozenset(scenario.rules), dict(scenario.costs_ps)
    if costs["poll"] < 1 and scenario.memory_pages:
        raise ValueError("a poll takes no time: polling for a page that nobody frees would never end")
    pcp_batch, pcp_high = pcp_marks(rules)
    deferred = most_deferred(rules, traffic.flows > 0) if module.DEFERRED_FREE else 0
    most_bulk_pages = BULK_PAGES if "pool_bulk" in rules else 1
    for knob, most in (("pool_size", most_pool_slots(rules)), ("bulk", most_bulk_pages)):
        if knob in knobs:
            knobs[knob] = min(knobs[knob], most)
    values: dict[str, Any] = {
        **declared(scenario),
        **shared_hardware(scenario, knobs),
        "tx_coalesce_frames": nic.tx_coalesce_frames or NO_LIMIT_FRAMES,
        "refill_batch": min(nic.refill_batch, scenario.ring),
        "local_cut": cut(traffic.local_ppm),
        "forward_cut": cut(traffic.local_ppm + traffic.forward_ppm),
        "size_classes": len(traffic.sizes),
        "burst_gap_ps": mean_gap_ps(scenario, found.peak_ppm) if (found := bursts(traffic)) else 0,
        "reader_same_cpu": int(reader.same_cpu),
        "buffer_truesize_bytes": module.truesize_bytes(knobs) + SK_BUFF_BYTES,
        "copy_truesize_bytes": COPY_HEAD_BYTES,
        "memory_pages": scenario.memory_pages or NO_LIMIT_PAGES,
        "kept_pages": sum(knobs[knob.name] for knob in module.KNOBS if knob.unit in KEPT_UNITS),
        "pcp_batch": pcp_batch,
        "pcp_high": pcp_high,
        "fragment_align_bytes": fragment_align_bytes(rules),
        **{rule.name: int(rule.name in rules) for rule in LOOP_RULES},
        "deferred_most": 0 if reader.same_cpu else deferred,
        "reader_softirqs_off": int(reader.same_cpu and deferred > 0 and "softirq_off_free" in rules),
        "remote_lines": RETURNED_LINES if module.DEFERRED_FREE else 0,
        "forward_xdp": int(traffic.forward_path == "xdp"),
        "tx_map": int(is_mapped_for_tx(scenario)),
        "stack_forward_ps": costs[f"stack_forward_{traffic.forward_path}"],
        **{f"cost_{name}": ps for name, ps in iommu_costs_ps(scenario.iommu, costs).items()},
        **knobs,
        **{f"key_{name}": key for name, key in streams.keys(scenario).items()},
    }
    for name, distribution in named_distributions(scenario).items():
        values[name] = -1 if distribution is None else rows[distribution]
    return values


def param_fields(name: str) -> tuple[Field, ...]:
    """Parameters of one strategy's kernel: the common ones, then its knobs."""
    return PARAMS + tuple(Field(knob.name, knob.unit, knob.meaning) for knob in strategy(name).KNOBS)


class Prepared(NamedTuple):
    """The inputs of a batch that are prepared in Python.  L: lanes."""

    params: np.recarray  # (L,) record of param_fields(strategy)
    tables: npt.NDArray[np.int64]  # (distinct distributions, quantiles.SIZE)
    size_cut: npt.NDArray[np.int64]  # (L, SIZE_CLASSES)
    size_bytes: npt.NDArray[np.int64]  # (L, SIZE_CLASSES)


def prepare(name: str, scenarios: Sequence[Scenario], tables: Tables) -> Prepared:
    """Kernel inputs of scenarios of one strategy.

    Errors: KeyError if `tables` lacks a distribution; ValueError for a scenario that cannot be run.
    """
    needed = dict.fromkeys(d for scenario in scenarios for d in distributions(scenario))
    rows = {distribution: row for row, distribution in enumerate(needed)}
    params = zeros(param_fields(name), len(scenarios))
    size_cut = np.zeros((len(scenarios), SIZE_CLASSES), np.int64)
    size_bytes = np.zeros_like(size_cut)
    for lane, scenario in enumerate(scenarios):
        if scenario.strategy != name:
            raise ValueError(f"a batch is of one strategy: {scenario.strategy} is not {name}")
        values = parameters(scenario, rows)
        params[lane] = tuple(values[field] for field in params.dtype.names or ())
        total, below = sum(weight for _, weight in scenario.traffic.sizes), 0
        for k, (size, weight) in enumerate(scenario.traffic.sizes):
            below += weight
            size_cut[lane, k], size_bytes[lane, k] = (below << 32) // total, size
    return Prepared(params, np.stack([tables[d] for d in needed]), size_cut, size_bytes)
