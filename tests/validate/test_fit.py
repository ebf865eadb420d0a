# SPDX-License-Identifier: MIT
"""Free parameters: a planted value is found again, and only calibration rows are looked at."""

from __future__ import annotations

import math

import pytest
from experiment_files import SETUP, experiment, outcome, written

from sweep.errors import ConfigError
from sweep.validate import judge, read
from sweep.validate.experiment.points import scenarios, solved
from sweep.validate.fit import bisect, solve
from sweep.validate.predict import Predictor

FITTED = (
    SETUP
    + """\
free:
  - {parameter: host.stack_drop, fitted_on: [calm], between: [10 ns, 90 ns], why: planted}
rows:
  - {id: calm, measured: 41.5, calibration: true}
  - {id: other ring, set: {ring: 256}, measured: 41.5}
"""
)


def test_a_planted_cost_is_found_and_predicts_another_row(tmp_path):
    found = outcome(tmp_path, FITTED)
    (solution,) = found.solutions
    assert solution.value == pytest.approx(41_500, rel=1e-4)  # ps
    assert solution.trouble == ""
    calm, other = found.rows
    assert (calm.verdict, calm.within) == ("calibration", None)
    assert other.verdict == "within"
    assert abs(other.error) <= 1e-4


def test_several_calibration_rows_share_their_error(tmp_path):
    text = FITTED.replace("fitted_on: [calm]", "fitted_on: [calm, calm 2]")
    found = outcome(tmp_path, text + "  - {id: calm 2, set: {ring: 128}, measured: 60, calibration: true}\n")
    (solution,) = found.solutions
    assert solution.value == pytest.approx(1000 * math.sqrt(41.5 * 60), rel=1e-4)  # the geometric mean
    assert abs(solution.error) <= 1e-4


COUPLED = """\
free:
  - {parameter: host.stack_drop, fitted_on: [mostly stack], between: [1 ns, 200 ns], why: "planted, 40 ns"}
  - {parameter: host.poll, fitted_on: [mostly poll], between: [1 ns, 400 ns], why: "planted, 120 ns"}
rows:
  - id: mostly stack
    predict: (2 * stack_ps / rx_packets + poll_ps / polls) / 1000
    measured: 200
    calibration: true
  - id: mostly poll
    predict: (stack_ps / rx_packets + 3 * poll_ps / polls) / 1000
    measured: 400
    calibration: true
"""


def test_two_parameters_that_depend_on_each_other_settle(tmp_path):
    first, second = outcome(tmp_path, SETUP + COUPLED).solutions
    assert first.value == pytest.approx(40_000, rel=1e-3)
    assert second.value == pytest.approx(120_000, rel=1e-3)
    assert first.trouble == second.trouble == ""


def test_a_value_that_is_nowhere_in_between_is_said(tmp_path):
    (solution,) = outcome(tmp_path, FITTED.replace("[10 ns, 90 ns]", "[50 ns, 90 ns]")).solutions
    assert (solution.value, solution.trouble) == (50_000, "at its bound")
    assert solution.error == pytest.approx(50 / 41.5 - 1)


class Recorder(Predictor):
    """A predictor that remembers what it was asked to simulate."""

    def __init__(self):
        super().__init__(workers=1)
        self.asked = set()

    def simulate(self, scenarios):
        scenarios = list(scenarios)
        self.asked |= {(scenario.ring, dict(scenario.costs_ps)["stack_drop"]) for scenario in scenarios}
        super().simulate(scenarios)


def test_a_fit_never_touches_a_predicted_row(tmp_path):
    made = experiment(tmp_path, FITTED)
    with Recorder() as predictor:
        (solution,) = solve(made, predictor, dict)
    rings = {ring for ring, _ in predictor.asked}
    assert rings == {512}  # that of the calibration row; the predicted one has 256
    assert len(predictor.asked) > 3
    again = experiment(tmp_path, FITTED.replace("{ring: 256}, measured: 41.5", "{ring: 256}, measured: 80"))
    with Recorder() as predictor:
        assert solve(again, predictor, dict)[0].value == solution.value


def test_a_parameter_is_free_for_its_rows_only(tmp_path):
    made = experiment(tmp_path, FITTED.replace("why: planted", "for: [calm], why: planted"))
    sweep = solved(made.sweep, made, {0: 77_000})
    costs = [dict(scenarios(sweep, row)[0].costs_ps)["stack_drop"] for row in (0, 1)]
    assert costs[0] == 77_000 != costs[1]


def test_a_value_from_another_file(tmp_path):
    written(tmp_path, FITTED, "first.yaml")
    text = SETUP + (
        "free:\n  - {parameter: host.stack_drop, from: first.yaml, why: the same host}\n"
        "rows: [{id: drop, set: {ring: 128}, measured: 41.5}]\n"
    )
    (found,) = judge([read(written(tmp_path, text))], workers=1)
    assert found.solutions[0].value == pytest.approx(41_500, rel=1e-4)
    assert found.rows[0].verdict == "within"
    with pytest.raises(ConfigError, match=r'"host\.poll" is not free in ".*first\.yaml"'):
        judge([read(written(tmp_path, text.replace("host.stack_drop", "host.poll")))], workers=1)


def test_files_that_take_from_each_other_are_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        text = SETUP + (
            f"free:\n  - {{parameter: host.poll, from: {other}.yaml, why: round and round}}\n"
            "rows: [{id: drop, measured: 41.5}]\n"
        )
        written(tmp_path, text, f"{name}.yaml")
    with pytest.raises(ConfigError, match=r"takes free parameters \"from\""):
        judge([read(tmp_path / "a.yaml")], workers=1)


@pytest.mark.parametrize("root", [0, 1, 63, 64, 99, 100])
@pytest.mark.parametrize("sign", [1, -1])
def test_bisection_finds_a_whole_number(root, sign):
    assert bisect(lambda value: sign * float(value - root), 0, 100) == (root, 0.0, True)


def test_bisection_takes_the_nearer_end_where_nothing_changes_sign():
    assert bisect(lambda value: float(value + 5), 0, 100) == (0, 5.0, False)
    assert bisect(lambda value: float(value - 150), 0, 100) == (100, -50.0, False)
    assert bisect(lambda value: -math.inf, 0, 100) == (0, -math.inf, False)
