# SPDX-License-Identifier: MIT
"""What a run says of its core time is true: confirmed by the machine's own counters, read while it runs."""

from __future__ import annotations

import re

import pytest

from bench import efficiency

WORKERS = 2
SECONDS = 30.0
SLACK = 0.05
START_AND_END_S = 1.0  # the clocks of the run and of this test do not start together


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> efficiency.Measured:
    folder = tmp_path_factory.mktemp("efficiency")
    pilot = efficiency.measure(folder / "pilot", replicates=efficiency.PILOT_REPLICATES, workers=WORKERS)
    replicates = efficiency.replicates_for(SECONDS, pilot)
    return efficiency.measure(folder / "run", replicates=replicates, workers=WORKERS)


@pytest.mark.slow
def test_the_printed_line_is_what_run_json_has(measured: efficiency.Measured) -> None:
    found = re.search(r"^([\d,.]+) of ([\d,.]+) core-seconds simulated \(([\d.]+) %\)", measured.said, re.M)
    assert found, measured.said
    simulate_s, paid_s, share = (float(number.replace(",", "")) for number in found.groups())
    assert simulate_s == pytest.approx(measured.seconds["simulate"], abs=0.06)
    assert paid_s == pytest.approx(measured.seconds["paid"], abs=0.06)
    assert share == pytest.approx(100 * measured.own_share, abs=0.06)


@pytest.mark.slow
def test_the_workers_worked_for_as_long_as_is_claimed(measured: efficiency.Measured) -> None:
    """On a core or in the queue for one: a busy machine takes cores away, and that is no idling of the run's."""
    assert measured.seconds["simulate"] > SECONDS
    assert measured.used.runnable_s >= (1 - SLACK) * measured.seconds["simulate"], measured


@pytest.mark.slow
def test_the_paid_time_is_what_there_was(measured: efficiency.Measured) -> None:
    seconds = measured.seconds
    assert seconds["elapsed"] <= measured.wall_s
    assert seconds["paid"] <= WORKERS * measured.wall_s
    assert seconds["paid"] == pytest.approx(WORKERS * seconds["elapsed"], abs=WORKERS * START_AND_END_S)
    assert seconds["simulate"] <= seconds["paid"]
    parts_s = sum(seconds[name] for name in ("simulate", "compile", "dispatch", "straggle", "lost"))
    assert parts_s == pytest.approx(seconds["paid"], rel=SLACK)


def test_a_run_that_claims_too_much_is_found_out() -> None:
    """The shares, on made-up accounts."""
    note = {"seconds": {"simulate": 19.0, "paid": 20.0, "elapsed": 10.0}}
    made = efficiency.Measured(2, 12.5, efficiency.Used(15.0, 16.0), note, "")
    assert (made.own_share, made.outside_share, made.whole_share) == (0.95, 0.75, 0.6)
    assert "missed" in efficiency.text(made)
