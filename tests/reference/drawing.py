# SPDX-License-Identifier: MIT
"""Scenarios over the whole parameter space, drawn by a random generator that hypothesis seeds.

A third of them are coarse: every time is a multiple of 100 ns, so that events often fall on the same instant
and the rules for ties are exercised; arrivals at a constant rate and packets of 80 bytes keep to that grid.
A quarter are scarce: few pages, so that allocations fail and starved polls are repeated.
One in eight shares scarce hardware with other queues for several epochs.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sweep.fields.host import COST_NAMES
from sweep.model.batch import Prepared
from sweep.model.hardware.iommu import MODES
from sweep.model.scenario import Arrivals, Distribution, Nic, Reader, Scenario, Traffic

from .drawn_frames import hold_frames
from .drawn_rules import DEFERRAL, in_table_order, pool, rules
from .drawn_times import MS, PPM, TICK_PS, US, Flavour, delay, duration, flavour

FATES = (
    (1_000_000, 0, 0),
    (1_000_000, 0, 0),
    (0, 1_000_000, 0),
    (0, 0, 1_000_000),
    (980_000, 0, 20_000),
    (500_000, 450_000, 50_000),
    (300_000, 400_000, 300_000),
)
SIZES = (
    ((64, 1),),
    ((1518, 1),),
    ((64, 7), (594, 4), (1518, 1)),
    ((80, 3), (180, 2), (1480, 1)),
    ((60, 5), (64, 5), (128, 5), (256, 5), (512, 5), (1024, 5), (1500, 5), (1518, 5)),
)


def reader(rng: Random, f: Flavour) -> Reader:
    span = f.gap_ps() * f.packets
    every = for_ = None
    if rng.random() < 0.5:
        every = delay(rng, f, max(span // 1000, 5 * TICK_PS), max(span // 2, 500 * TICK_PS))
        for_ = delay(rng, f, 0, max(span // 2, 50 * US))
    return Reader(
        same_cpu=rng.random() < 0.4,
        wakeup_ps=delay(rng, f, 0, rng.choice((US, 50 * US, 500 * US))),
        read_ps=duration(rng, f, 0, 5 * US),
        call_ps=duration(rng, f, 0, 5 * US),
        batch_packets=rng.choice((1, 2, 3, 8, 32, 64, 1000)),
        stall_every_ps=every,
        stall_for_ps=for_,
        rcvbuf_bytes=rng.choice((1, 2304, 10_000, 100_000, 212_992, 1 << 22, 1 << 22)),
    )


def nic(rng: Random, f: Flavour, ring: int) -> Nic:
    return Nic(
        name="nic",
        link_ps_per_byte=f.link_ps_per_byte,
        tx_ring=rng.choice((1, 2, 3, 7, 16, 64, 100, 256, 1024)),
        napi_budget=rng.choice((1, 2, 3, 7, 16, 32, 64, 64)),
        coalesce_ps=rng.choice((0, duration(rng, f, 0, 100 * US))),
        coalesce_frames=rng.choice((0, 0, 1, 2, 3, 8, 32, 64)),
        tx_coalesce_ps=rng.choice((0, duration(rng, f, 0, 100 * US))),
        tx_coalesce_frames=rng.choice((0, 1, 2, 3, 8, 32, 64)),
        refill_batch=rng.choice((1, 2, 3, 8, 16, ring)),
        copybreak_bytes=rng.choice((0, 0, 0, 64, 128, 256, 2000)),
        pcie_packet_ps=rng.choice((0, 0, 1, rng.randint(1, 20_000), rng.randint(1, 2_000_000))),
        rx_buffer_bytes=rng.choice((0, 100, 3000, 1 << 16, 1 << 19)),
        **pool(rng),
    )


def arrivals(rng: Random, f: Flavour) -> Arrivals:
    kind = "constant" if f.coarse else rng.choice(("poisson", "constant", "on_off", "on_off"))
    if kind != "on_off":
        return Arrivals(kind)
    length = rng.choice((1, 2, 10, 50, 300) if f.load_ppm > 100_000 else (1, 2, 10, 50))
    bursts = (
        Distribution("constant", (length,)),
        Distribution("exponential", (length,)),
        Distribution("uniform", (length, 3 * length)),
        Distribution("pareto", (length, 2500)),
    )
    return Arrivals(kind, (("burst", rng.choice(bursts)), ("peak", f.load_ppm * rng.choice((2, 5, 100)))))


def traffic(rng: Random, f: Flavour) -> Traffic:
    sizes = ((80, 1),) if f.coarse else rng.choice(SIZES)
    return Traffic(
        "mix",
        arrivals(rng, f),
        sizes,
        *rng.choice(FATES),
        forward_path=rng.choice(("kernel", "xdp")),
        flows=rng.choice((0, 0, 1, 3, 8, 100)),
        reader=reader(rng, f),
    )


def costs(rng: Random, f: Flavour) -> tuple[tuple[str, int], ...]:
    """Every cost: tiny, usual or large; a poll is never free, because a starved one is repeated at once."""
    most = rng.choice((1000, 30_000, 100_000, 500_000))
    if f.coarse:
        values = {name: TICK_PS * rng.choice((0, 0, 1, 2)) for name in COST_NAMES}
        values["interrupt_latency"] = TICK_PS * rng.choice((0, 1, 30))
        values["copy_byte"] = TICK_PS * rng.choice((0, 0, 1))
    else:
        values = {name: rng.choice((1, 7, rng.randint(1, most), rng.randint(1, most), most)) for name in COST_NAMES}
        values["interrupt_latency"] = rng.choice((1, 700_001, 5 * US))
        values["copy_byte"] = rng.choice((1, 11, 1000))
    values["poll"] = max(values["poll"], TICK_PS if f.coarse or f.scarce else 1)
    return tuple(sorted(values.items()))


def hardware(rng: Random) -> tuple[tuple[str, int], ...]:
    """A small cache and small translation caches, so that a few pages overflow them; or none."""
    ways = rng.choice((1, 2, 11, 20))
    values = {
        "llc": rng.choice((0, 1, 2, 12)) * 64 * ways * rng.choice((64, 1024)),
        "llc_ways": ways,
        "ddio_ways": rng.choice((0, 1, 2, 3)),
        "header_lines": rng.choice((0, 1000, 1600, 3000)),
        "iotlb": rng.choice((1, 16, 64, 256)),
        "walk_cache": rng.choice((1, 2, 64)),
    }
    return tuple(sorted(values.items()))


def knobs(rng: Random, strategy: str, ring: int) -> tuple[tuple[str, int], ...]:
    size = rng.choice((1, 2, 5, 16, 31, 32, 33, 64, 100, 512, ring))
    pool = (("bulk", rng.choice((1, 7, 64, 64))), ("pool_size", size))
    if strategy == "page_pool":
        return (*pool, ("shared", rng.choice((0, 0, 0, 1))))
    if strategy == "zero_copy":
        area = rng.choice((1, ring // 2 + 1, ring, ring + 1, 2 * ring, 3 * ring + 100))
        own = {"area_frames": area, "chunk_bytes": rng.choice((2048, 3000, 4096)), "zcrx": rng.choice((0, 1, 1))}
        return tuple(sorted((own | {"refill_ring": rng.choice((1, 2, 7, 64, 4096))}).items()))
    if strategy == "hugepage_pool":
        return (*pool, ("region_pages", rng.choice((1, 3, 16, 64, 512))))
    if strategy == "page_pool_frag":
        return tuple(sorted((*pool, ("frag_bytes", rng.choice((256, 700, 1500, 2048, 2048, 4096))))))
    if strategy == "page_frag":
        fails = rng.choice((0, 1000, 300_000, 1_000_000))
        return (("frag_bytes", rng.choice((256, 1536, 2048, 3000, 4096))), ("order3_fail_ppm", fails))
    if strategy == "page_flip":
        return (("driver_bias", rng.randint(0, 1)), ("reuse", rng.choice((0, 1, 1, 1))))
    if strategy == "fifo_cache":
        size = rng.choice((2, 3, 16, 33, 100, 256, 256, 2000))
        return (("bypass", rng.choice((0, 0, 1))), ("cache_size", size), ("on_busy_head", rng.randint(0, 1)))
    return pool if strategy == "bounded_pool" else ()


def queues(wanted: int, load_ppm: int, link_ps_per_byte: int) -> int:
    """As many, or so few that a gap between bursts of the longest frames stays within the tables' limit."""
    burst = 600 if load_ppm > 100_000 else 100  # the longest mean that `arrivals` draws
    gap_ps = burst * 1538 * link_ps_per_byte * PPM // load_ppm
    return min(wanted, max(250 * MS // gap_ps, 1))


def scenario(rng: Random, strategy: str, most_packets: int = 1500) -> Scenario:
    """A scenario of this strategy."""
    f = flavour(rng, most_packets)
    ring = rng.choice((rng.randint(1, 8), rng.randint(1, 64), rng.randint(1, 600), 64, 256, 512))
    prices = dict(costs(rng, f))
    if strategy in ("bounded_pool", "zero_copy"):  # it may run out in any scenario, and then polls on through a stall
        prices["poll"] = max(prices["poll"], 100 * TICK_PS)
    drawn = Scenario(
        strategy=strategy,
        knobs=knobs(rng, strategy, ring),
        traffic=traffic(rng, f),
        nic=nic(rng, f, ring),
        host="host",
        costs_ps=tuple(sorted(prices.items())),
        hardware=hardware(rng),
        queues=queues(rng.choice((1, 1, 2, 3, 6, 16)), f.load_ppm, f.link_ps_per_byte),
        iommu=rng.choice(MODES),
        memory_pages=rng.choice((1, 3, 8, 20, 70, 130)) if f.scarce else 0,
        kernel="6.12",
        rules=rules(rng),
        ring=ring,
        load_ppm=f.load_ppm,
        packets=f.packets,
        warmup=rng.choice((0, 1, f.packets // 10, f.packets // 3)),
        seed=rng.randint(0, 1 << 40),
        replicate=rng.randint(0, 3),
    )
    special = rng.randint(0, 7)
    if special == 0:
        return read_while_idle(rng, drawn, most_packets)
    if special == 1:
        return read_while_polling(rng, drawn, most_packets)
    return share_hardware(rng, drawn, most_packets) if special == 2 else drawn


def read_while_idle(rng: Random, drawn: Scenario, most_packets: int) -> Scenario:
    """Change it so that a reader on another CPU reads whole bursts while the NAPI CPU is idle: kicks."""
    lengths = Distribution("uniform", (100, 500))
    slow_to_wake = Distribution("constant", (rng.randint(20, 200) * US,))
    traffic = replace(
        drawn.traffic,
        arrivals=Arrivals("on_off", (("burst", lengths), ("peak", 5_000_000))),
        local_ppm=1_000_000,
        forward_ppm=0,
        drop_ppm=0,
        reader=replace(
            drawn.traffic.reader,
            same_cpu=False,
            wakeup_ps=slow_to_wake,
            read_ps=rng.randint(0, 300_000),
            batch_packets=rng.choice((32, 1000)),
            rcvbuf_bytes=1 << 22,
        ),
    )
    return replace(
        drawn,
        traffic=traffic,
        rules=in_table_order({*drawn.rules, "deferred_free", "udp_deferred_free"}),
        ring=600,
        load_ppm=50_000,
        packets=most_packets,
        memory_pages=0,
        nic=replace(drawn.nic, copybreak_bytes=0, napi_budget=64, link_ps_per_byte=rng.choice((80, 320))),
    )


def read_while_polling(rng: Random, drawn: Scenario, most_packets: int) -> Scenario:
    """Change it so that polls follow each other for milliseconds and the reader has to share their CPU."""
    work = {
        name: rng.randint(2, 8) * US
        for name in ("stack_drop", "stack_local", "stack_forward_kernel", "stack_forward_xdp")
    }
    f = Flavour(False, False, 950_000, 8000, most_packets)
    every, for_ = delay(rng, f, 20 * US, 4 * MS), delay(rng, f, US, MS)
    stalls = rng.random() < 0.7
    reader = replace(
        drawn.traffic.reader,
        same_cpu=True,
        rcvbuf_bytes=1 << 22,
        stall_every_ps=every if stalls else None,
        stall_for_ps=for_ if stalls else None,
    )
    return replace(
        drawn,
        traffic=replace(drawn.traffic, arrivals=Arrivals("poisson"), sizes=((350, 1),), reader=reader),
        costs_ps=tuple(sorted((dict(drawn.costs_ps) | work).items())),
        nic=replace(drawn.nic, napi_budget=min(drawn.nic.napi_budget, 16), link_ps_per_byte=8000),
        queues=1,  # or each would have a share of the load
        load_ppm=950_000,
        packets=most_packets,
        memory_pages=0,
    )


def share_hardware(rng: Random, drawn: Scenario, most_packets: int) -> Scenario:
    """Change it so that queues share hardware that is scarce, for several epochs of 1,024 packets."""
    gap_ps = 300 * drawn.nic.link_ps_per_byte * PPM // drawn.load_ppm
    small = {"llc": 64 * rng.randint(50, 50_000), "walk_cache": rng.choice((1, 1, 1, 2, 64))}
    shared = replace(
        drawn,
        traffic=replace(drawn.traffic, flows=rng.choice((0, 0, 1, 2, 8, 100))),
        queues=queues(rng.choice((2, 3, 6, 16)), drawn.load_ppm, drawn.nic.link_ps_per_byte),
        iommu=rng.choice(("off", "lazy", "strict", "strict")),
        packets=rng.randint(2 * most_packets, 3 * most_packets),
        warmup=rng.choice((drawn.warmup, most_packets * 4 // 5)),
        memory_pages=0,
        ring=rng.choice((rng.randint(2, 64), rng.randint(65, 600), rng.randint(601, 2000))),
        nic=replace(drawn.nic, pcie_packet_ps=rng.choice((0, rng.randint(gap_ps // 2, gap_ps * 3 // 2)))),
        hardware=tuple(sorted((dict(drawn.hardware) | small).items())),
    )
    alone = shared if drawn.seed % 2 else hold_frames(shared, 600 * gap_ps * shared.queues)
    return alone if rng.random() < 0.6 else fight_for_the_lock(rng, shared)


def fight_for_the_lock(rng: Random, shared: Scenario) -> Scenario:
    """Change it so that one CPU takes pages and another frees them, and both need the zone lock, which is slow."""
    lock = {"zone_lock": rng.randint(1, 40) * US, "lock_waiter": rng.randint(1, US)}
    reader = replace(
        shared.traffic.reader, same_cpu=False, read_ps=0, call_ps=0, stall_every_ps=None, stall_for_ps=None
    )
    return replace(
        shared,
        traffic=replace(shared.traffic, local_ppm=1_000_000, forward_ppm=0, drop_ppm=0, reader=reader),
        nic=replace(shared.nic, copybreak_bytes=0),
        costs_ps=tuple(sorted((dict(shared.costs_ps) | lock).items())),
        rules=in_table_order({*shared.rules} - DEFERRAL),  # the reader frees pages itself
        ring=rng.randint(16, 600),
    )


def vary_lists(rng: Random, inputs: Prepared) -> None:
    """Give half of the lanes shorter per-CPU lists than any kernel has, so that the zone is used more."""
    for lane in range(len(inputs.params)):
        if rng.random() < 0.5:
            inputs.params.pcp_batch[lane] = rng.randint(8, 63)
            inputs.params.pcp_high[lane] = inputs.params.pcp_batch[lane] + rng.randint(0, 100)
