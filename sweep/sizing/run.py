# SPDX-License-Identifier: MIT
"""Size a sweep: check the question, let `jobs.rounds` run what the search requests, return the answer.

The only file here that runs anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sweep.jobs.driver.loop import Watch
from sweep.jobs.inventory import Inventory

from .. import config
from ..config import Sweep
from ..errors import ConfigError, SweepError
from ..jobs.request import RunRequest
from ..jobs.rounds import RoundsResult, run_rounds
from ..stats.looks import FEWEST
from . import loads
from .answer import SizingAnswer, verdicts
from .cube import LOAD, RING, cube
from .load_answer import LoadAnswer, load_verdicts
from .load_search import LoadSearch
from .search import Question, Search

SUREST = 0.9999
LEAST_SURE = 0.5


def question(sweep: Sweep, objectives: Sequence[str] = (), confidence: float = 0.95, searched: str = RING) -> Question:
    """The question for a sweep; without `objectives`, those of its file.  Raises ConfigError, SweepError.

    `searched`: the axis that is searched, RING or LOAD.
    """
    if not LEAST_SURE <= confidence <= SUREST:
        raise SweepError(
            f'confidence "{100 * confidence:g}" is not a percentage from {100 * LEAST_SURE:g} to {100 * SUREST:g}\n'
            "  see: sweep size --help"
        )
    parsed_objectives = config.objectives(sweep, objectives)
    if sweep.replicates < FEWEST:
        raise ConfigError(
            f'replicates is "{sweep.replicates}" in {sweep.name}: one shows nothing of how replicates differ\n'
            "  next: sweep size FILE --replicates 8"
        )
    points = cube(sweep, searched)
    if searched == LOAD:
        loads.check(points, parsed_objectives)
    return Question(points, parsed_objectives, sweep.replicates, confidence)


def size(
    request: RunRequest,
    asked: Question,
    watch: Watch = lambda progress: None,
    announce: Callable[[Inventory], None] = lambda inventory: None,
    give_up: Callable[[], None] | None = None,
) -> tuple[RoundsResult, SizingAnswer]:
    """Run what the answer needs, in the request's directory.  Raises SweepError; the arguments are those of `run`.

    The answer of an interrupted run is incomplete: see `Ran.interrupted`.
    """
    search = Search(asked)
    ran = run_rounds(request, search, watch, announce, give_up)
    return ran, SizingAnswer(
        rings=asked.cube.rings, pools=asked.cube.pools, verdicts=verdicts(search), **_of_any(request, asked, ran)
    )


def highest_loads(
    request: RunRequest,
    asked: Question,
    watch: Watch = lambda progress: None,
    announce: Callable[[Inventory], None] = lambda inventory: None,
    give_up: Callable[[], None] | None = None,
) -> tuple[RoundsResult, LoadAnswer]:
    """As `size`, for the highest load of every series."""
    search = LoadSearch(asked)
    ran = run_rounds(request, search, watch, announce, give_up)
    return ran, LoadAnswer(loads=asked.cube.loads, verdicts=load_verdicts(search), **_of_any(request, asked, ran))


def _of_any(request: RunRequest, asked: Question, ran: RoundsResult) -> dict[str, Any]:
    """What an answer says of the question and of what it took, whatever was searched for."""
    return {
        "name": request.sweep.name,
        "objectives": asked.objectives,
        "confidence": asked.confidence,
        "looks": asked.looks,
        "wanted": int(ran.wanted.sum()),
        "grid": ran.survey.simulations,
        "simulated": ran.simulated,
        "missing": int((ran.wanted & ~ran.there).sum()) + ran.invalid,
        "wanted_packets": ran.packets,
        "grid_packets": int(ran.survey.packets.sum()),
    }
