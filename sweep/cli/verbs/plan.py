# SPDX-License-Identifier: MIT
"""`sweep plan`: what a run would do, and the time and memory it would take.  Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweep.cli.arguments import ChunkSeconds, Executor, File, Only, Out, Sets, TextFormat, Workers, known_format
from sweep.cli.episodes import lines
from sweep.cli.fitting import say
from sweep.cli.numbers import count, seconds, size, with_prefix
from sweep.cli.slow_notice import notice_if_slow
from sweep.format import count as plural
from sweep.jobs.executors import DEFAULT

NOTICEABLE_BYTES = 1 << 30  # of memory for planning: more than a laptop's browser

if TYPE_CHECKING:
    from sweep.config import Sweep
    from sweep.jobs.inventory import Inventory


def plan(
    file: File,
    out: Out = None,
    sets: Sets = None,
    executor: Executor = DEFAULT,
    workers: Workers = None,
    chunk_seconds: ChunkSeconds = None,
    only: Only = None,
    form: TextFormat = "txt",
) -> None:
    """Say what `sweep run` would do: simulations, time, memory.

    What is there already is counted, and not run again.
    """
    from sweep import config
    from sweep.jobs.inventory import take_inventory
    from sweep.jobs.origin import Origin, run_directory
    from sweep.jobs.request import RunRequest
    from sweep.jobs.run import NOTE
    from sweep.jobs.store.decisions import NOTE as LOOKS
    from sweep.jobs.store.failure import recorded
    from sweep.jobs.store.parts import Store

    known_format(form)
    sweep = config.load(file, sets or [])
    location = run_directory(sweep, out)
    origin = Origin.of(file, sets or [], out)
    request = RunRequest(sweep, location, origin, executor, None, workers, chunk_seconds, only)
    with notice_if_slow(f"laying out {plural(sweep.simulations, 'simulation')}"):
        store = Store(location)
        store.see_whose(sweep.name, replace=True)
        notes = store.noted(NOTE), store.noted(LOOKS)
        inventory = take_inventory(request, store.scan(set_aside=False), recorded(store), *notes)
    if form == "json":
        from sweep.cli.state_records import plan_record
        from sweep.safe_text import json_text

        notes_of_sweep = [*sample(sweep), *kernels(sweep), *lines(sweep), *room(sweep)]
        print(json_text(plan_record(inventory, notes_of_sweep, location), indent=2))
        return
    say(text(inventory, [*lines(sweep), *room(sweep)], location))
    if inventory.shortage:
        say(inventory.shortage)


def text(inventory: Inventory, notes: Sequence[str] = (), location: str = "") -> str:
    """The plan as text, three lines; more for kernels without rules of their own, `notes`, rows left out, a slow
    start, and the run directory if `location` says it."""
    return _plan(inventory, notes) + (f"\n  results go to {location}" if location else "")


def _plan(inventory: Inventory, notes: Sequence[str]) -> str:
    survey, forecast = inventory.survey, inventory.forecast
    sweep, wanted_simulations = survey.sweep, int(inventory.wanted.sum())
    asked_for = (
        ""
        if wanted_simulations == survey.simulations or inventory.decisions
        else f", {count(wanted_simulations)} of them asked for"
    )
    first_line = (
        f"{sweep.name}: {plural(sweep.points, 'point')} × {_replicates(sweep)} = "
        f"{_simulations(inventory)}{asked_for}, {with_prefix(float(survey.packets[inventory.wanted].sum()))}packets"
    )
    first_line += " at least" * inventory.undecided
    failed = f" · failed {count(inventory.failed)}" if inventory.failed else ""
    to_run = _between(inventory.missing, inventory.at_most)
    state = f"  done {count(inventory.done)} · reused {count(inventory.reused)}{failed} · to run {to_run}"
    first_line += "".join(f"\n  {line}" for line in (*sample(sweep), *_precision(inventory), *kernels(sweep), *notes))
    chunks = [*inventory.chunks, *inventory.later]
    if not chunks:
        return f"{first_line}\n{state}{changed(inventory)}"
    mean_chunk_s, worst_case = sum(chunk.predicted_s for chunk in chunks) / len(chunks), inventory.most or forecast
    low, high = f"{forecast.low_s:.{_digits(forecast.low_s)}f}", f"{worst_case.high_s:.{_digits(worst_case.high_s)}f}"
    wall = seconds(forecast.wall_s) + (f" to {seconds(worst_case.wall_s)}" if inventory.later else "")
    cores = f"{plural(inventory.workers, 'core')}"
    longer = "" if inventory.lengthened_s is None else f" (up to {seconds(inventory.lengthened_s)}, as advised)"
    return (
        f"{first_line}\n{state} in {plural(len(chunks), 'chunk')} of about {seconds(mean_chunk_s)}{longer}\n"
        f"  predicted {low}–{high} core-seconds, {wall} on {cores} · "
        f"{size(worst_case.memory_bytes)} memory · {size(worst_case.result_bytes)} of results"
        f"{changed(inventory)}{_before(inventory)}"
    )


def _between(least: int, most: int) -> str:
    """A range of numbers: "64", "64 to 512"."""
    return count(least) + (f" to {count(most)}" if most != least else "")


def _replicates(sweep: Sweep) -> str:
    """Replicates per point: "4 replicates", "4 to 32 replicates"."""
    precision = sweep.precision
    return (
        plural(sweep.replicates, "replicate")
        if precision is None
        else f"{_between(*_ends(precision.looks))} replicates"
    )


def _ends(looks: Sequence[int]) -> tuple[int, int]:
    return looks[0], looks[-1]


def _simulations(inventory: Inventory) -> str:
    if inventory.decisions is None:
        return plural(inventory.survey.simulations, "simulation")
    return f"{_between(int(inventory.wanted.sum()), inventory.possible)} simulations"


def _precision(inventory: Inventory) -> list[str]:
    """A line about the precision that is asked for and the looks so far; [] without a precision."""
    if inventory.decisions is None:
        return []
    reached, decided = inventory.decisions.reached, inventory.decisions.made
    looks = f"looks at {', '.join(map(count, reached.looks))} replicates"
    state = f": {reached.line}" if decided else ""
    return [f"precision {reached.asked} in {plural(reached.comparisons, 'comparison')}, {looks}{state}"]


def sample(sweep: Sweep) -> list[str]:
    """A line on the points of a sample and the axes that they are drawn from; [] without one."""
    section = sweep.document.get("sample")
    if section is None:
        return []
    names = section["axes"]
    used = len(set(sweep.layout.codes(names[0])[1].tolist()))
    fewer = f" of {count(section['points'])}" if used < section["points"] else ""
    line = (
        f"{plural(used, 'sample point')}{fewer} ({section['method']}) of {', '.join(names)}; all else crossed in full"
    )
    return [line + (", the others are alike or removed by where" if fewer else "")]


def kernels(sweep: Sweep) -> list[str]:
    """A line for each release of the kernel among the points whose rules, or some of them, are assumed."""
    from sweep.model.kernel.releases import assumptions, known_release

    releases = sweep.layout.codes("kernel")[0]
    return [f"kernel {text}: {sentence}" for text in releases for sentence in assumptions(known_release(text))]


def room(sweep: Sweep) -> list[str]:
    """A line on the memory that planning the sweep takes, wherever it is run from, if that is much."""
    from sweep.config.room import planning_bytes

    needed = planning_bytes(sweep)
    return [f"planning it takes about {size(needed)} of memory"] if needed >= NOTICEABLE_BYTES else []


def changed(inventory: Inventory) -> str:
    """A line about how many existing rows count for a sweep that was edited; "" if it was not."""
    if not inventory.edited and not inventory.stale:
        return ""
    reason = (
        "the sweep is not what was run here last" if inventory.edited else "rows of other sources or earlier variants"
    )
    kept_rows = plural(inventory.done + inventory.reused, "row")
    return f"\n  {reason}: {kept_rows} kept, {count(inventory.stale)} left out (left out of the table, not of parts/)"


def _before(inventory: Inventory) -> str:
    """The wall time before the first simulation, to start and to compile; and why there are fewer workers than cores.

    A line each; empty if there is none.
    """
    forecast, parts = inventory.most or inventory.forecast, []
    note = f"\n  {inventory.note}" if inventory.note else ""
    if forecast.cost.start_s:
        parts.append(f"about {seconds(forecast.cost.start_s)} to start {forecast.cost.starts}")
    if inventory.cold:
        parts.append(f"about {seconds(forecast.compile_s)} to compile {plural(len(inventory.cold), 'kernel')} (once)")
    return (f"\n  and before it {', '.join(parts)}" if parts else "") + note


def _digits(number: float) -> int:
    return 0 if number >= 10 else 1 if number >= 1 else 2
