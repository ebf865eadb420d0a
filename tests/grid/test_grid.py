# SPDX-License-Identifier: MIT
"""Points by index arithmetic against nested loops; short forms of lists; the expression language."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.grid import GridDimension, Layout, SequenceError
from sweep.grid.sequence import linspace, log, log2, stepped

KNOBS = {"flip": (), "pool": ("strategy.size",), "frag": ("strategy.bytes", "strategy.fail")}


def brute_force(dimensions, extras, fixed):
    """The points as dictionaries, in order, by loops: what varies and applies, each different one once."""
    points = []
    seen = []
    if dimensions or not extras:
        for entries in itertools.product(*(dimension.entries for dimension in dimensions)):
            values = dict(fixed)
            for dimension, entry in zip(dimensions, entries, strict=True):
                values.update(zip(dimension.names, entry, strict=True))
            own = KNOBS[values["strategy"]]
            point = {}
            for dimension in dimensions:
                kept = {
                    name: values[name]
                    for name in dimension.names
                    if name != "label" and (not name.startswith("strategy.") or name in own)
                }
                if "label" in dimension.names and kept:
                    kept["label"] = values["label"]
                point |= kept
            different = {name: value for name, value in point.items() if name != "label"}
            if different not in seen:
                seen.append(different)
                points.append(point)
    full = [fixed | point for point in points]
    for extra in extras:
        if fixed | extra not in full:
            full.append(fixed | extra)
            points.append(extra)
    return points


@st.composite
def grids(draw):
    strategies = draw(st.lists(st.sampled_from(sorted(KNOBS)), min_size=1, max_size=3, unique=True))
    dimensions = [GridDimension(("strategy",), tuple((name,) for name in strategies))]
    if draw(st.booleans()):
        rings = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4, unique=True))
        dimensions.append(GridDimension(("ring",), tuple((ring,) for ring in rings)))
    if draw(st.booleans()):
        n = draw(st.integers(1, 3))
        columns = {"strategy.size": list(range(n)), "label": [f"v{i}" for i in range(n)]}
        if draw(st.booleans()):
            columns["strategy.bytes"] = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
        if draw(st.booleans()):
            columns["batch"] = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
        names = tuple(draw(st.permutations(sorted(columns))))
        dimensions.append(GridDimension(names, tuple(zip(*(columns[name] for name in names), strict=True))))
    dimensions = draw(st.permutations(dimensions))
    point = st.fixed_dictionaries({"strategy": st.sampled_from(sorted(KNOBS)), "ring": st.integers(1, 7)})
    extras = draw(st.lists(point, max_size=3))
    return list(dimensions), extras, {"ring": 9, "batch": 7}


@settings(max_examples=150, deadline=None)
@given(grids())
def test_layout_is_nested_loops(grid):
    dimensions, extras, fixed = grid
    layout = Layout(dimensions, extras, fixed, lambda name: KNOBS[name])
    points = [layout.varied(layout.digits(i)) for i in range(len(layout))]
    assert points == brute_force(dimensions, extras, fixed)
    for name in {*fixed, *(name for point in points for name in point)}:
        values, codes = layout.codes(name)
        column = [values[code] if code >= 0 else None for code in codes]
        assert column == [(fixed | point).get(name) for point in points]


def test_keep_renumbers_and_groups_count():
    axes = [GridDimension(("strategy",), (("flip",), ("pool",))), GridDimension(("ring",), ((1,), (2,), (4,)))]
    layout = Layout(axes, [], {}, lambda name: KNOBS[name])
    layout.keep(np.array([True, False, True, True, True, True]))
    assert [layout.varied(layout.digits(i)) for i in range(5)] == [
        {"strategy": "flip", "ring": 1},
        {"strategy": "flip", "ring": 4},
        {"strategy": "pool", "ring": 1},
        {"strategy": "pool", "ring": 2},
        {"strategy": "pool", "ring": 4},
    ]
    assert [column.tolist() for column in layout.distinct(["ring"])] == [[0, 3, 1], [0, 2, 0, 1, 2]]
    assert [column.tolist() for column in layout.distinct([])] == [[0], [0] * 5]
    for point in (-1, 5):
        with pytest.raises(IndexError, match="of 5"):
            layout.digits(point)


def test_no_dimension_is_one_point_and_extras_alone_are_the_points():
    assert len(Layout([], [], {"strategy": "flip"}, lambda name: ())) == 1
    assert len(Layout([], [{"ring": 1}, {"ring": 2}, {"ring": 1}], {"strategy": "flip"}, lambda name: ())) == 2


def test_short_forms():
    assert stepped(1, 10, 3) == [1, 4, 7, 10]
    assert stepped(1, 9, 3) == [1, 4, 7]
    assert linspace(0, 10, 5) == [0, 2, 5, 8, 10]  # 2.5 and 7.5, half to even
    assert log2(64, 4096) == [64, 128, 256, 512, 1024, 2048, 4096]
    assert log2(65, 200) == [128]
    assert log2(1, 1) == [1]
    assert log(1, 1000, 4) == [1, 10, 100, 1000]
    assert log(1, 4, 9) == [1, 2, 3, 4]
    assert log(1, 10**99, 100) == [10**power for power in range(100)]
    for wrong in (
        lambda: stepped(1, 2, 0),
        lambda: stepped(2, 1, 1),
        lambda: stepped(0, 10**9, 1),
        lambda: linspace(1, 2, 1),
        lambda: linspace(1, 2, 10**9),
        lambda: log(0, 2, 3),
        lambda: log2(0, 2),
        lambda: log2(65, 100),
    ):
        with pytest.raises(SequenceError):
            wrong()


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(2, 50))
def test_spaced_lists_rise_from_end_to_end(first, more, count):
    for values in (linspace(first, first + more, count), log(first, first + more, count)):
        assert values[0] == first
        assert values[-1] == first + more
        assert values == sorted(set(values))
        assert len(values) <= count


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10**9), st.integers(0, 10**12), st.integers(2, 30))
def test_steps_of_a_ratio_are_the_nearest_whole_numbers(first, more, count):
    """A step is a root of a whole number, so which is the nearest is a question of whole numbers."""
    last, turns = first + more, count - 1
    expected = []
    for i in range(count):
        low, high = first, last
        while low < high:  # the least whole number that with a half more is above the step
            middle = (low + high) // 2
            is_above = (2 * middle + 1) ** turns > 2**turns * first ** (turns - i) * last**i
            low, high = (low, middle) if is_above else (middle + 1, high)
        expected.append(low)
    assert log(first, last, count) == list(dict.fromkeys(expected))


# Four points: a and d have no size.
