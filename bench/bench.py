# SPDX-License-Identifier: MIT
"""`make bench`: how fast the engine simulates, beside its floor, a NumPy lock-step and a SimPy version.

The floor comes first: an empty loop and one that only draws the packets.  Then each strategy under three
loads, one fate each, and the two other versions on the loads that they cover.  All rows are measured in
turn, again and again, so a busy moment of the machine hits all alike; a row is the median of its times and
their range.  Time is CPU time of this process, which runs one thread: packets per second are per core.

The other versions must count exactly what the engine counts, or the comparison is void and the exit code 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time

from sweep.config import load
from sweep.model.batch import simulate, warm
from sweep.model.lane.prepare import Tables
from sweep.model.scenario import Scenario

from . import agree, floor, lockstep, simpy_model
from .lockstep_pages import STRATEGIES as LOCKSTEP_STRATEGIES
from .packets import tables_of
from .simpy_pages import STRATEGIES as SIMPY_STRATEGIES

SWEEP_FILE = Path(__file__).parent / "bench.yaml"
AIM_NS = 30  # per simulated packet, for page_pool
AIMED = "page_pool"
SIMPY_SHARE, LOCKSTEP_SHARE = 20, 200  # they get fewer packets, so that a row takes about a second


@dataclass
class Row:
    """One thing to measure."""

    version: str  # "floor", "engine", "NumPy lock step", "SimPy"
    what: str  # strategy, or what the floor does
    mix: str
    scenarios: list[Scenario]
    call: Callable[[Tables], object]  # simulates them; the tables come with a plan and are made before
    ns: list[float] = field(default_factory=list)  # per packet, a value per repeat

    def measure(self) -> None:
        """Call once more."""
        tables = tables_of(self.scenarios)
        start = process_time()
        self.call(tables)
        self.ns.append((process_time() - start) * 1e9 / self.packets)

    @property
    def packets(self) -> int:
        """Packets of one call."""
        return sum(scenario.packets for scenario in self.scenarios)

    @property
    def median(self) -> float:
        """Median time per packet, ns."""
        return median(self.ns)


class Bench:
    """The rows of one run, for simulations of `packets` packets and `lanes` lanes in lock step."""

    def __init__(self, packets: int, lanes: int) -> None:
        self.packets, self.lanes = packets, lanes
        self.mixes = tuple(str(axis) for axis in load(SWEEP_FILE).axes[1].values)
        self.long = self.scenarios(packets)
        self.short, self.shorter = (
            self.scenarios(max(packets // share, 100), "host.llc=0") for share in (SIMPY_SHARE, LOCKSTEP_SHARE)
        )

    @staticmethod
    def scenarios(packets: int, *overrides: str) -> dict[tuple[str, str], Callable[[int], Scenario]]:
        """By strategy and mix: the scenario of a replicate."""
        sweep = load(SWEEP_FILE, [f"packets={packets}", f"warmup={packets // 10}", *overrides])

        def maker(point: int) -> Callable[[int], Scenario]:
            return lambda replicate: sweep.scenario(point, replicate)

        return {(sweep.strategy_of(point), sweep.traffic(point).name): maker(point) for point in range(sweep.points)}

    def rows(self) -> Iterator[Row]:
        """Everything to measure, the floor first."""
        first = [self.long[AIMED, self.mixes[0]](0)]
        for what, function in (("empty loop", floor.empty_loop), ("draw the packets", floor.draw_packets)):
            yield Row("floor", what, "", first, partial(floor.run, function, first[0]))
        for (strategy, mix), scenario in self.long.items():
            yield Row("engine", strategy, mix, [scenario(0)], partial(simulate, strategy, [scenario(0)]))
        for (strategy, mix), lanes in self.in_lockstep():
            yield Row("NumPy lock step", strategy, mix, lanes, partial(lockstep.simulate, lanes))
        for (strategy, mix), lanes in self.in_simpy():
            yield Row("SimPy", strategy, mix, lanes, partial(simpy_model.simulate, lanes))

    def in_lockstep(self) -> Iterator[tuple[tuple[str, str], list[Scenario]]]:
        """What the lock-step version covers."""
        for (strategy, mix), scenario in self.shorter.items():
            if strategy in LOCKSTEP_STRATEGIES and scenario(0).traffic.local_ppm == 0:
                yield (strategy, mix), [scenario(replicate) for replicate in range(self.lanes)]

    def in_simpy(self) -> Iterator[tuple[tuple[str, str], list[Scenario]]]:
        """What the SimPy version covers."""
        for (strategy, mix), scenario in self.short.items():
            if strategy in SIMPY_STRATEGIES:
                yield (strategy, mix), [scenario(0)]

    def disagreements(self) -> Iterator[str]:
        """What the other versions count differently from the engine, on the very scenarios that are measured."""
        for (strategy, mix), lanes in self.in_lockstep():
            for name in agree.differences(agree.engine(lanes), agree.by_lockstep(lanes)):
                yield f"NumPy lock step, {strategy}, {mix}: {name}"
        for (strategy, mix), lanes in self.in_simpy():
            for name in agree.differences(agree.engine(lanes), agree.by_simpy(lanes)):
                yield f"SimPy, {strategy}, {mix}: {name}"


def machine() -> str:
    """What this was measured on."""
    names = ("numpy", "llvmlite", "simpy")
    return f"{processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, " + ", ".join(
        f"{name} {version(name)}" for name in names
    )


def processor() -> str:
    """The CPU's name, as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The result, a line per row."""
    engine = {(row.what, row.mix): row.median for row in rows if row.version == "engine"}
    head = ("", "", "mix", "packets", "ns/packet", "min .. max", "M packets/s", "times the engine's")
    lines = [head]
    for row in rows:
        is_other = row.version not in ("floor", "engine")
        spread = f"{min(row.ns):,.1f} .. {max(row.ns):,.1f}"
        ratio = f"{row.median / engine[row.what, row.mix]:,.0f}" if is_other else ""
        rate = f"{1000 / row.median:,.2f}" if row.median else ""
        lines.append((row.version, row.what, row.mix, f"{row.packets:,}", f"{row.median:,.1f}", spread, rate, ratio))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:3], widths[:3], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(line[3:], widths[3:], strict=True)]
        yield "  ".join(left + right).rstrip()


