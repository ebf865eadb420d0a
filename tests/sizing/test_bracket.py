# SPDX-License-Identifier: MIT
"""The two walks: they enclose the truth, and a load off the path to it has no say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.sizing.bracket import CHECKS, Bracket, bracket, depth, walk
from sweep.sizing.judge import State

LOOKS = (2, 3, 5)


def found(states: list[State], hopeless: bool = False) -> tuple[Bracket, np.ndarray]:
    """The bracket at the end of a search whose loads have these states, and the replicates it took of each."""
    count = np.zeros(len(states), np.int64)
    truth = np.array(states, np.int8)
    while (now := bracket(np.where(count > 0, truth, State.OPEN).astype(np.int8), count, LOOKS, hopeless)).wanted:
        for load, replicates in now.wanted.items():
            assert replicates > count[load]  # nothing is asked for twice
            count[load] = replicates
    return now, count


@settings(max_examples=200, deadline=None)
@given(loads=st.integers(1, 300), data=st.data())
def test_what_is_decided_everywhere_is_enclosed_by_neighbours(loads: int, data: st.DataObject) -> None:
    meeting = data.draw(st.integers(0, loads))
    now, count = found([State.MEETS] * meeting + [State.FAILS] * (loads - meeting))
    assert now.meets == (meeting - 1 if meeting else None)
    assert now.fails == (meeting if meeting < loads else None)
    assert (count > 0).sum() <= depth(loads) + CHECKS
    assert set(count[count > 0].tolist()) == {LOOKS[0]}


@settings(max_examples=200, deadline=None)
@given(loads=st.integers(1, 300), data=st.data())
def test_undecided_loads_lie_between(loads: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, loads))
    last = data.draw(st.integers(first, loads))
    now, count = found([State.MEETS] * first + [State.OPEN] * (last - first) + [State.FAILS] * (loads - last))
    assert now.meets == (first - 1 if first else None)
    assert now.fails == (last if last < loads else None)
    assert now.passes == (last - 1 if last else None)
    assert (count > 0).sum() <= 2 * depth(loads) + CHECKS
    assert set(count[first:last].tolist()) <= {0, LOOKS[-1]}


@settings(max_examples=300, deadline=None)
@given(states=st.lists(st.sampled_from(list(State)), min_size=1, max_size=60), truth=st.integers(0, 60))
def test_an_answer_is_wrong_only_by_an_error_on_the_path_to_the_truth(states: list[State], truth: int) -> None:
    """Whatever is seen anywhere: the path depends on the truth alone, and has `depth` loads."""
    path: list[int] = []
    walk(len(states), lambda load: path.append(load) or load < truth)
    assert len(path) <= depth(len(states))
    wrong = [load for load in path if states[load] == (State.FAILS if load < truth else State.MEETS)]
    now, _ = found(states)
    if not wrong:
        assert now.meets is None or now.meets < truth
        assert now.fails is None or now.fails >= truth


def test_loads_below_the_answer_are_looked_at_once() -> None:
    now, count = found([State.MEETS] * 80 + [State.FAILS] * 20)
    assert now.checks == (0, 26, 52)
    assert all(count[load] == LOOKS[0] for load in now.checks)


@pytest.mark.parametrize("hopeless", [True, False])
def test_where_no_load_can_be_shown_to_meet_none_is_looked_for(hopeless: bool) -> None:
    now, count = found([State.OPEN] * 70 + [State.FAILS] * 30, hopeless=hopeless)
    assert (now.meets, now.passes, now.fails) == (None, 69, 70)
    below = int((count[:49] > 0).sum())  # below the middle the upper walk has nothing to do
    assert below == CHECKS if hopeless else below > CHECKS
