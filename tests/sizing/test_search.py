# SPDX-License-Identifier: MIT
"""The search finds what is true where nothing is noisy, asks for little, and goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_grid import PACKETS, RINGS, cube, noise, objective, question, searched, told

from sweep.sizing.answer import verdicts
from sweep.sizing.judge import State
from sweep.sizing.search import COST, Question, Search

CALLS, DROPS, TAIL = "allocator_calls_per_packet < 0.01", "drop_ratio < 0.1 %", "latency_p99_ns < 1000"
HELD = "pages_held_mean_pages < 512"


constant = partial(cube, drawn=False)  # nothing is random, so replicates that are equal are exact


def levels(*values: float) -> np.ndarray:
    """A value per ring, the same in every replicate, to broadcast to a cube."""
    return np.array(values)[:, None, None]


def asked_for(search: Search) -> int:
    return int((search.count[0, 0, 0] > 0).sum())


@pytest.mark.parametrize("first", range(len(RINGS) + 1))
def test_the_smallest_ring_of_a_metric_that_falls(first: int) -> None:
    falling = [0.02 if ring < first else 0.001 for ring in range(len(RINGS))]
    search = searched(question(constant(), CALLS), {"allocator_calls_per_packet": levels(*falling)})
    series = search.series(0, 0, 0)
    assert (series.answer, series.decided) == (None if first == len(RINGS) else first, True)
    assert asked_for(search) <= (1 if first == 0 else 2 if first == len(RINGS) else 5)
    assert set(search.count[search.count > 0].tolist()) == {2}  # nothing is close


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(0, 2e-3), min_size=2, max_size=12), data=st.data())
def test_a_metric_without_direction_is_found_whatever_it_does(values: list[float], data: st.DataObject) -> None:
    grid = constant(rings=range(1, len(values) + 1))
    search = searched(question(grid, "cpu_busy_ratio < 0.001"), {"cpu_busy_ratio": levels(*values)})
    meets = [number for number, value in enumerate(values) if value < 1e-3]
    series = search.series(0, 0, 0)
    assert (series.answer, series.decided) == (meets[0] if meets else None, True)
    assert asked_for(search) == (meets[0] + 1 if meets else len(values))  # in their order, and no further


@settings(max_examples=100, deadline=None)
@given(turn=st.integers(0, 9), start=st.floats(0.5e-3, 5e-3), fall=st.floats(0.1, 0.9), rise=st.floats(1.05, 3.0))
def test_drops_that_fall_and_rise_again(turn: int, start: float, fall: float, rise: float) -> None:
    """Where the search has an answer it is right; that it finds a narrow window is tested below."""
    values = [start * fall ** min(ring, turn) * rise ** max(0, ring - turn) for ring in range(10)]
    grid = constant(rings=range(1, 11))
    search = searched(question(grid, DROPS), {"drop_ratio": levels(*values)})
    series = search.series(0, 0, 0)
    meets = [number for number, value in enumerate(values) if value < 1e-3]
    if series.answer is not None:
        assert series.answer == meets[0]
    assert series.decided
    assert len(meets) < 5 or series.answer is not None  # a window of half of the rings cannot be missed


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([0.05, 0.01, 0, 0, 0, 0, 0.03], 2),  # the largest fails again
        ([0.05, 0.01, 0.004, 0, 0.004, 0.01, 0.03], 3),  # a window of one, in the middle
        ([0.05, 0.04, 0.03, 0.02, 0.01, 0, 0.03], 5),
        ([0.05, 0, 0.002, 0.003, 0.004, 0.01, 0.03], 1),  # a turn is seen, so what is before it is looked at
        ([0.05, 0, 0.025, 0.025, 0.025, 0.025, 0.025], None),  # a window that no ring asked for shows
        ([0.05, 0.04, 0.03, 0.03, 0.03, 0.03, 0.03], None),
    ],
)
def test_windows(values: list[float], answer: int | None) -> None:
    search = searched(question(constant(), DROPS), {"drop_ratio": levels(*values)})
    assert search.series(0, 0, 0).answer == answer


def test_what_was_not_simulated_is_implied_and_nothing_is_implied_beyond_a_turn() -> None:
    search = searched(question(constant(), DROPS), {"drop_ratio": levels(0.05, 0.04, 0.03, 0, 0, 0, 0.03)})
    series = search.series(0, 0, 0)
    assert series.answer == 3
    assert (series.count > 0).tolist() == [True, False, True, True, True, False, False]
    assert series.high[1] == State.FAILS  # implied by ring 256
    assert (series.low[5:] == State.FAILS).all()  # and what is larger may do or not
    assert (series.high[5:] == State.MEETS).all()
    search = searched(question(constant(), CALLS), {"allocator_calls_per_packet": levels(0.5, 0.4, 0.3, 0, 0, 0, 0)})
    assert (search.series(0, 0, 0).low[3:] == State.MEETS).all()  # these do not turn


def test_a_contradiction_turns_a_series_into_a_scan_and_is_said() -> None:
    """Allocator calls that rise with the ring: the smallest fails, the largest is worse, and one between does."""
    values = [0.02, 0.001, 0.03, 0.04, 0.05, 0.06, 0.07]
    search = searched(question(constant(), CALLS), {"allocator_calls_per_packet": levels(*values)})
    series = search.series(0, 0, 0)
    assert (series.answer, series.decided, series.alone) == (1, True, True)
    found, (better, worse) = series.contradictions[0]
    assert (found.metric, better, worse) == ("allocator_calls_per_packet", (0, 0), (6, 0))


def test_two_objectives_bound_the_ring_from_both_sides() -> None:
    drops, held = levels(0.05, 0.01, 0.005, 0, 0, 0, 0), levels(64, 128, 256, 511, 1024, 2048, 4096)
    asked = question(constant(), DROPS, HELD)
    search = searched(asked, {"drop_ratio": drops, "pages_held_mean_pages": held})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (3, True)
    search = searched(asked, {"drop_ratio": drops, "pages_held_mean_pages": 2 * held})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (None, True)


def test_the_largest_ring_alone_speaks_for_none_also_where_a_constraint_ends_the_series() -> None:
    """From load 0.1 ring 1024 is begun with; at 0.5 it fails as the smallest does, and those between do."""
    grid = constant(loads=(0.1, 0.5))
    grid = replace(grid, points=np.where(np.arange(7)[:, None] < 5, grid.points, -1))
    easy, hard = [0.05] * 4 + [0, 0, 0], [0.05, 0, 0, 0, 0.03, 0, 0]
    search = searched(question(grid, DROPS), {"drop_ratio": np.array([easy, hard])[:, :, None, None]})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 1).answer) == (4, 1)
    assert search.series(0, 0, 1).decided


def test_memory_that_falls_with_the_ring_in_an_overload() -> None:
    """A ring of 64 drops half and pages pile up elsewhere; 256 holds least, and it is found."""
    held = levels(960, 1040, 350, 560, 1070, 2070, 4090)
    drops = levels(0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1)
    search = searched(question(constant(), HELD), {"pages_held_mean_pages": held, "drop_ratio": drops})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (2, True)
    calm = searched(question(constant(), HELD), {"pages_held_mean_pages": 600 + 0 * held, "drop_ratio": drops / 10})
    assert (calm.series(0, 0, 0).decided, asked_for(calm)) == (True, 1)


def test_no_loss_is_no_more_than_the_episodes_show() -> None:
    """None lost in k episodes leaves room for one that was not seen, as large as the ring that has been full."""
    fits = {"rx_ring_peak_packets": np.array(RINGS)[:, None, None]}  # full, and nothing lost
    few = searched(question(cube(), DROPS), {**fits, "episodes": np.full(1, 3.0)})
    assert (few.series(0, 0, 0).answer, few.series(0, 0, 0).decided) == (None, False)  # 15 episodes in 5 replicates
    many = searched(question(cube(), DROPS), fits)
    assert (many.series(0, 0, 0).answer, many.series(0, 0, 0).decided) == (0, True)
    rare = searched(question(cube(), "drop_ratio < 1e-5"), fits)  # five packets in 5 replicates
    assert rare.series(0, 0, 0).answer is None
    sized = verdicts(rare)[0].series[0]
    assert sized.wanted is not None
    assert 100 < sized.wanted < 20_000
    never = searched(question(cube(), "drop_ratio <= 0"), fits)
    sized = verdicts(never)[0].series[0]
    assert (sized.answer, sized.wanted) == (None, None)
    assert sized.why == "none seen, which does not show that there is never any"
    exact = searched(question(constant(), "drop_ratio <= 0"), fits)
    assert exact.series(0, 0, 0).answer == 0


def test_an_objective_speaks_of_its_points_only() -> None:
    grid = constant()
    large = np.arange(grid.number) >= 3
    asked = Question(grid, (objective(CALLS, grid, large),), 3, 0.95)
    search = searched(asked, {"allocator_calls_per_packet": levels(*[1.0] * 7)})
    assert search.series(0, 0, 0).answer == 0  # the others meet it
    asked = Question(grid, (objective(CALLS, grid, ~large),), 3, 0.95)
    search = searched(asked, {"allocator_calls_per_packet": levels(*[1.0] * 7)})
    assert search.series(0, 0, 0).answer == 3


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_signs_at_the_bound(sign: str) -> None:
    search = searched(question(constant(), f"reuse_ratio {sign} 0.5"), {"reuse_ratio": levels(*[0.5] * 7)})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (0 if "=" in sign else None, True)


def test_the_smallest_pool_of_the_smallest_ring() -> None:
    """A pool that is an axis of its own: first the ring, then the pool."""
    pools = (64, 256, 1024)
    calls = np.array([[0.09, 0.08, 0.07], [0.05, 0.009, 0.001], [0.008, 0.007, 0.001]])[:, :, None]
    asked = question(constant(rings=RINGS[:3], pools=pools), CALLS)
    search = searched(asked, {"allocator_calls_per_packet": calls})
    series = search.series(0, 0, 0)
    assert (divmod(series.answer or 0, len(pools)), series.decided) == ((1, 1), True)
    assert asked_for(search) < 9


def test_easier_loads_say_where_to_begin_and_nothing_more() -> None:
    """Load 0.1 fails below ring 1024; at 0.5 ring 128 would do, against what is assumed, and is found all the same."""
    easy, hard = [0.05, 0.04, 0.03, 0.02, 0, 0, 0], [0.05, 0, 0, 0, 0, 0, 0]
    drops = np.array([easy, hard])[:, :, None, None]
    search = searched(question(constant(loads=(0.1, 0.5)), DROPS), {"drop_ratio": drops})
    assert [search.series(0, 0, load).answer for load in (0, 1)] == [4, 1]
    alike = np.array([easy, easy])[:, :, None, None]
    search = searched(question(constant(loads=(0.1, 0.5)), CALLS), {"allocator_calls_per_packet": alike})
    assert (search.count[0, 0, 1].ravel() > 0).tolist() == [False, False, False, True, True, False, False]
    search = searched(question(constant(loads=(0.1, 0.5)), DROPS), {"drop_ratio": alike})
    assert (search.count[0, 0, 1].ravel() > 0).tolist() == [True, False, False, True, True, False, False]
    search = searched(question(constant(loads=(0.1, 0.5)), "delivered_ratio > 0.999"), {"delivered_ratio": 1 - alike})
    assert (search.count[0, 0, 1].ravel() > 0).tolist() == [True, False, False, True, True, False, False]


def test_more_replicates_only_where_it_is_close() -> None:
    asked = question(cube(), CALLS, replicates=8)
    means = levels(0.011, 0.003, 0.001, 0.001, 0.001, 0.001, 0.001)
    search = searched(asked, {"allocator_calls_per_packet": means + noise(asked, 1, 0.0003)})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (1, True)
    assert 2 < search.count[0, 0, 0, 0, 0] <= 8
    far = levels(0.9, *[0.003] * 6)
    search = searched(asked, {"allocator_calls_per_packet": far + noise(asked, 1, 0.0001)})
    assert search.count[0, 0, 0, 0, 0] == 2


def test_the_answer_has_as_many_replicates_as_any_neighbour_needed() -> None:
    """Both columns have the same packets, and one is close to the bound: the other gets as many."""
    asked = question(cube(columns=("page_frag", "page_pool")), CALLS, replicates=8)
    calls = np.zeros((*asked.cube.shape, 8))
    calls[0, 0] = [0.012, 0.0085, 0.0115, 0.0088, 0.0112, 0.0081, 0.0119, 0.008]
    search = searched(asked, {"allocator_calls_per_packet": calls})
    assert search.series(0, 0, 0).answer is None
    assert (search.series(0, 1, 0).answer, search.count[0, 1, 0, 0, 0]) == (0, 8)


def test_a_loss_in_one_replicate_of_five_is_waited_for() -> None:
    """Two quiet replicates with a stall each show nothing, neighbours or not."""
    asked = question(cube(episode="stall"), DROPS)
    drops = np.array([0, 0, 0.046, 0, 0])
    found = {"drop_ratio": drops, "episodes": np.ones(1), "loss_episodes": (drops > 0) * 1.0}
    search = searched(asked, {**found, "loss_peak_packets": drops * PACKETS})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (None, False)
    assert verdicts(search)[0].series[0].why == "only 5 stalls seen"


def test_a_metric_without_a_value_ends_the_series() -> None:
    search = searched(question(cube(), TAIL), {"latency_p99_ns": np.full(1, np.nan)})
    assert search.series(0, 0, 0).unmeasured == ("latency_p99_ns",)
    assert asked_for(search) == 1


def test_simulations_that_failed_leave_the_series_undecided() -> None:
    lost = np.full(1, np.nan)
    asked = question(constant(rings=RINGS[:2]), CALLS, replicates=3)
    search = searched(asked, dict.fromkeys(asked.metrics, lost))
    series = search.series(0, 0, 0)
    assert (series.answer, series.decided, series.unmeasured) == (None, False, ())
    assert int(search.count.max()) == 3


def test_a_lost_replicate_does_not_end_a_contest() -> None:
    """Two that can be told apart by five replicates; the third of one gave no row."""
    asked = question(cube(columns=("a", "b")), CALLS, replicates=5)
    cost = np.array([500.0, 503])[None, :, None, None, None, None] * np.exp(noise(asked, 7, 0.006, shared=0))
    for lost in (False, True):
        values = np.array(cost)
        if lost:
            values[:, 0, :, :, :, 2] = np.nan
        search = searched(asked, {"allocator_calls_per_packet": levels(*[0] * 7), COST: values})
        standing = search.standing(0, 0)
        assert standing is not None
        assert (standing.replicates, standing.following) == (5, None)


def test_the_best_at_its_own_smallest_ring() -> None:
    """page_frag costs least and never does; refcount_recycle beats page_pool, but only from a larger ring on."""
    columns = ("page_frag", "page_pool", "refcount_recycle")
    asked = question(cube(columns=columns), CALLS)
    calls = np.array([[1.0] * 7, [0.0] * 7, [0.1, 0.1, 0, 0, 0, 0, 0]])[None, :, None, :, None, None]
    cost = np.array([[100.0] * 7, [300.0] * 7, [500.0, 400, 250, 900, 900, 900, 900]])[None, :, None, :, None, None]
    search = searched(asked, {"allocator_calls_per_packet": calls, COST: cost * np.exp(noise(asked, 2, 1e-4))})
    standing = search.standing(0, 0)
    assert standing is not None
    assert [search.series(0, column, 0).answer for column in range(3)] == [None, 0, 2]
    assert (standing.best, standing.runner_up, standing.outcome.decided) == (2, 1, True)
    assert float(standing.behind[1].center) == pytest.approx(0.2, abs=0.01)
    assert search.count[0, 0].max() == 2  # no contender gets no more


def test_a_search_over_what_is_there_asks_the_same() -> None:
    """All values at once, as in a finished run, or as they come: the same questions and answers."""
    asked = question(cube(mixes=6, columns=("a", "b"), loads=(0.1, 0.3)), CALLS, DROPS)
    calls = levels(0.02, 0.012, 0.0095, 0.006, 0.002, 0.001, 0.001) + noise(asked, 3, 0.0003)
    drops = levels(0.003, 0.0012, 0.0008, 0.0004, 0.0002, 0.0009, 0.004) + noise(asked, 4, 0.00002)
    values = {"allocator_calls_per_packet": calls, "drop_ratio": drops, COST: 500 + noise(asked, 5, 3)}
    piecewise = searched(asked, values)
    whole = Search(asked)
    whole.tell(told(asked, values))
    while whole.wanted().any():
        pass
    np.testing.assert_array_equal(whole.count, piecewise.count)
    for mix in range(6):
        for load in range(2):
            assert str(whole.standing(mix, load)) == str(piecewise.standing(mix, load))
            for column in range(2):
                one, other = (each.series(mix, column, load) for each in (whole, piecewise))
                assert (one.answer, one.decided) == (other.answer, other.decided)
    assert 0 < piecewise.count.sum() < asked.cube.there.sum() * asked.replicates / 2
