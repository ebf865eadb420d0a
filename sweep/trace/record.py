# SPDX-License-Identifier: MIT
"""Run one simulation as plain Python and write down what happens: an Arrow file with a row per event.

It is the code that the compiled kernel was made of, function by function, bound with a recorder in the place of the
compiler.  The row that comes of it is given back, to be compared with the published one: a trace that counts anything
else would be of another simulation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sweep import schema
from sweep.model import batch, poll
from sweep.model.compiler.jit import bind
from sweep.model.lane.capacity import measure
from sweep.model.strategies import strategy
from sweep.storage import sink

from .events import DETAILS, MEANINGS
from .lane_objects import lane_objects, put_back
from .recorder import Recorder
from .rerun import Found
from .schema import FORMAT, Row
from .schema import schema as trace_schema
from .schema import table as trace_table

PACKET_S = 130e-6  # a packet as plain Python, recorded, on one core of a shared two-core machine
ORDER = "rows are in the order of the simulation's own work; order by time_ns for that of the clocks"


@dataclass(frozen=True)
class Traced:
    """A trace that is written."""

    row: pa.Table  # what was counted, as a part has it
    rows: int  # of the trace
    events: Mapping[str, int]  # of each kind
    cost_ps: int  # of the events in the measured window
    whole: bool  # or the first packets only


def record(found: Found, file: Path, packets: int | None, watch: Callable[[int], None]) -> Traced:
    """Trace a simulation, or its first `packets` packets, into `file`, which is there when it is whole.

    `watch` is called with how many packets have arrived.  Raises SweepError if `file` can be no file.
    """
    scenario = found.scenario
    scenario = replace(scenario, packets=min(packets or scenario.packets, scenario.packets))
    whole = scenario == found.scenario
    name, tally, cost_ps = scenario.strategy, [0], [0]
    inputs = batch.prepare(name, [scenario], found.tables)
    capacity = measure(inputs.params)
    sim, pool = batch.new_sim(name, inputs, capacity), strategy(name).empty(capacity)
    about = {
        "format": FORMAT,
        "id": found.id,
        "strategy": name,
        "packets": scenario.packets,
        "whole": whole,
        "events": MEANINGS,
        "order": ORDER,
    }
    known = trace_schema({"sweep_trace": json.dumps(about)})
    with (
        sink.file(str(file), "--trace") as target,
        pa.ipc.new_file(target, known, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out,
    ):

        def write(rows: Sequence[Row]) -> None:
            out.write_batch(trace_table(rows, words, known))
            tally[0] += len(rows)
            cost_ps[0] += sum(row.cost_ps for row in rows if row.measured)

        recorder = Recorder(write, watch)
        kernel = bind(poll.run_lane, recorder.wrap, f"traced_{name}", batch.fillings(name))
        words = {"event": list(MEANINGS), "detail": DETAILS, "function": recorder.functions}
        lane, lane_pool = lane_objects(sim, pool)
        with np.errstate(over="ignore", divide="ignore"):  # as it is when compiled
            kernel(lane, lane_pool, 0)
        recorder.finish()
    put_back(lane, sim)
    row = schema.part(name, [found.id], batch.result(name, sim))
    return Traced(row, tally[0], dict(recorder.tally), cost_ps[0], whole)
