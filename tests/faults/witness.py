# SPDX-License-Identifier: MIT
"""What workers began, as they wrote it down themselves (`planted/sitecustomize.py`), held against the kills."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

GRACE_S = 5.0  # so long may orphans of a killed driver go on with what they had been given


class Begun(NamedTuple):
    """A chunk, or a slice of one, that a worker began."""

    when: float
    simulations: tuple[int, ...]

    @classmethod
    def read(cls, path: Path) -> list[Begun]:
        """All of them, in the order of time."""
        rows = (line.split() for line in path.read_text().splitlines())
        return sorted(cls(float(when), tuple(map(int, simulations))) for when, *simulations in rows)


class Rerun(NamedTuple):
    """What was begun more than once."""

    chunks_by_kill: dict[float, int]  # time of a kill -> chunks that were begun before it and again after it
    unexplained: list[int]  # simulations that were begun again without one


def rerun(begun: Sequence[Begun], kills: Sequence[float]) -> Rerun:
    """Which kill each second beginning is due to: the first one after the one before."""
    times = sorted(kills)
    before: dict[int, Begun] = {}
    lost: dict[float, set[Begun]] = defaultdict(set)
    unexplained = []
    for chunk in begun:
        for simulation in chunk.simulations:
            if earlier := before.get(simulation):
                place = bisect_left(times, earlier.when)
                if place < len(times) and times[place] < chunk.when:
                    lost[times[place]].add(earlier)
                elif place and earlier.when - times[place - 1] < GRACE_S:  # an orphan's
                    lost[times[place - 1]].add(earlier)
                else:
                    unexplained.append(simulation)
            before[simulation] = chunk
    return Rerun({when: len(chunks) for when, chunks in lost.items()}, sorted(unexplained))
