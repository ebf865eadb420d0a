# SPDX-License-Identifier: MIT
"""A sweep that takes a blink, and how to read what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from sweep.jobs.request import RunRequest

SWEEP = """\
name: tiny
host: xeon-e5-1650v4
nic: 10g
kernel: "6.12"
packets: 300
warmup: 100
load: 0.3
axes:
  strategy: [page_allocator, page_pool]
  traffic: [router, host_slow_reader]
  ring: [64, 128]
replicates: 2
baseline: {strategy: page_allocator}
seed: 1
"""
SIMULATIONS = 2 * 2 * 2 * 2

MakeRequest = Callable[..., RunRequest]


def read(directory: Path) -> pa.Table:
    """The published table of a run directory."""
    with pa.memory_map(str(directory / "results.arrow")) as source:
        return pa.ipc.open_file(source).read_all()
