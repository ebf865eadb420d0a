# SPDX-License-Identifier: MIT
"""Run one simulation as plain Python and write down what happens: an Arrow file with a row per event.

It runs the same functions that the compiled kernel is made from, bound with a recorder in place of the compiler.  The
resulting row is returned, to be compared with the published one: if they differed, the trace would be of another
simulation.
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
from .rerun import PublishedSimulation
from .schema import FORMAT, EventRow
from .schema import schema as trace_schema
from .schema import table as trace_table

PACKET_S = 130e-6  # a packet as plain Python, recorded, on one core of a shared two-core machine
ORDER = "rows are in the order of the simulation's own work; order by time_ns for that of the clocks"


@dataclass(frozen=True)
class Traced:
    """A trace that was written to a file, and the row of its simulation."""

    row: pa.Table  # counters of the simulation, one row as in a part
    rows: int  # of the trace
    events: Mapping[str, int]  # name of each kind -> number of events
    cost_ps: int  # of the events in the measured window
    whole: bool  # whether all packets were traced


def record(found: PublishedSimulation, file: Path, packets: int | None, watch: Callable[[int], None]) -> Traced:
    """Trace a simulation, or its first `packets` packets, into `file`, which appears only when it is complete.

    watch: called with the number of packets that have arrived.  Raises SweepError if `file` cannot be a file.
    """
    scenario = found.scenario
    scenario = replace(scenario, packets=min(packets or scenario.packets, scenario.packets))
    whole = scenario == found.scenario
    strategy_name, tally, cost_ps = scenario.strategy, [0], [0]
    inputs = batch.prepare(strategy_name, [scenario], found.tables)
    capacity = measure(inputs.params)
    sim, pool = batch.new_sim(strategy_name, inputs, capacity), strategy(strategy_name).empty(capacity)
    metadata = {
        "format": FORMAT,
        "id": found.id,
        "strategy": strategy_name,
        "packets": scenario.packets,
        "whole": whole,
        "events": MEANINGS,
        "order": ORDER,
    }
    arrow_schema = trace_schema({"sweep_trace": json.dumps(metadata)})
    with (
        sink.file(str(file), "--trace") as target,
        pa.ipc.new_file(target, arrow_schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer,
    ):

        def write(rows: Sequence[EventRow]) -> None:
            writer.write_batch(trace_table(rows, dictionaries, arrow_schema))
            tally[0] += len(rows)
            cost_ps[0] += sum(row.cost_ps for row in rows if row.measured)

        recorder = Recorder(write, watch)
        kernel = bind(poll.run_lane, batch.fillings(strategy_name), recorder.wrap)
        dictionaries = {"event": list(MEANINGS), "detail": DETAILS, "function": recorder.functions}
        lane, lane_pool = lane_objects(sim, pool)
        with np.errstate(over="ignore", divide="ignore"):  # as it is when compiled
            kernel(lane, lane_pool, 0)
        recorder.finish()
    put_back(lane, sim)
    row = schema.part(strategy_name, [found.id], batch.result(strategy_name, sim))
    return Traced(row, tally[0], dict(recorder.tally), cost_ps[0], whole)
