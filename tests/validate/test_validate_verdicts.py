# SPDX-License-Identifier: MIT
"""Verdicts on rows, ratios, shapes and identities whose right answers are planted."""

from __future__ import annotations

from fractions import Fraction

import pytest
from experiment_files import PLANTED, SERIES, SETUP, experiment, outcome

from sweep.validate.experiment.points import scenarios
from sweep.validate.outcome.summary import summarise
from sweep.validate.predict import Predictor


def test_a_row_that_is_exact_by_construction(tmp_path):
    (row,) = outcome(tmp_path, PLANTED + "rows: [{id: drop, measured: 50, within: 0}]\n").rows
    assert (row.verdict, row.predicted, row.error) == ("exact", 50.0, 0.0)
    assert (row.strategy, row.mechanism, row.unit) == ("page_allocator", "other", "ns")


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ("measured: 40, within: 25 %", "within"),  # 50 is 25 % above 40: the bound belongs to the rule
        ("measured: 40, within: 24.9 %", "miss"),
        ("measured: 62.5, within: 20 %", "within"),
        ("measured: 63, within: 20 %", "miss"),
        ("measured: 49, within: 0", "miss"),
        ("measured: 49, within: 0, resolution: 1", "within"),
        ("measured: 0, within: 20 %, resolution: 49", "miss"),
        ("measured: 0, within: 20 %, resolution: 50", "within"),
    ],
)
def test_the_rule_of_a_row(tmp_path, entry, verdict):
    (row,) = outcome(tmp_path, PLANTED + f"rows: [{{id: drop, {entry}}}]\n").rows
    assert row.verdict == verdict


def test_a_row_without_a_value_is_invalid_and_a_miss(tmp_path):
    found = outcome(tmp_path, PLANTED + "rows: [{id: pool, predict: strategy.pool_size, measured: 1, unit: count}]\n")
    (row,) = found.rows  # page_allocator has no pool
    assert (row.verdict, row.predicted) == ("invalid", None)
    assert row.why == "strategy.pool_size has no value here"
    assert found.unexplained == [row]


def test_a_row_that_breaks_a_law_is_no_prediction(tmp_path):
    made = experiment(tmp_path, PLANTED + "rows: [{id: drop, measured: 50}]\n")
    (scenario,) = scenarios(made.sweep, 0)
    with Predictor(workers=1) as predictor:
        predictor.simulate([scenario])
        predictor._rows[scenario]["violation"] = "pages"
        assert predictor.predict([scenario], "ring") == (None, "breaks a law: pages")


def test_a_miss_that_the_file_explains_is_still_a_miss(tmp_path):
    text = PLANTED + "rows: [{id: drop, measured: 70}]\nexplained: {drop: the model lacks it}\n"
    found = outcome(tmp_path, text)
    (row,) = found.rows
    assert (row.verdict, row.explained, row.why) == ("miss", True, "the model lacks it")
    assert found.unexplained == []
    rows = summarise([found]).rows
    assert (rows.predicted, rows.passed, rows.explained) == (1, 0, 1)


def test_the_reason_of_a_series_is_that_of_its_rows(tmp_path):
    text = SERIES.replace("measured: [64, 128, 256]", "measured: [64, 300, 256]") + "explained: {size: odd}\n"
    rows = outcome(tmp_path, text).rows
    assert [row.id for row in rows] == ["size 64", "size 128", "size 256"]
    assert [(row.verdict, row.why) for row in rows] == [("exact", ""), ("miss", "odd"), ("exact", "")]


def test_nothing_published_makes_no_row(tmp_path):
    rows = outcome(tmp_path, SERIES.replace("measured: [64, 128, 256]", "measured: [64, -, 256]")).rows
    assert [row.id for row in rows] == ["size 64", "size 256"]


