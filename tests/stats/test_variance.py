# SPDX-License-Identifier: MIT
"""Shares of variance and Pareto fronts, against answers worked out by hand or by brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sweep import report
from sweep.stats import variance
from sweep.stats.pareto import dominated, front
from tests.report.synthetic_sweep import Effects, table


def grid(*levels, replicates=1):
    """A response a + b + ... + replicates of the same, from main effects."""
    total = sum(
        np.reshape(level, [-1 if i == axis else 1 for i in range(len(levels))]) for axis, level in enumerate(levels)
    )
    return np.repeat(np.asarray(total, float)[..., None], replicates, axis=-1)


class TestShares:
    def test_main_effects_alone(self):
        """Effects -1, 1 and -2, 0, 2: variances 1 and 8/3."""
        found = variance.shares(grid([-1, 1], [-2, 0, 2], replicates=3))
        assert found.variance == pytest.approx(11 / 3)
        assert found.alone.center == pytest.approx([3 / 11, 8 / 11])
        assert found.together.center == pytest.approx([3 / 11, 8 / 11])
        assert float(found.replicates.center) == pytest.approx(0, abs=1e-12)
        assert float(found.effects[0, 1].center) == pytest.approx(0, abs=1e-12)

    def test_an_interaction_belongs_to_both(self):
        found = variance.shares(np.array([[1.0, -1], [-1, 1]])[..., None])
        assert found.alone.center == pytest.approx([0, 0])
        assert found.together.center == pytest.approx([1, 1])
        assert float(found.effects[0, 1].center) == pytest.approx(1)

    def test_ishigami(self):
        """Sobol' indices of the function that everybody tests with: 0.314, 0.442, 0 alone; 0.558, 0.442, 0.244."""
        x = (np.arange(64) + 0.5) / 64 * 2 * np.pi - np.pi
        a, b, c = np.meshgrid(x, x, x, indexing="ij")
        found = variance.shares((np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a))[..., None])
        assert found.alone.center == pytest.approx([0.3139, 0.4424, 0], abs=2e-3)
        assert found.together.center == pytest.approx([0.5576, 0.4424, 0.2437], abs=2e-3)

    def test_nothing_varies(self):
        assert variance.shares(np.full((2, 3, 4), 7.0)) is None

    def test_shares_add_up(self):
        rng = np.random.default_rng(1)
        found = variance.shares(rng.normal(size=(3, 2, 4, 5)))
        effects = sum(float(share.center) for share in found.effects.values())
        assert effects + float(found.replicates.center) == pytest.approx(1)

    @pytest.mark.parametrize("shared", [0.0, 1.0])
    def test_noise_is_taken_off_without_bias_also_where_it_is_shared(self, shared):
        """An axis that does nothing gets no share in the mean, however the replicates' errors hang together.

        Errors shared along the first axis (all strategies meet the same packets) would look like an effect of the
        second one: its mean square is 1/4 of the noise with four replicates.
        """
        rng = np.random.default_rng(2)
        first = np.array([-1.0, 1.0])
        found = []
        for _ in range(400):
            noise = rng.normal(size=(1, 3, 4)) if shared else rng.normal(size=(2, 3, 4))
            found.append(variance.shares(first[:, None, None] + noise).alone.center)
        mean, error = np.mean(found, axis=0), np.std(found, axis=0) / 20
        assert abs(mean[1]) < 4 * error[1]
        assert mean[0] == pytest.approx(0.5, abs=0.05)

    def test_intervals_hold(self):
        """At least nine in ten of the 95 % jackknife intervals hold the truth: one axis of variance 1, noise 1."""
        rng = np.random.default_rng(3)
        first = np.array([-1.0, 1.0])
        hits = 0
        for _ in range(200):
            found = variance.shares(first[:, None, None] + rng.normal(size=(2, 6, 5))).alone
            hits += float(found.low[0]) <= 0.5 <= float(found.high[0])
        assert hits >= 180

    def test_too_few_replicates_have_no_interval(self):
        rng = np.random.default_rng(4)
        assert np.isnan(variance.shares(rng.normal(size=(2, 3, 2))).alone.low).all()
        assert np.isfinite(variance.shares(rng.normal(size=(2, 3, 3))).alone.low).all()


