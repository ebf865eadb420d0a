# SPDX-License-Identifier: MIT
"""`sweep.stats.margins` against numbers worked by hand, against SciPy, and against its own promises on errors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from sweep import stats
from sweep.stats import mean
from sweep.stats.margins import FEWEST_PAIRS, Verdict
from sweep.stats.margins import judge as judge_estimates

NONE = np.zeros(1, bool)


def judge(differences, worse, better, same, confidence=0.95):
    """Differences of which those are exact that are the same in all pairs, and enough was seen of all."""
    found = mean(differences, confidence)
    exact = same | ((found.pairs >= 2) & (found.deviation == 0))
    return judge_estimates(found, worse, better, exact, np.ones(len(worse), bool), confidence)


def one(differences, worse, better=None, same=False, confidence=0.95):
    """The judgement of a single comparison."""
    lower = -worse if better is None else better
    arrays = np.array([differences], float), np.array([worse]), np.array([lower], float), np.array([same])
    return judge(*arrays, confidence)


@pytest.mark.parametrize(
    ("differences", "worse", "verdict"),
    [
        ([5.0, 5.1, 4.9, 5.0], 1.0, Verdict.REGRESSED),
        ([0.1, -0.1, 0.05, 0.0], 1.0, Verdict.EQUIVALENT),
        ([-5.0, -5.1, -4.9, -5.0], 1.0, Verdict.BETTER),
        ([-0.9, -1.1, -1.4, 0.2], 1.0, Verdict.NOT_WORSE),
        ([0.9, 1.1, 1.0, 1.0], 1.0, Verdict.UNDECIDED),
        ([5.0], 1.0, Verdict.UNDECIDED),
        ([np.nan, np.nan], 1.0, Verdict.UNDECIDED),
        ([0.0, 0.0], 0.0, Verdict.EQUIVALENT),  # exact: nothing is accepted, and nothing differs
        ([1e-9, 1e-9], 0.0, Verdict.REGRESSED),
        ([1.0, 1.0], 1.0, Verdict.EQUIVALENT),  # as much as is accepted is accepted
        ([-1e-9, -1e-9], 0.0, Verdict.BETTER),
    ],
)
def test_verdicts(differences, worse, verdict):
    assert one(differences, worse).verdicts[0] == verdict


def test_two_pairs_that_agree_are_no_regression_unless_they_are_exact():
    for pairs in (2, 3):
        assert one([5.0, 5.0 + 1e-6, 5.0][:pairs], 1.0).verdicts[0] == (
            Verdict.UNDECIDED if pairs < FEWEST_PAIRS else Verdict.REGRESSED
        )
    assert one([5.0, 5.0], 1.0).verdicts[0] == Verdict.REGRESSED
    tied = mean(np.array([[5.0, 5.0]]))
    drawn = judge_estimates(tied, np.ones(1), -np.ones(1), NONE, ~NONE)
    assert drawn.verdicts[0] == Verdict.UNDECIDED


def test_a_regression_agrees_with_its_interval_and_a_pass_takes_enough():
    samples = np.array([[5.0, 5.1, 4.9, 5.0]])
    plain = mean(samples)
    wide = stats.Estimate(plain.center, plain.low - 4.5, plain.high, plain.deviation, plain.pairs, plain.p)
    unknown = stats.Estimate(plain.center, *[np.full(1, np.nan)] * 2, plain.deviation, plain.pairs, plain.p)
    margins = np.ones(1), -np.ones(1)
    assert judge_estimates(wide, *margins, NONE, ~NONE).verdicts[0] == Verdict.UNDECIDED
    assert judge_estimates(unknown, *margins, NONE, NONE).verdicts[0] == Verdict.REGRESSED
    good = mean(samples - 5.0)
    assert judge_estimates(good, *margins, NONE, ~NONE).verdicts[0] == Verdict.EQUIVALENT
    assert judge_estimates(good, *margins, NONE, NONE).verdicts[0] == Verdict.UNDECIDED
    assert judge_estimates(good, *margins, ~NONE, NONE).verdicts[0] == Verdict.EQUIVALENT  # it is exact


def test_p_and_interval_are_scipy_s():
    samples = np.random.default_rng(1).normal(0.7, 0.4, 6)
    judged = one(samples, 0.5)
    expected = scipy.stats.ttest_1samp(samples, 0.5, alternative="greater")
    assert judged.p[0] == pytest.approx(expected.pvalue, rel=1e-12)
    interval = scipy.stats.ttest_1samp(samples, 0.0).confidence_interval(0.95)
    assert (judged.worsening.low[0], judged.worsening.high[0]) == pytest.approx(interval, rel=1e-12)


def test_equivalence_is_schuirmann_s_two_tests():
    """Both one-sided tests at 2.5 % reject exactly where the verdict says equivalent."""
    random, counted = np.random.default_rng(2), 0
    for _ in range(300):
        samples = random.normal(random.uniform(-1, 1), 0.5, 5)
        below = scipy.stats.ttest_1samp(samples, 0.8, alternative="less").pvalue < 0.025
        above = scipy.stats.ttest_1samp(samples, -0.8, alternative="greater").pvalue < 0.025
        assert (one(samples, 0.8).verdicts[0] == Verdict.EQUIVALENT) == (below and above)
        counted += below and above
    assert 20 < counted < 280


def test_a_simulation_compared_with_itself_needs_no_second_pair():
    judged = one([0.0], 0.01, same=True)
    assert judged.verdicts[0] == Verdict.EQUIVALENT
    assert judged.family == 0
    assert one([0.0], 0.01).verdicts[0] == Verdict.UNDECIDED
    assert one([np.nan], 0.01, same=True).verdicts[0] == Verdict.UNDECIDED  # without a pair nothing was compared


def test_what_is_exact_is_known_and_not_in_the_family():
    noisy = np.random.default_rng(3).normal(1.5, 0.1, (1, 4))
    exact = np.zeros((200, 4))
    apart = judge(noisy, np.ones(1), -np.ones(1), NONE)
    among = judge(np.concatenate([noisy, exact]), np.ones(201), -np.ones(201), np.zeros(201, bool))
    assert among.family == apart.family == 1
    assert among.p[0] == apart.p[0]
    assert set(among.verdicts[1:]) == {Verdict.EQUIVALENT}


def test_the_family_makes_it_harder_and_alone_is_its_first_step():
    random = np.random.default_rng(4)
    samples = np.concatenate([random.normal(1.5, 0.1, (1, 4)), random.normal(0, 0.1, (99, 4))])
    judged = judge(samples, np.ones(100), -np.ones(100), np.zeros(100, bool))
    apart = one(samples[0], 1.0)
    assert judged.p[0] == pytest.approx(100 * apart.p[0], rel=1e-9)
    assert apart.verdicts[0] == Verdict.REGRESSED
    assert judged.verdicts[0] == Verdict.UNDECIDED
    assert not judged.alone[0]
    assert apart.alone[0]


@pytest.mark.parametrize("mean", [0.6, 1.3])  # it will pass; it will be called regressed
def test_pairs_needed_are_the_fewest_that_decide(mean):
    spread = np.array([-1.0, 1.0, -1.0, 1.0]) * 0.5
    judged = one(mean + spread, 1.0)
    needed = int(judged.needed[0])
    assert judged.verdicts[0] == Verdict.UNDECIDED
    deviation = float(judged.worsening.deviation[0])
    for pairs, decides in ((needed - 1, False), (needed, True)):
        half = scipy.stats.t.ppf(0.975, pairs - 1) * deviation / np.sqrt(pairs)
        assert (half < abs(mean - 1.0)) == decides
    assert one([1.0, 1.0 + 1e-9, 1.0 - 1e-9], 1.0).needed[0] == 0  # at the margin: none is enough
    assert one([0.6], 1.0).needed[0] == 0  # one pair: not known


def test_to_be_the_first_of_a_family_takes_more_pairs():
    spread = 1.3 + np.array([[-0.5, 0.5, -0.5, 0.5]])
    others = np.random.default_rng(5).normal(0, 0.1, (50, 4))
    among = judge(np.concatenate([spread, others]), np.ones(51), -np.ones(51), np.zeros(51, bool))
    assert among.needed[0] > one(spread[0], 1.0).needed[0]


SEEDED = 2000  # families that are simulated


def test_false_alarms_of_a_whole_family_are_as_rare_as_said():
    """Ten comparisons, each exactly at its margin: the hardest ones that are still accepted."""
    random = np.random.default_rng(6)
    alarms = sum(
        (judge(random.normal(1, 1, (10, 5)), np.ones(10), -np.ones(10), np.zeros(10, bool)).verdicts == 0).any()
        for _ in range(SEEDED)
    )
    bound = 0.025 * SEEDED + 4 * np.sqrt(0.025 * SEEDED)
    assert 0.01 * SEEDED < alarms <= bound


def test_a_run_with_one_worse_comparison_passes_as_rarely_as_said():
    """Nine are far from their margin and one exactly at it: the hardest run that must not pass."""
    random = np.random.default_rng(7)
    means = np.array([[-5.0]] * 9 + [[1.0]])
    passes = 0
    for _ in range(SEEDED):
        verdicts = judge(random.normal(means, 1, (10, 5)), np.ones(10), -np.ones(10), np.zeros(10, bool)).verdicts
        passes += bool((verdicts > Verdict.UNDECIDED).all())
    bound = 0.025 * SEEDED + 4 * np.sqrt(0.025 * SEEDED)
    assert 0.01 * SEEDED < passes <= bound