def test_a_prediction_is_the_mean_over_the_replicates(tmp_path):
    text = "replicates: 3\n" + PLANTED + "rows: [{id: drop, predict: replicate, measured: 1, within: 0, unit: count}]\n"
    (row,) = outcome(tmp_path, text).rows
    assert row.predicted == 1.0  # of 0, 1 and 2


RATIOS = (
    SETUP
    + """\
free:
  - {parameter: host.stack_drop, value: 50 ns, range: [10 ns, 90 ns], for: [slow], why: planted}
  - {parameter: host.stack_drop, value: 20 ns, range: [10 ns, 90 ns], for: [fast], why: planted}
rows:
  - {id: slow, measured: 50}
  - {id: fast, measured: 25}
"""
)


@pytest.mark.parametrize(("within", "verdict"), [("25 %", "within"), ("24 %", "miss")])
def test_a_ratio_of_rows(tmp_path, within, verdict):
    text = RATIOS + f"ratios: [{{id: gain, of: slow, to: fast, within: {within}}}]\n"
    (ratio,) = outcome(tmp_path, text).ratios
    assert (ratio.measured, ratio.predicted, ratio.error) == (2.0, 2.5, 0.25)
    assert ratio.verdict == verdict


TWO_SERIES = SERIES + (
    "  - {id: twice, over: ring, at: [64, 128, 256], predict: 2 * ring, unit: count, measured: [128, 256, 600]}\n"
)


def test_ratios_of_series_value_by_value(tmp_path):
    text = TWO_SERIES + "ratios: [{id: two, of: twice, to: size, within: 10 %}]\nexplained: {two: odd}\n"
    found = outcome(tmp_path, text)
    assert [(ratio.id, ratio.predicted, ratio.verdict) for ratio in found.ratios] == [
        ("two 64", 2.0, "exact"),
        ("two 128", 2.0, "exact"),
        ("two 256", 2.0, "miss"),  # 2.34 was measured
    ]
    assert found.ratios[2].why == "odd"


def test_ratios_of_a_series_to_one_row(tmp_path):
    text = SERIES + "ratios: [{id: all, of: size, to: size 64, within: 0}]\n"
    assert [ratio.predicted for ratio in outcome(tmp_path, text).ratios] == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("predict", "that", "measured", "verdict"),
    [
        ("ring", "rises", "1, 2, 3", "holds"),
        ("0 - ring", "rises", "1, 2, 3", "miss"),
        ("0 - ring", "falls", "3, 2, 1", "holds"),
        ("ring * (400 - ring)", "peak at 256", "1, 2, 3", "holds"),
        ("ring * (300 - ring)", "peak at 128", "1, 3, 2", "holds"),
        ("ring * (300 - ring)", "peak between 64 and 128", "2, 3, 1", "holds"),
        ("ring", "peak at 128", "1, 3, 2", "miss"),
        ("0 * ring + 5", "flat", "1, 1, 1", "holds"),
        ("ring", "flat", "1, 1, 1", "miss"),
        ("0 * ring", "rises", "1, 2, 3", "miss"),  # level is no rise
    ],
)
def test_the_shape_of_a_series(tmp_path, predict, that, measured, verdict):
    text = SERIES.replace("predict: ring", f"predict: {predict}").replace("64, 128, 256]}", f"{measured}]}}")
    (shape,) = outcome(tmp_path, text + f"shapes: [{{id: s, of: size, that: {that}}}]\n").shapes
    assert shape.verdict == verdict


def test_slack_lets_a_step_go_the_wrong_way(tmp_path):
    text = SERIES.replace("predict: ring", "predict: ring - 140 * (ring // 128)").replace("64, 128, 256]}", "1, 2, 3]}")
    shape = "shapes: [{id: s, of: [size 64, size 128, size 256], that: falls, slack: SLACK}]\n"
    text = text.replace("1, 2, 3]", "3, 2, 1]") + shape  # predicted 64, -12, -24
    assert outcome(tmp_path, text.replace("SLACK", "0")).shapes[0].verdict == "holds"
    text = text.replace("- 140 * (ring // 128)", "- 120 * (ring // 128)")  # predicted 64, 8, 16
    assert outcome(tmp_path, text.replace("SLACK", "40 %")).shapes[0].verdict == "miss"
    assert outcome(tmp_path, text.replace("SLACK", "50 %")).shapes[0].verdict == "holds"


