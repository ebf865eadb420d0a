# SPDX-License-Identifier: MIT
"""What cells say of each other is true wherever the assumption is, and is given up where it is contradicted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.sizing import lattice
from sweep.sizing.directions import SHAPES, UNKNOWN, Direction, shape
from sweep.sizing.judge import State
from sweep.sizing.lattice import Inferred, SimulatedCells

FALLS, RISES, TURNS = Direction(ring=-1, pool=-1), Direction(ring=1, pool=1), Direction(ring=-1, turns=True)
BOUND = 1.0


def seen(truth: np.ndarray, there: np.ndarray) -> SimulatedCells:
    """Cells of known badness (R, P), the simulated ones among them without noise."""
    states = np.where(there, np.where(truth < BOUND, State.MEETS, State.FAILS), State.OPEN).astype(np.int8)
    bad = np.where(there[..., None], np.repeat(truth[..., None], 3, axis=-1), np.nan)
    return SimulatedCells(states, there, there, bad, BOUND, len(there) - 1)


def column(*values: float | None) -> Inferred:
    """What a series says that may turn; None for what was not simulated."""
    there = np.array([[value is not None] for value in values])
    truth = np.array([[0.0 if value is None else value] for value in values])
    return lattice.infer(TURNS, seen(truth, there), 0.95)


grids = st.tuples(st.integers(2, 6), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(
        st.lists(st.floats(0, 2), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]),
        st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]),
        st.just(shape),
    )
)


@settings(max_examples=200, deadline=None)
@given(grid=grids, falls=st.booleans())
def test_what_is_implied_is_true_where_the_direction_is(
    grid: tuple[list[float], list[bool], tuple[int, int]], falls: bool
) -> None:
    values, simulated, size = grid
    truth = np.sort(np.sort(np.array(values).reshape(size), axis=0), axis=1)
    truth = truth[::-1, ::-1] if falls else truth
    there = np.array(simulated).reshape(size)
    said = lattice.infer(FALLS if falls else RISES, seen(truth, there), 0.95)
    real = np.where(truth < BOUND, State.MEETS, State.FAILS)
    assert not said.contradictions
    assert ((said.low <= real) & (real <= said.high)).all()
    assert (said.low == said.high)[there].all()


@settings(max_examples=200, deadline=None)
@given(turn=st.integers(0, 6), simulated=st.lists(st.booleans(), min_size=7, max_size=7), deep=st.floats(0.1, 3))
def test_what_a_metric_that_turns_implies_is_true_up_to_its_turn(turn: int, simulated: list[bool], deep: float) -> None:
    """Of the rings up to the lowest that was simulated nothing false is said, if it is not a lucky neighbour."""
    truth = np.array([[1.2 + deep * (abs(ring - turn) - 1.5)] for ring in range(7)])
    there = np.array(simulated)[:, None]
    said = lattice.infer(TURNS, seen(truth, there), 0.95)
    real = np.where(truth < BOUND, State.MEETS, State.FAILS)
    if (there & (real == State.MEETS)).any():
        assert ((said.low <= real) & (real <= said.high)).all()


def test_without_a_direction_cells_speak_for_themselves() -> None:
    truth = np.array([[2.0], [0.5], [2.0], [0.5]])
    there = np.array([[True], [False], [True], [True]])
    said = lattice.infer(UNKNOWN, seen(truth, there), 0.95)
    assert (said.low[1], said.high[1]) == (State.FAILS, State.MEETS)


def test_a_contradiction_ends_the_assumption() -> None:
    truth = np.array([[1.1], [0.0], [0.0], [9.0]])
    said = lattice.infer(FALLS, seen(truth, np.array([[True], [False], [False], [True]])), 0.95)
    assert [tuple(each) for each in said.contradictions] == [((0, 0), (3, 0))]
    assert (said.high[1:3] == State.MEETS).all()
    small = np.array([[1.5], [0.0], [0.0], [1.6]])  # the wrong way, by too little to mislead
    assert not lattice.infer(FALLS, seen(small, np.array([[True], [False], [False], [True]])), 0.95).contradictions


def test_a_turn_is_no_contradiction_but_a_second_fall_is() -> None:
    assert not column(9, None, 2, None, 9).contradictions
    assert column(2, None, 9, None, 2).contradictions


def test_a_failing_ring_speaks_for_smaller_ones_until_a_turn_is_seen() -> None:
    assert column(9, None, 2, None, None).high.ravel().tolist() == [0, 0, 0, 2, 2]
    assert column(9, None, None, None, 2).high.ravel().tolist() == [0, 2, 2, 2, 0]  # the largest alone says nothing
    assert column(9, None, 2, None, 2).high.ravel().tolist() == [0, 0, 0, 0, 0]
    assert column(9, None, 2, None, 9).high.ravel().tolist() == [0, 2, 0, 2, 0]  # it turned; on which side is not known
    assert column(9, 4, 2, 1.5, 9).high.ravel().tolist() == [0, 0, 0, 0, 0]
    assert column(None, None, 2, None, None).high.ravel().tolist() == [2, 2, 0, 2, 2]  # the first alone says nothing
    assert column(9, None, 0.5, None, 9).low.ravel().tolist() == [0, 0, 2, 0, 0]


def test_what_is_no_better_than_an_open_cell_is_hopeless() -> None:
    values = np.array([[9.0], [0.0], [1.0], [0.0]])
    there = np.array([[True], [False], [True], [False]])
    given_ = seen(values, there)
    states = given_.states.copy()
    states[2] = State.OPEN
    open_ = SimulatedCells(states, there, there, given_.bad, BOUND, 3)
    assert lattice.infer(FALLS, open_, 0.95).hopeless.ravel().tolist() == [True, True, True, False]
    rising = SimulatedCells(states, there, there, seen(np.array([[0.5], [0.0], [1.0], [0.0]]), there).bad, BOUND, 3)
    assert lattice.infer(RISES, rising, 0.95).hopeless.ravel().tolist() == [False, False, True, True]
    unfinished = SimulatedCells(states, there, np.zeros_like(there), given_.bad, BOUND, 3)
    assert not lattice.infer(FALLS, unfinished, 0.95).hopeless.any()  # more replicates may yet decide it


def test_an_open_cell_that_is_like_a_finished_one_needs_no_more() -> None:
    bad = np.array(
        [[[0.9, 2.0, 0.1, 3.0, 0.2]], [[0.91, 2.01, np.nan, np.nan, np.nan]], [[0.6, 2.0, np.nan, np.nan, np.nan]]]
    )
    there = np.ones((3, 1), np.bool_)
    complete = np.array([[True], [False], [False]])
    said = lattice.infer(
        FALLS, SimulatedCells(np.full((3, 1), State.OPEN, np.int8), there, complete, bad, BOUND, 2), 0.95
    )
    assert said.alike.ravel().tolist() == [False, True, False]


@pytest.mark.parametrize("metric", SHAPES)
def test_shapes_of_what_is_wanted_large_are_turned_round(metric: str) -> None:
    form = shape(metric)
    small, large = form.of_badness("<"), form.of_badness(">=")
    assert (small.load, large.load) == (form.load, -form.load)
    kept = [each.ring for each in (small, large) if each.ring]
    assert len(kept) == (0 if not form.ring else 1 if form.turns else 2)
    assert all(not each.turns or each.ring < 0 for each in (small, large))


def test_every_shape_is_of_a_metric() -> None:
    from sweep.fields.metrics import METRICS

    assert set(SHAPES) <= {metric.name for metric in METRICS}
    assert all(form.why for form in SHAPES.values())
