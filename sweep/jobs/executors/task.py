# SPDX-License-Identifier: MIT
"""Run one chunk: expand its scenarios, simulate them, return the bytes of a part.  The code that workers run.

A chunk is pure: the same plan and slice give the same rows on every machine.  Errors are returned as text, because not
every exception can be sent between processes.
"""

from __future__ import annotations

import json
import os
import platform
import time
import traceback
from typing import NamedTuple

import pyarrow as pa

from sweep import schema
from sweep.errors import RunError
from sweep.model import batch
from sweep.model.scenario import Scenario
from sweep.plan import Plan, digest

from .blame import raised_by_model
from .work import AttemptOutcome, Ending, RunSlice, WarmKernel

METADATA = b"part"  # key of a part's own description in its schema metadata


FailedSimulations = tuple[tuple[int, str, str], ...]  # index in the slice, ending, traceback


class ChunkResult(NamedTuple):
    """The result of a chunk: rows, and the simulations that have none."""

    data: bytes | None  # an Arrow IPC file (lz4), its description in the metadata; None if there is no row
    failed: FailedSimulations


def run_chunk(plan: Plan, work: RunSlice) -> ChunkResult:
    """Simulate the simulations of `work`.

    A simulation that raises fails alone: the batch is halved until it is by itself.  Raises RunError if this process
    has other sources than the plan, or lays out other simulations; exceptions that may not be the simulation's fault
    (`blame`) are raised too.
    """
    chunk = plan.chunks[work.number]
    plan.check_code()
    scenarios = plan.scenarios(work.number)
    ids = [plan.identity.of(scenario) for scenario in scenarios]
    if digest("".join(ids)) != chunk.digest:
        raise RunError(
            f'chunk "{chunk.digest}" comes out as other simulations here than in the plan: '
            "the two sides read the sweep differently\n  next: run the same version of sweep on all machines"
        )
    chosen, ids = scenarios[work.start : work.stop], ids[work.start : work.stop]
    compile_s = batch.warm(chunk.strategy)
    start = time.perf_counter()
    results, failed = _simulate(plan, chunk.strategy, chosen, 0)
    simulate_s = time.perf_counter() - start
    if not results:
        return ChunkResult(None, failed)
    lost = {index for index, _, _ in failed}
    simulated = [scenario for index, scenario in enumerate(chosen) if index not in lost]
    description = {
        "format": schema.FORMAT,
        "chunk": digest("".join(ids)),
        "document": plan.document_digest,
        "strategy": chunk.strategy,
        "code": {chunk.strategy: plan.code[chunk.strategy]},
        "rows": len(simulated),
        "packets": sum(scenario.packets for scenario in simulated),
        "model_s": sum(batch.predicted_ns(scenario) for scenario in simulated) / 1e9,  # before calibration
        "simulate_s": simulate_s,
        "compile_s": compile_s,
        "ended": time.time(),  # for whoever watches
        "node": platform.node(),
        "pid": os.getpid(),
    }
    tables = [schema.part(chunk.strategy, ids[first : first + len(r.violations)], r) for first, r in results]
    table = pa.concat_tables(tables).combine_chunks()
    return ChunkResult(encode(table.replace_schema_metadata({METADATA: json.dumps(description)})), failed)


def _simulate(
    plan: Plan, strategy: str, scenarios: list[Scenario], first: int
) -> tuple[list[tuple[int, batch.Result]], FailedSimulations]:
    """Results of the scenarios, each with the index of its first one, and those that raised; indices from `first`."""
    try:
        return [(first, batch.simulate(strategy, scenarios, plan.tables))], ()
    except Exception as error:
        if os.environ.get("SWEEP_DEBUG"):  # let a debugger see it where it is raised
            raise
        if not isinstance(error, MemoryError) and not raised_by_model(traceback.format_exc()):
            raise
        if len(scenarios) == 1:
            ending = Ending.MEMORY if isinstance(error, MemoryError) else Ending.RAISED
            return [], ((first, ending, traceback.format_exc()),)
    middle = len(scenarios) // 2
    left, left_failed = _simulate(plan, strategy, scenarios[:middle], first)
    right, right_failed = _simulate(plan, strategy, scenarios[middle:], first + middle)
    return left + right, left_failed + right_failed


def encode(table: pa.Table) -> bytes:
    """A table as the bytes of an Arrow IPC file, lz4."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def attempt_run(plan: Plan, work: RunSlice) -> AttemptOutcome:
    """`run_chunk`, with exceptions turned into an outcome that has the traceback as text."""
    try:
        part = run_chunk(plan, work)
    except Exception:
        if os.environ.get("SWEEP_DEBUG"):
            raise
        return AttemptOutcome(Ending.ENVIRONMENT, error=traceback.format_exc(), node=platform.node())
    return AttemptOutcome(Ending.DONE, part.data, failed=part.failed, node=platform.node())


def attempt_warm(work: WarmKernel) -> AttemptOutcome:
    """Compile a strategy's kernel, or load it from the cache, so that chunks find it."""
    try:
        return AttemptOutcome(Ending.DONE, seconds=batch.warm(work.strategy), node=platform.node())
    except Exception:
        return AttemptOutcome(Ending.ENVIRONMENT, error=traceback.format_exc(), node=platform.node())
