# SPDX-License-Identifier: MIT
"""`sweep plan`: what a run would do and take.  Writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .arguments import ChunkSeconds, Executor, File, Only, Out, Sets, Workers
from .words import count, of, scaled, seconds, size

if TYPE_CHECKING:
    from sweep.jobs.run import Prospect


def plan(
    file: File,
    out: Out = None,
    sets: Sets = None,
    executor: Executor = "ray",
    workers: Workers = None,
    chunk_seconds: ChunkSeconds = 1.0,
    only: Only = None,
) -> None:
    """Say what `sweep run` would do: simulations, what is done, time, memory."""
    from sweep import config
    from sweep.jobs.origin import Origin, run_directory
    from sweep.jobs.run import Request, look
    from sweep.jobs.store import Store

    sweep = config.load(file, sets or [])
    where = run_directory(sweep, out)
    origin = Origin.of(file, sets or [], out)
    request = Request(sweep, where, origin, executor, None, workers, chunk_seconds, only)
    print(text(look(request, Store(where).scan(set_aside=False))))


def text(prospect: Prospect) -> str:
    """What is to do, in three lines."""
    survey, forecast = prospect.survey, prospect.forecast
    sweep, wanted = survey.sweep, int(prospect.wanted.sum())
    asked = "" if wanted == survey.simulations else f", {count(wanted)} of them asked for"
    head = (
        f"{sweep.name}: {of(sweep.points, 'point')} × {of(sweep.replicates, 'replicate')} = "
        f"{of(survey.simulations, 'simulation')}{asked}, {scaled(float(survey.packets[prospect.wanted].sum()))}packets"
    )
    state = f"  done {count(prospect.done)} · reused {count(prospect.reused)} · to run {count(prospect.missing)}"
    if not prospect.chunks:
        return f"{head}\n{state}"
    each = sum(chunk.predicted_s for chunk in prospect.chunks) / len(prospect.chunks)
    low, high = f"{forecast.low_s:.{_digits(forecast.low_s)}f}", f"{forecast.high_s:.{_digits(forecast.high_s)}f}"
    cores = f"{of(prospect.workers, 'core')}"
    return (
        f"{head}\n{state} in {of(len(prospect.chunks), 'chunk')} of about {seconds(each)}\n"
        f"  predicted {low}–{high} core-seconds, {seconds(forecast.wall_s)} on {cores} · "
        f"{size(forecast.memory_bytes)} memory · {size(forecast.result_bytes)} of results"
    )


def _digits(number: float) -> int:
    return 0 if number >= 10 else 1 if number >= 1 else 2
