# SPDX-License-Identifier: MIT
"""`sweep plan`: what a run would do and take.  Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweep.cli.arguments import ChunkSeconds, Executor, File, Only, Out, Sets, Workers
from sweep.cli.episodes import lines
from sweep.cli.patience import patience
from sweep.cli.words import count, of, scaled, seconds, size
from sweep.jobs.executors import DEFAULT

if TYPE_CHECKING:
    from sweep.config import Sweep
    from sweep.jobs.prospect import Prospect


def plan(
    file: File,
    out: Out = None,
    sets: Sets = None,
    executor: Executor = DEFAULT,
    workers: Workers = None,
    chunk_seconds: ChunkSeconds = 1.0,
    only: Only = None,
) -> None:
    """Say what `sweep run` would do: simulations, time, memory.

    What is there already is counted, and not run again.
    """
    from sweep import config
    from sweep.jobs.origin import Origin, run_directory
    from sweep.jobs.prospect import look
    from sweep.jobs.request import Request
    from sweep.jobs.run import NOTE
    from sweep.jobs.store.decisions import NOTE as LOOKS
    from sweep.jobs.store.failure import recorded
    from sweep.jobs.store.parts import Store

    sweep = config.load(file, sets or [])
    where = run_directory(sweep, out)
    origin = Origin.of(file, sets or [], out)
    request = Request(sweep, where, origin, executor, None, workers, chunk_seconds, only)
    with patience(f"laying out {of(sweep.simulations, 'simulation')}"):
        store = Store(where)
        store.see_whose(sweep.name, replace=True)
        notes = store.noted(NOTE), store.noted(LOOKS)
        prospect = look(request, store.scan(set_aside=False), recorded(store), *notes)
    print(text(prospect, lines(sweep)))
    if prospect.shortage:
        print(prospect.shortage)


def text(prospect: Prospect, notes: Sequence[str] = ()) -> str:
    """What is to do, in three lines; further ones for kernels without rules of their own, `notes`, rows left out, a
    slow start."""
    survey, forecast = prospect.survey, prospect.forecast
    sweep, wanted = survey.sweep, int(prospect.wanted.sum())
    asked = "" if wanted == survey.simulations or prospect.decisions else f", {count(wanted)} of them asked for"
    head = (
        f"{sweep.name}: {of(sweep.points, 'point')} × {_replicates(sweep)} = "
        f"{_simulations(prospect)}{asked}, {scaled(float(survey.packets[prospect.wanted].sum()))}packets"
    )
    head += " at least" * prospect.undecided
    failed = f" · failed {count(prospect.failed)}" if prospect.failed else ""
    to_run = _between(prospect.missing, prospect.at_most)
    state = f"  done {count(prospect.done)} · reused {count(prospect.reused)}{failed} · to run {to_run}"
    head += "".join(f"\n  {line}" for line in (*_precision(prospect), *kernels(sweep), *notes))
    chunks = [*prospect.chunks, *prospect.later]
    if not chunks:
        return f"{head}\n{state}{changed(prospect)}"
    each, most = sum(chunk.predicted_s for chunk in chunks) / len(chunks), prospect.most or forecast
    low, high = f"{forecast.low_s:.{_digits(forecast.low_s)}f}", f"{most.high_s:.{_digits(most.high_s)}f}"
    wall = seconds(forecast.wall_s) + (f" to {seconds(most.wall_s)}" if prospect.later else "")
    cores = f"{of(prospect.workers, 'core')}"
    return (
        f"{head}\n{state} in {of(len(chunks), 'chunk')} of about {seconds(each)}\n"
        f"  predicted {low}–{high} core-seconds, {wall} on {cores} · "
        f"{size(most.memory_bytes)} memory · {size(most.result_bytes)} of results"
        f"{changed(prospect)}{_before(prospect)}"
    )


def _between(least: int, most: int) -> str:
    """ "64", "64 to 512"."""
    return count(least) + (f" to {count(most)}" if most != least else "")


def _replicates(sweep: Sweep) -> str:
    """ "4 replicates", "4 to 32 replicates"."""
    precision = sweep.precision
    return of(sweep.replicates, "replicate") if precision is None else f"{_between(*_ends(precision.looks))} replicates"


def _ends(looks: Sequence[int]) -> tuple[int, int]:
    return looks[0], looks[-1]


def _simulations(prospect: Prospect) -> str:
    if prospect.decisions is None:
        return of(prospect.survey.simulations, "simulation")
    return f"{_between(int(prospect.wanted.sum()), prospect.possible)} simulations"


def _precision(prospect: Prospect) -> list[str]:
    """A line about the precision that is asked for, and how far the looks have come."""
    if prospect.decisions is None:
        return []
    reached, made = prospect.decisions.reached, prospect.decisions.made
    looks = f"looks at {', '.join(map(count, reached.looks))} replicates"
    stand = f": {reached.line}" if made else ""
    return [f"precision {reached.asked} in {of(reached.comparisons, 'comparison')}, {looks}{stand}"]


def kernels(sweep: Sweep) -> list[str]:
    """A line for each release of the kernel that the sweep file names and that has no rules of its own."""
    from sweep.model.kernel import ERAS

    newest = [*ERAS][-1]
    return [
        f"kernel {release}: simulated with the rules of {era}, the newest known"
        + (" at all; what changed since is not modelled" if era == newest else " that are not younger")
        for release, era in sweep.releases.items()
        if not f"{release.removeprefix('v')}.".startswith(f"{era}.")  # else it is the release that the era begins with
    ]


def changed(prospect: Prospect) -> str:
    """How many of the rows that are there count for a sweep that was edited, a line of its own; else empty."""
    if not prospect.edited and not prospect.stale:
        return ""
    why = "the sweep is not what was run here last" if prospect.edited else "rows of other sources or earlier variants"
    kept = of(prospect.done + prospect.reused, "row")
    return f"\n  {why}: {kept} kept, {count(prospect.stale)} left out (left out of the table, not of parts/)"


def _before(prospect: Prospect) -> str:
    """The wall time before the first simulation, to start and to compile; and why there are fewer workers than cores.

    A line each; empty if there is none.
    """
    forecast, parts = prospect.most or prospect.forecast, []
    note = f"\n  {prospect.note}" if prospect.note else ""
    if forecast.cost.start_s:
        parts.append(f"about {seconds(forecast.cost.start_s)} to start {forecast.cost.starts}")
    if prospect.cold:
        parts.append(f"about {seconds(forecast.compile_s)} to compile {of(len(prospect.cold), 'kernel')} (once)")
    return (f"\n  and before it {', '.join(parts)}" if parts else "") + note


def _digits(number: float) -> int:
    return 0 if number >= 10 else 1 if number >= 1 else 2
