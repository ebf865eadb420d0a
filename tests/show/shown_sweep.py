# SPDX-License-Identifier: MIT
"""A small sweep of every strategy, with every way a packet can go, and what was published of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from sweep import report
from sweep.model.strategies import NAMES
from sweep.results.dataset import published
from sweep.trace import rerun

# Four queues and a strict IOMMU: acknowledgements, page walks and waits for the lock are in it.  A receive buffer that
# overflows, a small TX ring, copies of small packets; a stall that leaves a long deferred list behind.
SWEEP = f"""\
name: shown
host: xeon-e5-1650v4
nic: small
kernel: "6.12"
packets: 1500
warmup: 300
load: 0.9
queues: 4
iommu: strict
axes:
  strategy: [{", ".join(NAMES)}]
  traffic: [everything, same_cpu]
  ring: [64, 128]
replicates: 2
baseline: {{strategy: page_allocator}}
seed: 7
traffic:
  everything:
    arrivals: {{on_off: {{burst: {{exponential: {{mean: 16}}}}, peak: 1.0}}}}
    sizes: [{{bytes: 64, weight: 1}}, {{bytes: 594, weight: 2}}, {{bytes: 1518, weight: 1}}]
    fates: {{local: 0.75, forward: 0.2, drop: 0.05}}
    flows: 4
    reader:
      cpu: other
      wakeup: {{lognormal: {{median: 50 us, p99: 200 us}}}}
      rate: 8 Mpps
      stall: {{every: {{exponential: {{mean: 500 us}}}}, for: {{constant: 600 us}}}}
      rcvbuf: 1_500_000
  same_cpu:
    arrivals: {{poisson: {{}}}}
    sizes: imix
    fates: {{local: 0.9, drop: 0.1}}
    reader: {{cpu: same, rate: 2 Mpps, batch: 8, call: 300 ns}}
nics:
  small:
    link: 10 Gbit/s
    tx_ring: 4
    coalesce: {{usecs: 100, frames: 0}}
    tx_coalesce: {{usecs: 8, frames: 4}}
    copybreak: 100 B
"""


@dataclass(frozen=True)
class Shown:
    """A published run directory."""

    directory: Path

    @cached_property
    def table(self) -> pa.Table:
        return report.read(self.directory, series=True)

    @cached_property
    def about(self) -> dict[str, Any]:
        """What the table says of itself."""
        return published(self.table.schema)

    def row(self, strategy: str, traffic: str = "everything", ring: int = 64, replicate: int = 0) -> pa.Table:
        """The row of one simulation."""
        wanted = {"strategy": strategy, "traffic": traffic, "ring": ring, "replicate": replicate}
        names = self.table.select(list(wanted)).to_pylist()
        (place,) = (index for index, row in enumerate(names) if row == wanted)
        return self.table.slice(place, 1)

    def found(self, row: pa.Table) -> rerun.PublishedSimulation:
        """The simulation of a row, as this process would run it."""
        first = row.to_pylist()[0]
        return rerun.find(self.about, first["strategy"], first["id"])
