# SPDX-License-Identifier: MIT
"""What the audit simulates: sweep files with overrides, and how many replicates of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
QUICK_SHARE = 20  # the quick audit has one replicate in so many


@dataclass(frozen=True)
class Plan:
    """An ensemble that can be simulated."""

    name: str
    file: str  # in this folder
    replicates: int
    sets: tuple[str, ...] = ()  # overrides, as `sweep run --set` takes them

    def settings(self, seed: int, *, quick: bool = False) -> list[str]:
        """All overrides."""
        replicates = max(self.replicates // QUICK_SHARE, 20) if quick else self.replicates
        return [*self.sets, f"replicates={replicates}", f"seed={seed}"]

    @property
    def path(self) -> Path:
        return HERE / self.file


def _window(packets: int, replicates: int) -> Plan:
    sets = (f"packets={packets + 20_000}", "warmup=20000")
    return Plan(f"window-{packets}", "windows.yaml", replicates, sets)


A = Plan("a", "a.yaml", 400)
B = Plan("b", "b.yaml", 600)
# What losses in clumps do to decisions: few cells and 500 reports of 10 replicates; of the long windows, 200.
_CLUMPS = ("axes.strategy=[page_allocator, refcount_recycle, page_frag, page_pool]", "axes.ring=[256, 1024]")
A_REPORTS = Plan(
    "a-reports", "a.yaml", 5_000, (*_CLUMPS, "axes.traffic=[host_slow_reader, bursty_host]", "axes.load=[0.3]")
)
B_REPORTS = Plan("b-reports", "b.yaml", 2_000, (*_CLUMPS, "axes.traffic=[host_slow_reader]"))
SLOW = Plan("slow", "slow.yaml", 8_000)  # 1,000 series of 8
RARE = Plan("rare", "rare.yaml", 20_000)  # 1,000 series of 20

# The sides of comparisons; 500 runs of 16 replicates.  A change of a distribution by a millionth draws other stalls or
# wake-ups and has no effect of its own.
BASE = Plan("base", "gates.yaml", 8_000)
LARGE_COST = Plan("cost-1.2", "gates.yaml", 8_000, ("host.stack_local=506 ns",))
SMALL_COST = Plan("cost-0.4", "gates.yaml", 8_000, ("host.stack_local=502 ns",))
BUFFER = Plan("rcvbuf", "gates.yaml", 8_000, ("traffic.reader.rcvbuf=256 KiB",))
WAKEUPS = Plan(
    "other-wakeups", "gates.yaml", 8_000, ("traffic.reader.wakeup={lognormal: {median: 20.00002 us, p99: 200 us}}",)
)
STALLS = Plan(
    "other-stalls",
    "gates.yaml",
    8_000,
    ("traffic.reader.stall={every: {exponential: {mean: 50 ms}}, for: {exponential: {mean: 5.000005 ms}}}",),
)

WINDOWS = {packets: _window(packets, 240_000_000 // packets) for packets in (16_000, 100_000, 2_000_000)}
