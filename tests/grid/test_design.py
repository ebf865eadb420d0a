# SPDX-License-Identifier: MIT
"""Designs: the points are the same everywhere, and fill the space."""

import hashlib

import numpy as np
import pytest

from sweep.grid.design import BITS, METHODS, latin_hypercube, sobol
from sweep.grid.sequence import between, log_between

# Of the coordinates as little-endian int64: what every machine and version of SciPy must give.
GOLDEN = {
    ("sobol", 256, 7, 0): "304690cc050bcd63",
    ("sobol", 64, 3, 5): "65532cdad84b3858",
    ("latin_hypercube", 100, 7, 0): "7b7d7f0d53877efd",
    ("latin_hypercube", 33, 3, 5): "f8cdf927c0b25326",
}


def digest(points: np.ndarray) -> str:
    return hashlib.sha256(points.astype("<i8").tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("asked", GOLDEN)
def test_points_are_the_same_everywhere(asked):
    method, points, axes, seed = asked
    found = METHODS[method](points, axes, seed)
    assert found.shape == (points, axes)
    assert digest(found) == GOLDEN[asked]


@pytest.mark.parametrize("seed", [0, 1])
def test_sobol_points_fill_every_elementary_box(seed):
    """Of 256 points of the first two axes every box of 2**-a by 2**-(8-a) has one: a digital shift keeps that."""
    points = sobol(256, 2, seed)
    for a in range(9):
        boxes = {(int(x) >> BITS - a, int(y) >> BITS - (8 - a)) for x, y in points}
        assert len(boxes) == 256


@pytest.mark.parametrize("points", [2, 33, 100])
def test_latin_hypercube_has_one_point_in_each_stratum_of_each_axis(points):
    found = latin_hypercube(points, 4, 0)
    assert found.min() >= 0
    assert found.max() < 1 << BITS
    for axis in range(4):
        assert sorted((found[:, axis] * points >> BITS).tolist()) == list(range(points))


@pytest.mark.parametrize("method", METHODS)
def test_another_seed_gives_other_points(method):
    assert not np.array_equal(METHODS[method](64, 3, 0), METHODS[method](64, 3, 1))


def test_a_span_gives_each_of_its_values_its_share():
    parts = range(0, 1 << BITS, 1 << BITS - 10)
    values = [between(10, 13, part, BITS) for part in parts]
    assert [values.count(value) for value in range(9, 15)] == [0, 256, 256, 256, 256, 0]
    assert between(5, 5, (1 << BITS) - 1, BITS) == 5


def test_a_span_of_logarithms_is_exact_at_powers_and_ends():
    assert [log_between(1, 256, part << BITS - 3, BITS) for part in range(8)] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert log_between(1, 256, (1 << BITS) - 1, BITS) == 256
    assert log_between(7, 7, 12345, BITS) == 7