def verdict(rows: Sequence[Row]) -> str:
    """Is the aim met, load by load."""
    aimed = [row for row in rows if row.version == "engine" and row.what == AIMED]
    each = ", ".join(f"{row.mix} {row.median:.1f} ns {'met' if row.median <= AIM_NS else 'missed'}" for row in aimed)
    return f"aim: {AIM_NS} ns per simulated packet or less for {AIMED}: {each}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a version counts something else than the engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench", description="How fast the engine simulates.")
    parser.add_argument("--packets", type=int, default=200_000, help="packets of one simulation (default 200000)")
    parser.add_argument("--lanes", type=int, default=1024, help="simulations in lock step (default 1024)")
    parser.add_argument("--repeats", type=int, default=5, help="times that each row is measured (default 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the packets, 256 lanes, twice: a look")
    options = parser.parse_args(arguments)
    if options.quick:
        options.packets, options.lanes, options.repeats = options.packets // 10, 256, 2
    if min(options.packets, options.lanes, options.repeats) < 1:
        parser.error("packets, lanes and repeats are at least 1")

    bench = Bench(options.packets, options.lanes)
    print(machine())
    names = list(dict.fromkeys(strategy for strategy, _ in bench.long))
    seconds = ", ".join(f"{name} {warm(name):.2f} s" for name in names)
    print(f"first call, kernel compiled or loaded: {seconds}", flush=True)
    disagreements = list(bench.disagreements())
    for disagreement in disagreements:
        print(f"not what the engine counts: {disagreement}", file=sys.stderr)
    rows = list(bench.rows())
    for row in rows[:2]:
        row.call(tables_of(row.scenarios))  # compile the floor
    for _ in range(options.repeats):
        for row in rows:
            row.measure()
    print(*table(rows), sep="\n")
    print(f"every counter equal in all versions: {'no' if disagreements else 'yes'}")
    print(verdict(rows))
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
