# SPDX-License-Identifier: MIT
"""What constraints remove is not asked for, decided or told, and what is left is answered as without them."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from synthetic_grid import Array, cube, question
from test_sizing_documents import answer_of, over_columns

from sweep.document import markdown, plain_text
from sweep.sizing.cube import Cube
from sweep.sizing.document import document
from sweep.sizing.record import record
from sweep.sizing.search import Question, Search

CALLS = "allocator_calls_per_packet < 0.01"
COLUMNS, LOADS, RINGS = ("page_allocator", "page_frag", "page_pool"), (0.1, 0.5), (64, 256, 1024, 4096)
FALLING = over_columns([0.3, 0.2, 0.1, 0.05], [0.3, 0.05, 0.002, 0.001], [1e-4] * 4)


def with_holes(whole: Cube, there: np.ndarray) -> Cube:
    """The cube with points only where `there` says so, numbered anew."""
    points = np.full(whole.shape, -1, np.int64)
    points[there] = np.arange(int(there.sum()))
    old = whole.points[there]
    return replace(
        whole,
        points=points,
        pool_sizes=whole.pool_sizes[old],
        packets=whole.packets[old],
        parameters={name: values[old] for name, values in whole.parameters.items()},
        drawn=whole.drawn[old],
        episodes=tuple(whole.episodes[point] for point in old),
    )


def searched(asked: Question, values: Array) -> Search:
    """A search that has come to its end; `values` of the calls for every cell of the whole cube, else 0."""
    search, told = Search(asked), {name: np.zeros((asked.cube.number, asked.replicates)) for name in asked.metrics}
    told["allocator_calls_per_packet"] = np.broadcast_to(values, (*asked.cube.shape, asked.replicates))[
        asked.cube.there
    ]
    while search.wanted().any():
        search.tell(told)
    return search


def removed(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Whole mixes, columns, loads, rings and combinations of them, at random; one point is left at least."""
    drawn, there = random.Random(seed), np.ones(shape, np.bool_)
    for _ in range(drawn.randint(1, 4)):
        axes = drawn.sample(range(4), drawn.randint(1, 3))
        where = tuple(drawn.randrange(shape[axis]) if axis in axes else slice(None) for axis in range(4))
        left = there.copy()
        left[where] = False
        there = left if left.any() else there
    return there


@pytest.mark.parametrize("seed", range(40))
def test_what_is_left_is_answered_as_if_nothing_had_been_removed(seed: int) -> None:
    whole = cube(mixes=2, columns=COLUMNS, loads=LOADS, rings=RINGS, drawn=False)
    holes = question(with_holes(whole, removed(seed, whole.shape)), CALLS)
    answer = answer_of(holes, searched(holes, FALLING))
    for verdict in answer.verdicts:
        mix, load = holes.cube.mixes.index(verdict.mix), holes.cube.loads.index(verdict.load)
        for column, series in enumerate(verdict.series):
            there = holes.cube.there[mix, column, load, :, 0]
            does = (FALLING[0, column, 0, :, 0, 0] < 0.01) & there
            first = RINGS[int(np.argmax(does))] if does.any() else None
            assert (series.answer.ring if series.answer else None) == first
            assert series.decided
            assert [rung.ring for rung in series.rungs] == [
                ring for ring, is_there in zip(RINGS, there, strict=True) if is_there
            ]
    assert len(answer.verdicts) == int(holes.cube.there.any(axis=(1, 3, 4)).sum())
    said = plain_text.render(document(answer))
    assert "nan" not in said
    assert markdown.render(document(answer))
    assert json.dumps(record(answer), allow_nan=False)


def test_the_edge_of_what_is_left_is_an_edge() -> None:
    """Ring 64 of page_pool is removed, so 256 is the smallest that was tried."""
    there = np.ones((1, 3, 1, 4, 1), np.bool_)
    there[0, 2, 0, 0] = False
    whole = cube(columns=COLUMNS, rings=RINGS, drawn=False)
    asked = question(with_holes(whole, there), CALLS)
    answer = answer_of(asked, searched(asked, FALLING))
    (verdict,) = answer.verdicts
    assert [each.answer.ring if each.answer else None for each in verdict.series] == [None, 1024, 256]
    said = " ".join(plain_text.render(document(answer)).split())
    assert "0.3 page_pool ≤ 256 " in said
    assert "0.3 page_frag 1024 " in said
    assert [each["edge"] for each in record(answer)["verdicts"][0]["series"]] == ["largest", None, "smallest"]
