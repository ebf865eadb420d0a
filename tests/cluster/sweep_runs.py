# SPDX-License-Identifier: MIT
"""A sweep that takes long enough to be disturbed, its run directory, and what can be seen in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
from namespaces import CHECKOUT, Node, Started

from sweep.jobs.store.part import decoded
from sweep.model import batch
from sweep.model.compiler import kernel_cache
from tests.tiny_sweep import sweep_text

STRATEGIES = ("page_allocator", "page_pool")
# About a tenth of a second a simulation, and a chunk each.
SWEEP = sweep_text(name="disturbed", packets=2_000_000, warmup=40_000, replicates=8)
SIMULATIONS = 2 * 2 * 2 * 8
RUN = ("--no-report", "--chunk-seconds", "0.05")
# Fewer chunks, of simulations that take as long in plain Python, for nodes that would have to compile kernels.
SMALL = (
    "--no-report",
    "--chunk-seconds",
    "0.001",
    "--set",
    "packets=240",
    "--set",
    "warmup=40",
    "--set",
    "replicates=4",
)
RUN_TIMEOUT_S = 120.0
INLINE_TIMEOUT_S = 240.0  # two kernels to compile, on a busy machine


def run_inline(file: Path, out: Path, *options: str) -> pa.Table:
    """The table of a run in one process that nothing happens to; its kernels are in this machine's cache after it.

    Its BLAS is not the one that the nodes have: what they make is to be equal all the same.
    """
    command = [sys.executable, "-m", "sweep", "run", str(file), "--executor", "inline", "--out", str(out)]
    command += options or RUN
    given = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_CORETYPE": "Prescott"}
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=INLINE_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return table(out)


def install_kernels(node: Node) -> None:
    """Give a node the sweep's kernels, on its own disk: each is compiled once, by `run_inline`."""
    cache = kernel_cache.usable()
    assert cache
    for strategy in STRATEGIES:
        assert batch.is_compiled(strategy), f"no kernel of {strategy} in {cache}"
        for path in cache.glob(f"{strategy}-*.kernel"):
            node.write(f"/root/.cache/sweep/kernels/{path.name}", path.read_bytes())


def start(node: Node, file: Path, out: Path, address: str, *options: str) -> Started:
    """`sweep run` on a node, joining the cluster at `address`."""
    words = ["run", str(file), "--address", address, "--out", str(out), *RUN, *options]
    return node.start("python", "-m", "sweep", *words)


def table(out: Path) -> pa.Table:
    """What was published."""
    with pa.memory_map(str(out / "results.arrow")) as source:
        return pa.ipc.open_file(source).read_all()


def nodes(out: Path) -> dict[str, int]:
    """Simulations by the node that did them, from the parts that are there."""
    found: dict[str, int] = {}
    for path in (out / "parts").glob("*.arrow"):
        rows = decoded(path.read_bytes())
        assert rows, path
        for about in rows.chunks:
            found[about["node"]] = found.get(about["node"], 0) + about["rows"]
    return found


def done(out: Path) -> int:
    """Simulations whose rows are there."""
    return sum(nodes(out).values())


def journal(out: Path) -> list[dict[str, Any]]:
    """What the run says of each attempt."""
    return [json.loads(line) for path in (out / "logs").glob("*.jsonl") for line in path.read_text().splitlines()]
