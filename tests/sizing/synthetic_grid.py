# SPDX-License-Identifier: MIT
"""Made-up grids whose truth is known: a cube, objectives, and values of every metric for every simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from sweep.conditions import parse_bound
from sweep.config import Objective
from sweep.config.claims import threshold
from sweep.evidence import quantiles
from sweep.fields.histogram import BUCKETS
from sweep.sizing.cube import Cube
from sweep.sizing.load_search import LoadSearch
from sweep.sizing.search import COST, DROPS, HELD, Question, Search

Array = NDArray[np.float64]
LOSSES = "loss_episodes"
RINGS = (64, 128, 256, 512, 1024, 2048, 4096)
PACKETS = 100_000  # of a replicate
# What replicates have seen where a test says nothing else: many short busy periods, far from filling any queue, and
# what is lost or asked for in many of them.  So what does not come in clumps is judged as if nothing did.
USUAL = {
    COST: 1.0,
    DROPS: 0.0,
    HELD: 1.0,
    "episodes": 10_000.0,
    "busy_peak_packets": 1.0,
    "loss_peak_packets": 1.0,
    "allocation_episodes": 1_000.0,
    "rx_ring_peak_packets": 1.0,
    "tx_ring_peak_frames": 0.0,
    "socket_truesize_peak": 0.0,
    "nic_buffer_peak_bytes": 0.0,
    "total_pps": 1e6,
    "offered_packets": float(PACKETS),
    "offered_bytes": 64.0 * PACKETS,
    "rx_packets": float(PACKETS),
    "posted_buffers": float(PACKETS),
}


def cube(
    mixes: int = 1,
    columns: Sequence[str] = ("page_pool",),
    loads: Sequence[float] = (0.3,),
    rings: Sequence[int] = RINGS,
    pools: Sequence[int | None] = (None,),
    drawn: bool = True,
    episode: str = "busy period",
) -> Cube:
    """Every cell is a point.  `drawn`: something is random; `episode`: what episodes are called."""
    shape = (mixes, len(columns), len(loads), len(rings), len(pools))
    points = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    sizes = np.broadcast_to(np.array([-1 if size is None else size for size in pools]), shape)
    names = tuple(f"mix{number}" for number in range(mixes))
    strategies = tuple(column.partition(" ")[0] for column in columns)
    limits = {"nic.tx_ring": 1024, "traffic.reader.rcvbuf": 1 << 20, "truesize_bytes": 2048, "nic.rx_buffer": 1 << 19}
    limits |= {"nic.refill_batch": 1}
    parameters = {name: np.full(points.size, float(value)) for name, value in limits.items()}
    parameters["ring"] = np.broadcast_to(np.array(rings, float)[:, None], shape).ravel()
    return Cube(
        names,
        tuple(columns),
        strategies,
        tuple(loads),
        tuple(rings),
        tuple(pools),
        points,
        sizes.ravel(),
        packets=np.full(points.size, PACKETS),
        parameters=parameters,
        drawn=np.full(points.size, drawn),
        episodes=(episode,) * points.size,
    )


def objective(text: str, grid: Cube, points: NDArray[np.bool_] | None = None) -> Objective:
    claim = parse_bound(text)
    everywhere = np.ones(grid.number, np.bool_)
    return Objective(
        text,
        claim.left.metric,
        claim.sign,
        threshold(claim),
        everywhere if points is None else points,
    )


def question(grid: Cube, *texts: str, replicates: int = 5, confidence: float = 0.95) -> Question:
    return Question(grid, tuple(objective(text, grid) for text in texts), replicates, confidence)


def told(asked: Question, given: Mapping[str, Array], metrics: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Values by point and replicate, of arrays that broadcast to the cube's shape and replicates; else the usual.

    What is dropped is dropped a packet at a time, unless `given` says how many episodes lost some.
    """
    shape = (*asked.cube.shape, asked.replicates)
    full = {
        name: np.broadcast_to(given.get(name, np.asarray(USUAL.get(name, np.nan))), shape)
        for name in metrics or asked.metrics
        if name != LOSSES
    }
    full[LOSSES] = np.broadcast_to(given.get(LOSSES, full[DROPS] * full["offered_packets"]), shape)
    found = {name: np.array(values, np.float64).reshape(-1, asked.replicates) for name, values in full.items()}
    return found | {name: latencies(found["latency_p99_ns"]) for name in asked.histograms}


def latencies(values: Array) -> NDArray[np.int64]:
    """Histograms (..., buckets) of windows in which every packet has that latency; NaN where none was delivered."""
    known = np.isfinite(values)
    bucket = np.searchsorted(quantiles.edges(BUCKETS), np.where(known, values, 0), side="right") - 1
    return np.where(known[..., None] & (np.arange(BUCKETS) == bucket[..., None]), PACKETS, 0)


def noise(asked: Question, seed: int, deviation: float, shared: float = 0.7) -> Array:
    """Normal, of the cube's shape and replicates; most of it is shared by all cells of a mix, load and replicate."""
    draw = np.random.default_rng(seed).standard_normal
    mixes, columns, loads, rings, pools = asked.cube.shape
    common = draw((mixes, 1, loads, 1, 1, asked.replicates))
    own = draw((mixes, columns, loads, rings, pools, asked.replicates))
    found: Array = deviation * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    return found


def hidden(values: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[Any]:
    """What was not asked for is not there: NaN, or no counts."""
    return np.where(seen, values, np.nan) if values.ndim == seen.ndim else np.where(seen[..., None], values, 0)


def searched(
    asked: Question, given: Mapping[str, Array], watch: Callable[[Search], None] = lambda search: None
) -> Search:
    """A search that has come to its end."""
    return ended(Search(asked), told(asked, given), watch)


def searched_loads(asked: Question, given: Mapping[str, Array]) -> LoadSearch:
    """A search for loads that has come to its end."""
    search = LoadSearch(asked)
    return ended(search, told(asked, given, search.metrics))


def ended(search: Any, values: Mapping[str, NDArray[Any]], watch: Callable[[Any], None] = lambda search: None) -> Any:
    """A search of either kind, told what it asks for until it asks for nothing."""
    asked = search.question
    seen = np.zeros((asked.cube.number, asked.replicates), np.bool_)
    while (wanted := search.wanted()).any():
        assert not (wanted & seen).any()  # nothing is asked for twice
        seen |= wanted
        search.tell({name: hidden(each, seen) for name, each in values.items()})
        watch(search)
    return search


def bound(false: int, runs: int, confidence: float = 0.99) -> float:
    """The rate below which the true one lies with this confidence, after so many false decisions in `runs`."""
    return float(beta.ppf(confidence, false + 1, runs - false))
