# SPDX-License-Identifier: MIT
"""The text of a tree parses to the same tree, and any text is read or refused with a sentence."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.conditions import Column, ConditionError, amount, keeps, parse, parse_bound, parse_items
from sweep.conditions.tree import Expression, Name, NumberLiteral, Operation, Text

COLUMNS = {
    "ring": Column(np.array([64.0, 256.0]), np.array([True, True])),
    "load": Column(np.array([0.3, np.nan]), np.array([True, False]), lambda text: amount(text, "1"), is_plain=True),
    "mix": Column(np.array(["router", "host"], object), np.array([True, True]), choices=("router", "host")),
}
WORDS = [*COLUMNS, "host.dma_sync", "none", "page_pool", "x_1", "é"]
SIGNS = ("=", "!=", "<", "<=", ">", ">=")

names = st.sampled_from(WORDS).map(Name)
numbers = st.builds(
    NumberLiteral,
    st.sampled_from(["0", "1", "-2", "1_024", "0.5", "1e3", "65"]),
    st.sampled_from(["", "", "us", "%", "Gbit/s"]),
)
texts = st.text(alphabet="ab'\" \n=<[],é%", max_size=6).map(Text)


def _operation(sign: str, *parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.tuples(*parts).map(lambda given: Operation(sign, given))


values = st.recursive(
    names | numbers | texts,
    lambda inner: st.one_of(
        *(_operation(sign, inner, inner) for sign in ("+", "-", "*", "/", "//", "%")), _operation("neg", inner)
    ),
    max_leaves=4,
)
lists = st.lists(values, min_size=1, max_size=3).map(lambda parts: Operation("list", tuple(parts)))
ranges = _operation("..", values, values)
comparisons = st.one_of(
    *(_operation(sign, values, values) for sign in SIGNS),
    *(_operation(sign, values, lists | ranges) for sign in ("in", "not in")),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        _operation("and", inner, inner), _operation("or", inner, inner), _operation("not", inner), values
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(conditions)
def test_the_text_of_a_tree_parses_to_it(tree):
    assert parse(str(tree)) == tree


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["drop_ratio", "ring"]), conditions, st.sampled_from(SIGNS[2:]), numbers)
def test_the_text_of_a_bound_parses_to_it(metric, tree, sign, value):
    bound = parse_bound(f"{metric} where ({tree}) {sign} {value}")
    assert (bound.left.metric, bound.left.where, bound.sign, bound.value) == (metric, tree, sign, value)
    assert parse_bound(str(bound)) == bound


@pytest.mark.parametrize("read", [parse, parse_items, parse_bound])
@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=40) | st.text(alphabet="ringwhe.sz12<>=!&|+-*/%()[]'\" ,notdin\\\n\0²", max_size=60))
def test_any_text_is_read_or_refused(read, text):
    with contextlib.suppress(ConditionError):
        tree = read(text)
        assert read(str(tree)) == tree if read is not parse_items else parse(str(tree)) == tree
        if read is parse:
            assert keeps(tree, COLUMNS.get, 2).shape == (2,)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 400 + "ring = 1" + ")" * 400,
        "not " * 200 + "ring = 1",
        "-" * 900 + "1 < ring",
        "ring = " + "1+" * 400 + "1",
        "[" * 500,
        "ring in " + "[" * 300,
        "ring in [" * 90,
        "a and " * 160 + "a = 1",
        "1 < " * 240 + "2",
    ],
)
def test_what_is_deep_is_refused_before_it_is_walked(text):
    for read in (
        parse,
        parse_items,
        lambda text: parse_bound(f"{text} < 1"),
        lambda text: parse_bound(f"a[{text}] < 1"),
    ):
        with pytest.raises(ConditionError):
            read(text)


def test_as_deep_as_is_allowed_is_walked():
    for text in (
        "(" * 38 + "ring = 64" + ")" * 38,
        "ring = " + "1+" * 63 + "1",
        "not " * 38 + "ring = 64",
        " and ".join(["ring>1"] * 75),
    ):
        assert keeps(parse(text), COLUMNS.get, 2).shape == (2,)
        assert parse(str(parse(text))) == parse(text)
