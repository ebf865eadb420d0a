# SPDX-License-Identifier: MIT
"""Which cause takes most of what is dropped: seen from counts, shown only where enough was seen."""

from __future__ import annotations

import numpy as np
import pytest

from sweep import evidence
from sweep.evidence import Cells
from sweep.fields.losses import CAUSES

OFFERED, REPLICATES = 100_000, 5
NAMES = [cause.name for cause in CAUSES]


def cells(lost: dict[str, list[float]], episodes: float | None = 200.0, counted: tuple[str, ...] = ()) -> Cells:
    """One cell whose replicates lost these packets, in as many episodes each; None: the table counts no episodes."""
    columns = {
        cause.counter.name: np.zeros((1, REPLICATES)) for cause in CAUSES if not counted or cause.name in counted
    }
    columns |= {f"drop_{name}_packets": np.array([values]) for name, values in lost.items()}
    given = {"offered_packets": OFFERED}
    if episodes is not None:
        most = 2_000.0 if episodes < 10 else 20.0  # packets of one busy period
        given |= {"episodes": episodes, "busy_peak_packets": most, "loss_episodes": episodes, "loss_peak_packets": most}
    columns |= {name: np.full((1, REPLICATES), float(value)) for name, value in given.items()}
    return Cells(columns.__getitem__, columns.__contains__)


def test_the_cause_of_most_drops_is_first_and_has_its_share() -> None:
    found = evidence.losses(cells({"socket_buffer": [300.0] * 5, "no_descriptor": [100.0] * 5}))
    assert found is not None
    assert NAMES[found.first[0]] == "socket_buffer"
    assert found.shares[0, NAMES.index("socket_buffer")] == 0.75
    assert found.total[0] == 2_000
    assert found.shown[0]


@pytest.mark.parametrize(("episodes", "shown"), [(200.0, True), (1.0, False), (None, True)])
def test_what_was_seen_in_few_episodes_is_not_shown(episodes: float | None, shown: bool) -> None:
    found = evidence.losses(cells({"socket_buffer": [410.0, 250.0, 300.0, 290.0, 250.0]}, episodes))
    assert found is not None
    assert NAMES[found.first[0]] == "socket_buffer"
    assert bool(found.shown[0]) is shown


def test_half_of_it_in_doubt_is_not_shown() -> None:
    found = evidence.losses(
        cells({"socket_buffer": [500.0, 0.0, 480.0, 0.0, 510.0], "tx_ring": [0.0, 400.0, 0.0, 430.0, 0.0]})
    )
    assert found is not None
    assert NAMES[found.first[0]] == "socket_buffer"
    assert not found.shown[0]


def test_one_replicate_shows_nothing() -> None:
    source = cells({"no_memory": [300.0, np.nan, np.nan, np.nan, np.nan]})
    found = evidence.losses(source)
    assert found is not None
    assert NAMES[found.first[0]] == "no_memory"
    assert not found.shown[0]


def test_nothing_dropped_has_no_cause() -> None:
    found = evidence.losses(cells({}))
    assert found is not None
    assert (found.first[0], bool(found.shown[0])) == (-1, False)
    assert np.isnan(found.shares).all()


def test_a_table_that_lacks_some_counters_is_judged_by_the_others_and_without_any_not_at_all() -> None:
    found = evidence.losses(cells({"tx_ring": [5.0] * 5}, counted=("tx_ring",)))
    assert found is not None
    assert [cause.name for cause in found.causes] == ["tx_ring"]
    plain = np.full((1, REPLICATES), 1.0)
    assert evidence.losses(Cells(lambda name: plain, lambda name: name == "offered_packets")) is None


def test_what_is_shown_of_many_cells_holds_for_all_at_once() -> None:
    """A difference that one cell alone would show at 95 % is open among a hundred."""
    values = np.array([260.0, 240.0, 300.0, 220.0, 230.0])
    one = cells({"socket_buffer": values.tolist(), "tx_ring": [180.0, 200.0, 215.0, 170.0, 190.0]}, episodes=None)
    many = one.mapped(lambda array: np.repeat(array, 100, axis=0))
    alone, together = evidence.losses(one), evidence.losses(many)
    assert alone is not None
    assert together is not None
    assert alone.shown.all()
    assert not together.shown.any()