class TestFullPart:
    def test_the_value_that_misses_most_goes(self):
        present = np.ones((3, 4), bool)
        present[2, 3] = False
        assert [kept.tolist() for kept in variance.full_part(present)] == [[0, 1, 2], [0, 1, 2]]
        present[2] = False
        assert [kept.tolist() for kept in variance.full_part(present)] == [[0, 1], [0, 1, 2, 3]]

    @settings(max_examples=60, deadline=None)
    @given(arrays(bool, st.tuples(*[st.integers(1, 4)] * 3)))
    def test_what_is_left_has_no_gaps(self, present):
        kept = variance.full_part(present)
        assert present[np.ix_(*kept)].all()
        if present.all():
            assert [len(values) for values in kept] == list(present.shape)


NOTHING = np.zeros(2)


class TestFront:
    def test_by_hand(self):
        points = np.array([[1.0, 9], [2, 4], [3, 3], [9, 1], [4, 4], [2, 5], [np.nan, 0]])
        found = front(points, NOTHING)
        assert found.kept == (0, 1, 2, 3)
        assert found.knee == 1  # 1/8 + 3/8 of the way, against 2/8 + 2/8: alike, and fewer of the first decides
        assert found.left_out == 0

    def test_equal_points_are_one(self):
        found = front(np.array([[1.0, 2], [1, 2], [2, 1]]), NOTHING)
        assert found.kept == (0, 2)
        assert found.alike == {0: (1,), 2: ()}
        assert found.left_out == 1

    def test_one_point_has_no_knee(self):
        found = front(np.array([[1.0, 1], [2, 2]]), NOTHING)
        assert (found.kept, found.knee) == ((0,), None)

    def test_no_point(self):
        assert front(np.full((2, 2), np.nan), NOTHING).kept == ()

    @settings(max_examples=100, deadline=None)
    @given(arrays(float, st.tuples(st.integers(1, 12), st.just(3)), elements=st.integers(0, 6)))
    def test_every_point_is_beaten_or_hardly_better_than_a_kept_one(self, points):
        tolerance = np.array([1.0, 0, 2])
        found = front(points, tolerance)
        every = np.arange(len(points))
        for place in every:
            near = any((points[kept] <= points[place] + tolerance).all() for kept in found.kept)
            assert near or dominated(points, int(place), every)
        assert not any(dominated(points, kept, every) for kept in found.kept)
        for one, other in product(found.kept, repeat=2):
            assert (
                one == other
                or not (points[one] <= points[other] + tolerance).all()
                or not (points[other] <= points[one] + tolerance).all()
            )


def section(text: str, title: str) -> str:
    (_, found) = text.split(f"\n{title}\n{'=' * len(title)}\n")
    return " ".join(found.split("\n===")[0].split())


SHAPE = {"mixes": ("host",), "loads": (0.1, 0.3), "rings": (64, 256), "replicates": 4}
ANOVA = "What matters: share of variance per axis"


class TestInTheReport:
    def text(self, effects: Effects, **shape) -> str:
        return section(report.text(table(effects=effects, **{**SHAPE, **shape}), full=True), ANOVA)

    def test_an_axis_that_does_nothing_can_be_frozen(self):
        held = {"pages_held_mean_pages": lambda row: float(row["ring"])}
        text = self.text(Effects(ns=lambda row: 500.0 + row["ring"], noise=0.0, own_noise=0.0, overrides=held))
        assert "load: can be frozen." in text
        assert "One value tells the same here; it leaves 1 in 2 points." in text
        assert "ring: matters." in text

    def test_two_replicates_decide_nothing(self):
        text = self.text(Effects(), replicates=2)
        assert "no interval without 3 replicates" in text
        assert "can be frozen" not in text
        assert "matters." not in text

    def test_gaps_are_said(self):
        source = table(effects=Effects(), **{**SHAPE, "rings": (64, 256, 1024)})
        gone = [row["strategy"] == "page_frag" and row["ring"] == 1024 for row in source.to_pylist()]
        text = section(report.text(source.filter(pa.array([not each for each in gone])), full=True), ANOVA)
        assert "left out are strategy page_frag, where values are missing. 18 of 22 simulated cells are in it" in text

    def test_the_knee_and_the_doubt(self):
        costs = {"page_allocator": 600.0, "refcount_recycle": 590.0, "page_frag": 540.0, "page_pool": 480.0}
        effects = Effects(ns=lambda row: costs[row["strategy"]], noise=0.0, own_noise=0.0)
        text = section(
            report.text(table(effects=effects, **SHAPE), full=True), "What can be had together: Pareto fronts"
        )
        assert "* page_" in text
        assert "the front of 8 choices" in text
