# SPDX-License-Identifier: MIT
"""`make bench`: `sweep size` beside the whole grid: the same answers, with how much of the work?

`sweep size` searches a sweep file in an empty directory.  Then `sweep run` fills the grid there, and the same rules
judge all of its cells and replicates, without a search: no cell speaks early, none for a load where it was not
simulated.  The answers must agree in every series (the smallest ring, and whether that is decided) and under every
mix and load (the best strategy, its ties, who is undecided).  Further questions are then put to the finished grid,
which costs nothing: a search asks the same, wherever its answers come from.

Exit 1 if an answer of the first question differs or it took more than a fifth of the grid's packets.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import config, report
from sweep.jobs.origin import Origin
from sweep.jobs.request import RunRequest
from sweep.jobs.run import run
from sweep.sizing.run import question, size
from sweep.sizing.search import Question, Search

SWEEP_FILE = Path(__file__).parent.parent / "configs" / "mm_summit_2016.yaml"
DROPS, CALLS = "drop_ratio < 0.1 %", "allocator_calls_per_packet < 0.01"
QUESTIONS = ((DROPS, CALLS), (CALLS,), ("drop_ratio < 1 %", "allocator_calls_per_packet < 0.05"), (DROPS,))
AIM = 1 / 5  # of the grid's packets

Values = Mapping[str, NDArray[np.float64]]


def grid_values(table: pa.Table, names: Sequence[str], points: int) -> Values:
    """Columns of the published table of a whole grid, (points, replicates)."""
    return {name: table.column(name).cast(pa.float64()).to_numpy().reshape(points, -1) for name in names}


def searched(asked: Question, values: Values) -> Search:
    """A search over a finished grid."""
    search = Search(asked)
    search.tell(values)
    while search.wanted().any():
        pass
    return search


def filled(asked: Question, values: Values) -> Search:
    """The whole grid, judged by the same rules."""
    search = Search(asked)
    search.tell(values)
    search.ask_for_all()
    return search


def differences(search: Search, grid: Search) -> tuple[list[str], list[str]]:
    """The series and the mixes and loads of which the two say different things."""
    cube = search.question.cube
    series, best = [], []
    for mix, load in np.argwhere(cube.there.any(axis=(1, 3, 4))).tolist():
        place = f"{cube.mixes[mix]} at load {cube.loads[load]:g}"
        for column, name in enumerate(cube.columns):
            found, expected = (each.series(mix, column, load) for each in (search, grid))
            if (found.answer, found.decided) != (expected.answer, expected.decided):
                series.append(f"{name}, {place}")
        if leaders(search, mix, load) != leaders(grid, mix, load):
            best.append(place)
    return series, best


def leaders(search: Search, mix: int, load: int) -> tuple[frozenset[int], frozenset[int]] | None:
    """The best with its ties, and who is undecided; None where no strategy has an answer."""
    standing = search.standing(mix, load)
    if standing is None:
        return None
    winner = standing.outcome.winner
    return frozenset((winner.best, *winner.close)), frozenset((*winner.open, *standing.outcome.faster_droppers))


def undecided(grid: Search) -> int:
    """Series that all replicates of the grid leave undecided."""
    cube = grid.question.cube
    places = np.argwhere(cube.there.any(axis=(3, 4))).tolist()
    return sum(not grid.series(*place).decided for place in places)


def line(asked: Question, search: Search, grid: Search) -> tuple[str, bool]:
    """What a question took and how its answers compare; whether they are the same."""
    series, best = differences(search, grid)
    cube = asked.cube
    total, groups = int(cube.there.any(axis=(3, 4)).sum()), int(cube.there.any(axis=(1, 3, 4)).sum())
    share = search.count.sum() / (cube.there.sum() * asked.replicates)
    text = (
        f"{' and '.join(each.text for each in asked.objectives)}: {share:.1%} of the simulations; smallest ring as in "
        f"the grid in {total - len(series)} of {total} series ({undecided(grid)} undecided there), best strategy in "
        f"{groups - len(best)} of {groups} mixes and loads"
    )
    return "\n  differs: ".join([text, *series, *best]), not series and not best


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, fill the grid, compare; 1 if an answer differs or the search took too much."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizing", description="`sweep size` beside the whole grid.")
    parser.add_argument("--file", type=Path, default=SWEEP_FILE, help="sweep file (default: mm_summit_2016)")
    parser.add_argument("--executor", default="ray", help="ray or inline (default ray)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value of the file")
    options = parser.parse_args(arguments)
    sweep = config.load(options.file, options.set)
    first, *others = (question(sweep, each) for each in QUESTIONS)
    with tempfile.TemporaryDirectory(prefix="sweep-sizing-") as name:
        request = RunRequest(sweep, name, Origin.of(options.file, options.set, name), options.executor)
        start = time.perf_counter()
        ran, answer = size(request, first)
        search_s = time.perf_counter() - start
        run(request)
        grid_s = time.perf_counter() - start
        table = report.read(name)
    share = ran.packets / answer.grid_packets
    print(
        f"sweep size: {answer.wanted:,} of {answer.grid:,} simulations, {ran.packets / 1e6:,.1f} M of "
        f"{answer.grid_packets / 1e6:,.1f} M packets ({share:.1%}), {search_s:.0f} s; "
        f"with the rest of the grid {grid_s:.0f} s"
    )
    same = True
    for asked in (first, *others):
        values = grid_values(table, asked.metrics, sweep.points)
        text, alike = line(asked, searched(asked, values), filled(asked, values))
        print(text)
        same &= alike or asked is not first
    met = same and share <= AIM
    print(f"aim: the answers of the grid with {AIM:.0%} of its packets or less: {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
