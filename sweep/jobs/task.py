# SPDX-License-Identifier: MIT
"""Run one chunk: expand its scenarios, simulate them, give the part's bytes.  The code that workers run.

A chunk is pure: the same plan and number give the same rows on every machine.  What went wrong comes back as text,
because an exception may not survive the way between processes.
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
from sweep.plan import Plan, digest

METADATA = b"part"  # key of a part's own description in its schema metadata


class Outcome(NamedTuple):
    """What became of a chunk, or of compiling a strategy."""

    data: bytes | None  # the part, an Arrow IPC file; None if it failed or there is none
    error: str  # the traceback; "" if all went well
    seconds: float  # compile time of a strategy


def run_chunk(plan: Plan, number: int) -> bytes:
    """Simulate chunk `number`; the part as the bytes of an Arrow IPC file (lz4), its description in the metadata.

    Raises RunError if this process has other sources than the plan, or lays out other simulations.
    """
    chunk = plan.chunks[number]
    plan.check_code()
    scenarios = plan.scenarios(number)
    ids = [plan.identity.of(scenario) for scenario in scenarios]
    if digest("".join(ids)) != chunk.digest:
        raise RunError(
            f'chunk "{chunk.digest}" comes out as other simulations here than in the plan: '
            "the two sides read the sweep differently\n  next: run the same version of sweep on all machines"
        )
    compile_s = batch.warm(chunk.strategy)
    start = time.perf_counter()
    result = batch.simulate(chunk.strategy, scenarios, plan.tables)
    simulate_s = time.perf_counter() - start
    about = {
        "format": schema.FORMAT,
        "chunk": chunk.digest,
        "document": plan.document_digest,
        "strategy": chunk.strategy,
        "code": {name: plan.code[name] for name in ("", chunk.strategy)},
        "rows": len(ids),
        "packets": sum(scenario.packets for scenario in scenarios),
        "model_s": sum(batch.predicted_ns(scenario) for scenario in scenarios) / 1e9,  # before calibration
        "simulate_s": simulate_s,
        "compile_s": compile_s,
        "node": platform.node(),
        "pid": os.getpid(),
    }
    table = schema.part(chunk.strategy, ids, result)
    return encode(table.replace_schema_metadata({METADATA: json.dumps(about)}))


def encode(table: pa.Table) -> bytes:
    """A table as the bytes of an Arrow IPC file, lz4."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def attempt_chunk(plan: Plan, number: int) -> Outcome:
    """`run_chunk` with what went wrong as text."""
    try:
        return Outcome(run_chunk(plan, number), "", 0.0)
    except Exception:
        return Outcome(None, traceback.format_exc(), 0.0)


def attempt_warm(strategy: str) -> Outcome:
    """Compile a strategy's kernel, or load it from the cache, so that chunks find it."""
    try:
        return Outcome(None, "", batch.warm(strategy))
    except Exception:
        return Outcome(None, traceback.format_exc(), 0.0)
