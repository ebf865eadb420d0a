# SPDX-License-Identifier: MIT
"""`sweep.stats` against numbers worked by hand, against SciPy, and against its own promise to cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats as scipy_stats

from sweep import stats
from sweep.stats import Call

NAN = np.nan


def test_interval_by_hand():
    # 1, 2, 3: mean 2, deviation 1, standard error 1/sqrt(3), t(0.975; 2) = 4.302653
    found = stats.mean(np.array([1.0, 2.0, 3.0]))
    assert found.center == 2.0
    assert found.deviation == pytest.approx(1.0)
    assert found.high - found.center == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert found.pairs == 3


def test_interval_and_p_equal_scipy_paired_test():
    rng = np.random.default_rng(5)
    a, b = rng.normal(10, 1, 7), rng.normal(9.5, 1, 7)
    ours = stats.difference(a, b)
    theirs = scipy_stats.ttest_rel(a, b)
    interval = theirs.confidence_interval(0.95)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-10)
    assert (float(ours.low), float(ours.high)) == pytest.approx((interval.low, interval.high), rel=1e-10)


def test_ratio_is_the_geometric_mean_of_the_pairs():
    found = stats.ratio(np.array([2.0, 8.0]), np.array([1.0, 1.0])).ratios()
    assert found.center == pytest.approx(3.0)  # sqrt(2 * 8) = 4 times: 300 % more


def test_a_pair_counts_only_whole_and_ratios_need_positive_sides():
    found = stats.ratio(np.array([2.0, NAN, 0.0, 2.0]), np.array([1.0, 1.0, 1.0, NAN]))
    assert found.pairs == 1
    assert np.isnan(found.low)
    assert found.call() == Call.TOO_FEW


def test_no_sample_is_no_number():
    found = stats.mean(np.full((2, 3), NAN))
    assert np.isnan(found.center).all()
    assert (found.pairs == 0).all()


def test_equal_samples_are_exact_even_where_their_mean_rounds():
    found = stats.mean(np.full(3, 0.1))  # (0.1 + 0.1 + 0.1) / 3 is not 0.1
    assert found.exact
    assert found.center == found.low == found.high == 0.1
    assert found.p == 0.0
    assert found.call() == Call.HIGHER


def test_equal_pairs_tie_exactly():
    found = stats.ratio(np.array([3.0, 4.0]), np.array([3.0, 4.0]))
    assert found.exact
    assert found.call() == Call.TIE
    assert found.p == 1.0


@pytest.mark.parametrize(
    ("samples", "margin", "call"),
    [
        ([-1.0, -1.1, -0.9], 0.0, Call.LOWER),
        ([1.0, 1.1, 0.9], 0.0, Call.HIGHER),
        ([-1.0, 1.1, 0.1], 0.0, Call.TIE),
        ([0.10, 0.11, 0.09], 0.2, Call.EQUIVALENT),
        ([0.10, 0.11, 0.09], 0.1, Call.HIGHER),  # the interval reaches past the margin
        ([1.0], 0.0, Call.TOO_FEW),
    ],
)
def test_calls(samples, margin, call):
    assert stats.mean(np.array(samples)).call(margin) == call


def test_the_interval_covers_at_the_stated_rate():
    rng = np.random.default_rng(2016)
    trials = 20_000
    found = stats.mean(rng.normal(1.0, 3.0, (trials, 5)))
    covered = np.mean((found.low <= 1.0) & (found.high >= 1.0))
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / trials))


def test_pairing_gain_is_the_variance_it_saves():
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 1.0, 20_000)
    one, two = np.exp(shared + rng.normal(0, 0.1, 20_000)), np.exp(shared + rng.normal(0, 0.1, 20_000))
    assert stats.pairing_gain(one, two) == pytest.approx(2 * 1.01 / 0.02, rel=0.05)
    assert np.isnan(stats.pairing_gain(np.ones(3), np.ones(3)))  # nothing to save


def test_holm_by_hand():
    # 0.01*4, 0.02*3, 0.03*2 -> 0.06 (not below the one before), 0.5*1
    assert stats.holm(np.array([0.03, 0.01, 0.5, 0.02])) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert stats.holm(np.array([0.03, NAN, 0.02])) == pytest.approx([0.04, NAN, 0.04], nan_ok=True)


@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(0, 1)))
@settings(max_examples=60, deadline=None)
def test_holm_is_never_bolder_than_no_adjustment_nor_shyer_than_bonferroni(p):
    adjusted = stats.holm(p)
    assert (adjusted >= p - 1e-15).all()
    assert (adjusted <= np.minimum(p * len(p), 1) + 1e-15).all()


@given(arrays(np.float64, (3, 5), elements=st.floats(0.5, 2)), arrays(np.float64, (3, 5), elements=st.floats(0.5, 2)))
@settings(max_examples=60, deadline=None)
def test_swapping_the_sides_swaps_the_sign(a, b):
    there, back = stats.ratio(a, b), stats.ratio(b, a)
    assert there.center == pytest.approx(-back.center, abs=1e-12)
    assert there.low == pytest.approx(-back.high, abs=1e-9)


def test_all_at_once_equals_one_by_one():
    values = np.random.default_rng(3).normal(5, 1, (2, 3, 4))
    together = stats.mean(values)
    for place in np.ndindex(2, 3):
        alone = stats.mean(values[place])
        assert together[place].low == alone.low


def test_pairs_needed_would_do_and_one_fewer_would_not():
    found = stats.mean(np.array([0.9, 1.1, 1.0, 1.3, 0.7]))
    pairs = stats.pairs_needed(found, 0.8)
    error = float(found.deviation)
    half = [scipy_stats.t.ppf(0.975, n - 1) * error / np.sqrt(n) for n in (pairs, pairs - 1)]
    assert half[0] < 0.2 <= half[1]
    assert stats.pairs_needed(found, float(found.center)) is None
    assert stats.pairs_needed(stats.mean(np.array([1.0])), 0.8) is None


class TestWinner:
    def test_a_clear_winner_with_its_runner_up(self):
        values = np.array([[100.0, 102, 101], [110.0, 112.3, 111], [120.0, 122, 121]])
        found = stats.winner(values, np.ones(3, dtype=bool))
        assert (found.best, found.ties, found.runner_up, found.decided) == (0, (0,), 1, True)
        assert found.behind == pytest.approx(np.exp(np.mean(np.log(values[1] / values[0]))) - 1)

    def test_a_tie_has_no_runner_up(self):
        values = np.array([[100.0, 102, 101], [101.0, 101, 101]])
        found = stats.winner(values, np.ones(2, dtype=bool))
        assert set(found.ties) == {0, 1}
        assert found.runner_up is None

    def test_less_than_the_margin_is_as_good_though_a_difference_was_found(self):
        values = np.array([[100.0, 200, 300], [100.1, 200.2, 300.3]])
        found = stats.winner(values, np.ones(2, dtype=bool))
        assert (found.close, found.open, found.decided) == ((1,), (), True)
        assert stats.winner(values, np.ones(2, dtype=bool), margin=0.0005).ties == (0,)

    def test_an_interval_beyond_the_margin_around_zero_is_undecided_not_equal(self):
        values = np.array([[100.0, 102, 104], [101.0, 101, 105.5]])
        found = stats.winner(values, np.ones(2, dtype=bool))
        assert (found.close, found.open, found.decided) == ((), (1,), False)

    def test_equal_pairs_are_as_good(self):
        values = np.array([[100.0, 200, 300], [100.0, 200, 300]])
        assert stats.winner(values, np.ones(2, dtype=bool)).close == (1,)

    def test_two_pairs_leave_many_rivals_undecided_and_say_how_many_would_do(self):
        """6 % apart with 0.5 % spread: p of one test is 0.04 at two pairs, and Holm asks for 0.05 / 15."""
        base = np.array([100.0, 130.0])
        values = np.stack([base * np.array([1 + 0.06 * i, (1 + 0.06 * i) * (1 + 0.007 * (i % 2))]) for i in range(6)])
        found = stats.winner(values, np.ones(6, dtype=bool))
        assert 1 in found.open
        assert not found.decided
        apart = stats.ratio(values[1], values[0])
        half = [
            scipy_stats.t.ppf(1 - 0.05 / 15 / 2, n - 1) * float(apart.deviation) / np.sqrt(n)
            for n in (found.needed, found.needed - 1)
        ]
        assert half[0] < float(apart.center) <= half[1]

    def test_who_is_not_eligible_cannot_win(self):
        values = np.array([[1.0, 1.1], [2.0, 2.1]])
        found = stats.winner(values, np.array([False, True]))
        assert found.ties == (1,)

    def test_one_pair_decides_nothing(self):
        found = stats.winner(np.array([[1.0], [2.0]]), np.ones(2, dtype=bool))
        assert not found.decided
        assert found.ties == (0, 1)
        assert (found.pairs, found.needed) == (1, None)

    def test_nobody(self):
        assert stats.winner(np.full((2, 3), NAN), np.ones(2, dtype=bool)) is None

    def test_true_ties_are_broken_no_more_often_than_promised(self):
        """Five equal strategies: the best is chosen by looking, which an adjustment over four tests forgets."""
        rng = np.random.default_rng(7)
        trials = 400
        broken = sum(
            stats.winner(np.exp(rng.normal(0, 0.1, (5, 6))), np.ones(5, dtype=bool)).runner_up is not None
            for _ in range(trials)
        )
        assert broken / trials <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


def test_more_drops_need_both_size_and_evidence():
    assert stats.more(stats.mean(np.array([0.01, 0.011, 0.012, 0.009])))
    assert stats.less(stats.mean(np.array([-0.01, -0.011, -0.012, -0.009])))
    assert not stats.more(stats.mean(np.array([0.0005, 0.0006, 0.0004, 0.0005])))  # below 0.1 percentage points
    assert not stats.more(stats.mean(np.array([0.02, 0.0, 0.0, 0.0])))  # once in four
    assert stats.more(stats.mean(np.array([0.02])))  # a mark too many does less harm
    assert not stats.more(stats.mean(np.array([NAN])))


def test_no_more_drops_are_shown_by_the_whole_interval():
    assert stats.no_more(stats.mean(np.array([0.0004, 0.0005, 0.0004, 0.0005])))
    assert not stats.no_more(stats.mean(np.array([0.0, 0.0, 0.0, 0.002])))  # in the mean, not beyond doubt
    assert stats.no_more(stats.mean(np.array([0.0005])))  # with one pair the plain difference decides
    assert not stats.no_more(stats.mean(np.array([0.02])))
    assert not stats.no_more(stats.mean(np.array([NAN, NAN])))