def test_the_order_of_series_at_each_value(tmp_path):
    text = TWO_SERIES + "shapes: [{id: order, of: [size, twice], that: rises}]\n"
    (shape,) = outcome(tmp_path, text).shapes
    assert (shape.verdict, shape.evidence) == ("holds", "64, 128 at 64; 128, 256 at 128; 256, 512 at 256")
    crossing = text.replace("2 * ring", "500 - ring")
    (shape,) = outcome(tmp_path, crossing).shapes
    assert (shape.verdict, shape.evidence) == ("miss", "256, 244 at 256")  # only where it fails
    (shape,) = outcome(tmp_path, crossing.replace("that: rises", "that: rises, at: [64, 128]")).shapes
    assert (shape.verdict, shape.evidence) == ("holds", "64, 436 at 64; 128, 372 at 128")


@pytest.mark.parametrize(
    ("that", "closing", "verdict"),
    [
        ("a + b == c", "0", "exact"),
        ("a + b == d", "0", "miss"),
        ("a + b == d", "1", "within"),
        ("e == f", "0.1 %", "within"),  # of the larger side
        ("e == f", "0.09 %", "miss"),
        ("c / b == 0.1", "0", "miss"),
        ("0 <= a <= c", "0", "exact"),
        ("c <= a", "0", "miss"),
        ("c <= a", "1", "within"),
        ("a >= 9007199254740993", "0", "exact"),  # no float can tell it from its neighbour
        ("a >= 9007199254740994", "0", "miss"),
    ],
)
def test_identities_are_exact(tmp_path, that, closing, verdict):
    given = "{a: 9007199254740993, b: 1, c: 9007199254740994, d: 9007199254740995, e: 1000, f: 1001}"
    text = "title: t\nsource: s\nidentities:\n" + f"  - {{id: i, given: {given}, that: {that}, closing: {closing}}}\n"
    (check,) = outcome(tmp_path, text).identities
    assert check.verdict == verdict


def test_the_tallies(tmp_path):
    text = PLANTED + (
        "noise: 5 %\n"
        "rows:\n"
        "  - {id: a, measured: 50, mechanism: lock}\n"
        "  - {id: b, measured: 40, mechanism: lock, within: 30 %}\n"
        "  - {id: c, measured: 100, noise: 60 %, mechanism: cache}\n"
        "not_predicted:\n"
        "  - {id: d, measured: [1, 2], unit: ns, why: no such thing}\n"
    )
    summary = summarise([outcome(tmp_path, text)])
    rows = summary.rows
    assert (rows.predicted, rows.passed, rows.published, rows.calibration) == (3, 2, 5, 0)
    assert (rows.share, rows.share_of_all) == (pytest.approx(2 / 3), pytest.approx(2 / 5))
    assert (rows.noise_known, rows.within_noise) == (3, 2)  # errors 0, 25 % and -50 %
    assert (rows.median_error, rows.worst_error, rows.worst) == (0.25, 0.5, "mine c")
    assert [(tally.name, tally.passed, tally.predicted) for tally in summary.by_mechanism] == [
        ("lock", 2, 2),
        ("cache", 0, 1),
    ]
    assert [tally.name for tally in summary.by_strategy] == ["page_allocator"]


def test_measured_numbers_keep_all_their_digits(tmp_path):
    (row,) = outcome(tmp_path, PLANTED + "rows: [{id: drop, measured: 50.000_000_000_000_000_001, within: 0}]\n").rows
    assert Fraction(row.measured) == 50
    assert row.verdict == "exact"  # no float is nearer
