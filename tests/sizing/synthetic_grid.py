# SPDX-License-Identifier: MIT
"""Made-up grids whose truth is known: a cube, objectives, and values of every metric for every simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sweep import claims
from sweep.config import Objective
from sweep.sizing.cube import Cube
from sweep.sizing.search import COST, DROPS, HELD, Question, Search

Array = NDArray[np.float64]
RINGS = (64, 128, 256, 512, 1024, 2048, 4096)
PACKETS = 100_000  # of a replicate


def cube(
    mixes: int = 1,
    columns: Sequence[str] = ("page_pool",),
    loads: Sequence[float] = (0.3,),
    rings: Sequence[int] = RINGS,
    pools: Sequence[int | None] = (None,),
) -> Cube:
    """Every cell is a point."""
    shape = (mixes, len(columns), len(loads), len(rings), len(pools))
    points = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    sizes = np.broadcast_to(np.array([-1 if size is None else size for size in pools]), shape)
    names = tuple(f"mix{number}" for number in range(mixes))
    strategies = tuple(column.partition(" ")[0] for column in columns)
    packets = np.full(points.size, PACKETS)
    return Cube(
        names, tuple(columns), strategies, tuple(loads), tuple(rings), tuple(pools), points, sizes.ravel(), packets
    )


def objective(text: str, grid: Cube, points: NDArray[np.bool_] | None = None) -> Objective:
    claim = claims.parse(text)
    everywhere = np.ones(grid.number, np.bool_)
    return Objective(text, claim.left.metric, claim.sign, claim.threshold, everywhere if points is None else points)


def question(grid: Cube, *texts: str, replicates: int = 5, confidence: float = 0.95) -> Question:
    return Question(grid, tuple(objective(text, grid) for text in texts), replicates, confidence)


def told(asked: Question, given: Mapping[str, Array]) -> dict[str, Array]:
    """Values by point and replicate, of arrays that broadcast to the cube's shape and replicates; else 1, 0, 1."""
    usual = {COST: 1.0, DROPS: 0.0, HELD: 1.0}
    shape = (*asked.cube.shape, asked.replicates)
    full = {name: np.broadcast_to(given.get(name, usual.get(name)), shape) for name in asked.metrics}
    return {name: np.array(values, np.float64).reshape(-1, asked.replicates) for name, values in full.items()}


def noise(asked: Question, seed: int, deviation: float, shared: float = 0.7) -> Array:
    """Normal, of the cube's shape and replicates; most of it is shared by all cells of a mix, load and replicate."""
    draw = np.random.default_rng(seed).standard_normal
    mixes, columns, loads, rings, pools = asked.cube.shape
    common = draw((mixes, 1, loads, 1, 1, asked.replicates))
    own = draw((mixes, columns, loads, rings, pools, asked.replicates))
    found: Array = deviation * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    return found


def searched(
    asked: Question, given: Mapping[str, Array], watch: Callable[[Search], None] = lambda search: None
) -> Search:
    """A search that has come to its end."""
    search, values = Search(asked), told(asked, given)
    seen = np.zeros((asked.cube.number, asked.replicates), np.bool_)
    while (wanted := search.wanted()).any():
        assert not (wanted & seen).any()  # nothing is asked for twice
        seen |= wanted
        search.tell({name: np.where(seen, each, np.nan) for name, each in values.items()})
        watch(search)
    return search
