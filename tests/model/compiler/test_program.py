# SPDX-License-Identifier: MIT
"""All device code of sweep: the compiler knows it, and makes of it what plain Python does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweep.model import batch, poll
from sweep.model.compiler.jit import bind
from sweep.model.compiler.program import Program, parameter_types
from sweep.model.compiler.source import Source
from sweep.model.compiler.values import layout
from sweep.model.strategies import NAMES
from sweep.replay.kernel import trace_kernel
from sweep.replay.operations import replay
from sweep.replay.pages import HOLES, trace_sim
from sweep.replay.run import trace_pool
from sweep.replay.trace import COLUMNS, TraceParams
from sweep.trace.lane_objects import RECORDS, TABLES, lane_objects, put_back

from ...reference.comparison import prepare, run_engine
from ..scenes import NS, US, scenario, world

PACKAGE = Path(batch.__file__).parents[1]
# In a hole that every strategy fills, or that replays fill with their own, or called by no kernel.
UNUSED = {"alloc", "release", "received", "request_fails"}
COSTS = dict.fromkeys(("stack_local", "poll", "zone_lock", "dma_map"), 90 * NS)


def program(name: str) -> Program:
    arguments = world(scenario(COSTS, strategy=name))
    return Program(poll.run, batch.fillings(name), layout(parameter_types(Source(poll.run)), arguments))


def test_every_device_function_is_in_a_kernel_and_known_to_the_compiler() -> None:
    known = set[str]()
    for name in NAMES:
        known |= {f"{fn.__module__}.{fn.__name__}" for fn, _ in program(name).functions} | {"sweep.model.poll.run"}
    trace = (
        trace_sim(4, 2, len(COLUMNS), trace_kernel("6.12.117").rules),
        trace_pool(
            TraceParams(pool_size=64, flags=3, order=0, nid=0, numa_node=0, napi=1, max_len=4096),
            64,
            trace_kernel("6.12.117"),
        ),
        np.zeros((1, 3), np.int64),
    )
    replayed = Program(replay, HOLES, layout(parameter_types(Source(replay)), trace))
    known |= {f"{fn.__module__}.{fn.__name__}" for fn, _ in replayed.functions} | {"sweep.replay.operations.replay"}
    marked = set[str]()
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        lines = path.read_text().split("\n")
        for at, line in enumerate(lines):
            if line in ("@device", "@out_of_line"):
                following = next(later for later in lines[at:] if later.startswith("def "))
                marked.add(f"{module}.{following[4:].partition('(')[0]}")
    assert len(marked) > 150
    assert {name for name in marked - known if not name.startswith("sweep.model.holes.")} == set()


MIXES: tuple[dict[str, Any], ...] = (
    {"local_ppm": 1_000_000, "load_ppm": 900_000, "read_ps": 700 * NS, "ring": 16, "coalesce_ps": 5 * US},
    {"local_ppm": 300_000, "forward_ppm": 400_000, "same_cpu": True, "read_ps": 200 * NS, "queues": 4, "flows": 3},
)


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_compiled_equals_plain_python(name: str) -> None:
    for mix in MIXES:
        made = scenario(COSTS, strategy=name, packets=700, **mix)
        compiled = run_engine(name, prepare([made]))
        plain, pool = world(made)
        objects = lane_objects(plain, pool)
        with np.errstate(over="ignore"):
            bind(poll.run_lane, batch.fillings(name))(*objects, 0)
        put_back(objects[0], plain)
        for array in (*RECORDS, *TABLES):
            assert getattr(compiled, array).tobytes() == getattr(plain, array).tobytes(), array
        assert compiled.counters.rx_packets.min() > 0
