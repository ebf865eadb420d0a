# SPDX-License-Identifier: MIT
"""The search for loads finds what is true without noise, says what is not so simple, and goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from synthetic_grid import cube, hidden, noise, objective, question, searched_loads, told

from sweep.errors import ConfigError
from sweep.sizing import loads
from sweep.sizing.bracket import CHECKS, depth
from sweep.sizing.judge import State
from sweep.sizing.load_answer import SizedLoad, load_verdicts
from sweep.sizing.load_search import LoadSearch, LoadSeries, Place
from sweep.sizing.search import Question

DROPS, TAIL, HELD = "drop_ratio < 0.1 %", "latency_p99_ns < 50_000", "pages_held_mean_pages < 512"
LOADS = tuple(float(load) for load in np.geomspace(0.01, 1, 200))
ONLY = Place(0, 0, 0, 0)

made_up = partial(cube, loads=LOADS, rings=(256,))
constant = partial(made_up, drawn=False)  # nothing is random, so replicates that are equal are exact


def by_load(values: np.ndarray) -> np.ndarray:
    """A value per load, the same in every replicate, to broadcast to a cube."""
    return np.asarray(values)[:, None, None, None]


def only(search: LoadSearch) -> SizedLoad:
    (verdict,) = load_verdicts(search)
    (series,) = verdict.series
    return series


def series(search: LoadSearch) -> LoadSeries:
    return search.series(ONLY)


def overloaded(capacity: float) -> np.ndarray:
    """What a server drops that takes this load."""
    return np.maximum(1 - capacity / np.array(LOADS), 0)


@pytest.mark.parametrize("capacity", [0.005, 0.0101, 0.2, 0.7, 0.999, 2.0])
def test_the_highest_load_of_what_rises(capacity: float) -> None:
    search = searched_loads(question(constant(), DROPS), {"drop_ratio": by_load(overloaded(capacity))})
    answer, meets = only(search), [load for load in LOADS if load < capacity / 0.999]
    assert answer.decided
    assert (answer.highest.load if answer.highest else None) == (meets[-1] if meets else None)
    assert (answer.none, answer.all) == (not meets, len(meets) == len(LOADS))
    assert (search.count > 0).sum() <= depth(len(LOADS)) + CHECKS
    assert set(search.count[search.count > 0].tolist()) == {2}


def test_objectives_together_and_each_series_by_itself() -> None:
    grid = constant(mixes=2, columns=("page_allocator", "page_pool"))
    drops = overloaded(0.5)[None, None, :, None, None, None]
    tails = (
        np.array([[20_000.0, 80_000.0], [30_000.0, 40_000.0]])[:, :, None, None, None, None]
        * np.array(LOADS)[None, None, :, None, None, None]
    )
    search = searched_loads(question(grid, DROPS, TAIL), {"drop_ratio": drops, "latency_p99_ns": 2 * tails})
    found = [[each.highest.load for each in verdict.series if each.highest] for verdict in load_verdicts(search)]
    assert found[0][0] == pytest.approx(0.5, rel=0.03)
    assert found[0][1] == pytest.approx(50 / 160, rel=0.15)  # a bucket of the histogram is as wide
    assert found[1] == [pytest.approx(0.5, rel=0.03)] * 2


def test_what_is_close_gets_more_replicates_and_what_stays_open_is_said() -> None:
    asked = question(made_up(), DROPS, replicates=8)
    drops = np.abs(by_load(overloaded(0.5)) + 4e-4 * noise(asked, 3, 1.0)[0, 0])
    search = searched_loads(asked, {"drop_ratio": drops})
    answer = only(search)
    assert set(search.count.ravel().tolist()) > {0, 2, 8}
    assert answer.highest is not None
    assert answer.fails_from is not None
    assert answer.highest.load < 0.5 / 0.999 <= answer.fails_from.load
    assert not answer.decided
    assert answer.wanted is not None
    assert answer.wanted > 8


def test_no_loss_where_something_is_random_is_never_shown_and_the_highest_clean_load_is() -> None:
    search = searched_loads(question(made_up(), "drop_ratio <= 0"), {"drop_ratio": by_load(overloaded(0.3))})
    answer = only(search)
    assert (answer.highest, answer.hopeless, answer.wanted, answer.decided) == (None, True, None, False)
    assert answer.not_failing is not None
    assert answer.fails_from is not None
    assert answer.not_failing.load <= 0.3 < answer.fails_from.load
    assert answer.not_failing.why == "none seen, which does not show that there is never any"
    assert answer.quoted == answer.not_failing
    assert (search.count > 0).sum() <= depth(len(LOADS)) + CHECKS


def test_a_load_that_fails_below_the_answer_is_told() -> None:
    drops = np.where(np.array(LOADS) < 0.02, 0.2, overloaded(0.5))
    search = searched_loads(question(constant(), DROPS), {"drop_ratio": by_load(drops)})
    answer = only(search)
    assert answer.highest is not None
    assert answer.highest.load == pytest.approx(0.5, rel=0.03)
    assert "load 0.01 fails, and 0.4995 does not" in answer.contradictions[0]
    assert not answer.decided


def test_a_load_that_is_worse_than_a_higher_one_is_told_even_if_it_meets() -> None:
    held = 100 + 900 * np.array(LOADS)
    held[np.array(LOADS) < 0.02] = 500
    search = searched_loads(question(constant(), HELD), {"pages_held_mean_pages": by_load(held)})
    answer = only(search)
    assert any(
        each.startswith("pages_held_mean_pages is worse at load 0.01 than at 0.1") for each in answer.contradictions
    )


def test_a_metric_without_a_value_is_not_measured() -> None:
    search = searched_loads(question(constant(), TAIL), {"latency_p99_ns": np.array([np.nan])})
    assert only(search).unmeasured == ("latency_p99_ns",)


def test_an_interrupted_search_goes_on_and_one_over_all_rows_asks_for_the_same() -> None:
    asked = question(made_up(columns=("page_allocator", "page_pool")), DROPS, replicates=5)
    drops = np.abs(by_load(overloaded(0.5)) + 4e-4 * noise(asked, 5, 1.0))
    whole = searched_loads(asked, {"drop_ratio": drops})
    values = told(asked, {"drop_ratio": drops}, whole.metrics)
    again = LoadSearch(asked)
    again.tell({name: hidden(each, np.ones((asked.cube.number, 5), np.bool_)) for name, each in values.items()})
    while again.wanted().any():
        pass
    assert (again.count == whole.count).all()
    assert load_verdicts(again)[0].series[0].highest == load_verdicts(whole)[0].series[0].highest


def test_series_without_some_loads_search_those_they_have() -> None:
    grid = constant()
    grid = replace(grid, points=np.where(np.array(LOADS)[:, None, None] < 0.3, grid.points, -1))
    search = searched_loads(question(grid, DROPS), {"drop_ratio": by_load(overloaded(0.5))})
    answer = only(search)
    assert answer.all
    assert answer.loads[-1] < 0.3
    assert (series(search).states[search.count.ravel()[: len(answer.loads)] > 0] == State.MEETS).all()


def test_packets_and_bits_stand_beside_the_load() -> None:
    values = {"drop_ratio": by_load(overloaded(0.5)), "total_pps": by_load(14.88e6 * np.array(LOADS))}
    found = only(searched_loads(question(constant(), DROPS), values)).highest
    assert found is not None
    assert float(found.packets_per_s.center) == pytest.approx(14.88e6 * found.load)
    assert found.gbit_per_s == pytest.approx(14.88e6 * found.load * 64 * 8 / 1e9)  # frames of 64 bytes


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ("lap_ns < 1000",),
            '"lap_ns < 1000" is easier to meet at a higher load, so there is no highest that it allows',
        ),
        (("drop_ratio > 1 %",), '"drop_ratio > 1 %" is easier to meet at a higher load'),
    ],
)
def test_what_has_no_highest_load_is_refused(texts: tuple[str, ...], message: str) -> None:
    grid = constant()
    with pytest.raises(ConfigError) as error:
        loads.check(grid, [objective(text, grid) for text in texts])
    assert message in str(error.value)


def test_an_objective_of_some_loads_is_refused_and_of_some_series_is_not() -> None:
    grid = constant(columns=("page_allocator", "page_pool"))
    of_loads = np.arange(grid.number) % len(LOADS) < 50
    with pytest.raises(ConfigError, match="speaks of some loads only"):
        loads.check(grid, [objective(DROPS, grid, of_loads)])
    of_series = np.arange(grid.number) < len(LOADS)
    asked = Question(grid, (objective(DROPS, grid, of_series),), 3, 0.95)
    loads.check(grid, asked.objectives)
    search = searched_loads(asked, {"drop_ratio": by_load(overloaded(0.5))})
    first, second = load_verdicts(search)[0].series
    assert (first.asked, second.asked, second.all) == (True, False, True)
