# SPDX-License-Identifier: MIT
"""The language of conditions over columns: what it keeps, what it refuses and where."""

from __future__ import annotations

import contextlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.closest_choice import release_order
from sweep.conditions import Column, ConditionError, amount, holds, keeps, names, numbers, parse, parse_bound
from sweep.conditions.tables import Table

COLUMNS = {
    "name": Column(np.array(["a", "b", "c", "d"], object), np.ones(4, bool), None, ("a", "b", "c", "d", "e-1")),
    "ring": Column(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, bool)),
    "load": Column(np.array([0.1, 0.3, 0.3, 0.6]), np.ones(4, bool)),
    "strategy.size": Column(np.array([np.nan, 2.0, 6.0, np.nan]), np.array([False, True, True, False])),
    "wait": Column(
        np.array([10.0, 20.0, 30.0, 40.0]),
        np.ones(4, bool),
        lambda text: amount(text, "ns"),
    ),
}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ring >= 2", "bcd"),
        ("2 <= ring < 4", "bc"),
        ("name == b", "b"),
        ("name != 'b' and ring < 4", "ac"),
        ('name == "e-1"', ""),
        ("name in [a, d]", "ad"),
        ("name not in (a, d)", "bc"),
        ("load <= 0.3", "abc"),
        ("not load == 0.3", "ad"),
        ("ring % 2 == 0", "bd"),
        ("ring // 2 == 1", "bc"),
        ("ring / 2 > 1.4", "cd"),
        ("(ring + 1) * 2 - 1 > 6", "cd"),
        ("-ring > -2", "a"),
        ("wait >= 30 ns", "cd"),
        ("wait >= '30 ns'", "cd"),
        ("wait in [10 ns, 40ns]", "ad"),
        # What a point does not have is unknown; unknown keeps it, unless something else decides.
        ("strategy.size <= 2*ring - 1", "abd"),
        ("not strategy.size <= 2*ring - 1", "acd"),
        ("name == b and strategy.size > 0", "b"),
        ("name == a or strategy.size > 4", "acd"),
        ("ring > 3 or strategy.size > 4", "acd"),
        ("ring > 3 and strategy.size > 4", "d"),
        ("strategy.size in [6]", "acd"),
    ],
)
def test_constraint(text, kept):
    mask = keeps(parse(text), COLUMNS.get, 4)
    assert "".join(np.array(list("abcd"))[mask]) == kept


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ring >=", "is not a valid expression"),
        ("ring > 3 us", 'compares "ring", a number without a unit, with "3 us"'),
        ("", "is not a valid expression"),
        ("(" * 400 + "1" + ")" * 400, "is not a valid expression"),
        ("ring > 1 and" * 100, "is longer than 1000 characters"),
        ("ring", "is not a condition"),
        ("ring + 1", "is not a condition"),
        ("__import__('os')", 'has "(" where an operator or the end is expected'),
        ("().__class__ == 1", "is not a valid expression"),
        ("[x for x in ring]", "is not a valid expression"),
        ("ring ** 2 > 1", 'has "*" where a name'),
        ("(lambda: 1)() == 1", "is not a valid expression"),
        ("f'{ring}' == a", "is not a valid expression"),
        ("ring is 1", 'has "is" where an operator'),
        ("ring == True", '"True" in it, which is not a parameter with a number'),
        ("ring < 10**9", 'has "*" where a name'),
        ("ring < 99999999999999999999", "too large a number"),
        ("ring == a", '"a" in it, which is not a parameter with a number'),
        ("nmae == a", '"nmae" with "a", neither of which is a parameter'),
        ("name == aa", '"aa" in it, which is not known'),
        ("name < b", "order of text"),
        ("name == ring", 'the name "ring" in it, which is not known'),
        ("ring and ring > 1", "where a comparison is needed"),
        ("nope and ring > 1", 'has "nope" where a comparison is needed'),
        ("ring in ring", 'after "in"'),
        ("ring in []", 'after "in"'),
        ("ring / (ring - ring) > 1", "divides by zero"),
        ("name + 1 > 2", "not a number"),
        ("wait > 30", "write its unit"),
        ("wait > '3 apples'", "3 apples"),
    ],
)
def test_bad_constraint(text, part):
    with pytest.raises(ConditionError) as error:
        keeps(parse(text), COLUMNS.get, 4)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ring >= 2 and nmae == a", "nmae"),
        ("ring > 1 and name == zz", "zz"),
        ("wait >= 60 ns and ring == foo", "foo"),  # quantities are quoted before they are parsed
        ("name in [a, 'µ', q]", "'µ'"),  # Python counts bytes
        ("  ring > 1\n and name < b", "name < b"),
        ("ring =", ""),
        ("ring > 3 +", ""),
        ("ring > 1 ring", "1 ring"),
    ],
)
def test_a_mistake_has_a_place(text, place):
    with pytest.raises(ConditionError) as error:
        keeps(parse(text), COLUMNS.get, 4)
    assert error.value.place is not None
    assert text[error.value.place :].startswith(place)
    assert (error.value.place == len(text)) == (place == "")


def test_a_name_that_is_also_a_parameter_is_a_value_where_that_is_one():
    columns = {**COLUMNS, "b": COLUMNS["ring"]}
    assert keeps(parse("name == b"), columns.get, 4).tolist() == [False, True, False, False]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ringame.sz12<>=!&|+-*/%()[]'\" not and or in \\\n", max_size=60))
def test_any_text_is_evaluated_or_refused(text):
    with contextlib.suppress(ConditionError):
        assert keeps(parse(text), COLUMNS.get, 4).shape == (4,)


def test_numbers():
    assert numbers(parse("2*ring + 1"), COLUMNS.get, 4).values.tolist() == [3, 5, 7, 9]
    with pytest.raises(ConditionError, match="not a number"):
        numbers(parse("ring > 1"), COLUMNS.get, 4)
    assert names(parse("2*ring + strategy.size")) == {"ring", "strategy.size"}


KERNELS = {
    "kernel": Column(
        np.array(["4.11-rc1", "5.14", "6.4", "6.12"], object),
        np.array([True, True, True, False]),
        choices=("4.11-rc1", "5.14", "6.4", "6.12"),
        rank=release_order,
    ),
    "host": Column(
        np.array(["xeon-e5", "a", "b", "none"], object), np.ones(4, bool), choices=("xeon-e5", "a", "b", "none")
    ),
    "pool": Column(np.array([64.0, 0, 128, 0]), np.array([True, False, True, False])),
}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("kernel >= 5.14", [1, 2]),
        ("kernel < 6.12", [0, 1, 2]),  # as releases: as text, 6.4 comes after 6.12
        ("kernel in 5.1..6.4", [1, 2]),
        ("kernel = 4.11-rc1", [0]),
        ("kernel <= 4.11", [0]),
        ("kernel = none", [3]),
        ("host = xeon-e5 or host = none", [0, 3]),  # a host that is called so
        ("pool = none", [1, 3]),
        ("pool != none and pool > 64", [2]),
        ("pool != 64", [2]),  # what is not there is not known to differ
        ("not pool = 64", [2]),
        ("pool in [64, 128]", [0, 2]),
        ("pool not in 1..100", [2]),
        ("host = pool or pool >= 128", [2]),
    ],
)
def test_what_is_known_to_hold(text, held):
    if "host = pool" in text:
        with pytest.raises(ConditionError, match='the host "pool" in it, which is not known'):
            holds(parse(text), KERNELS.get, 4)
        return
    assert np.flatnonzero(holds(parse(text), KERNELS.get, 4)).tolist() == held


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (
            "m[page_pool, traffic=router, ring>=512] < 1",
            "m where strategy = page_pool and traffic = router and ring >= 512 < 1",
        ),
        ("m[label!=one] < 1", "m where label != one or label = none < 1"),
        ("m[label=pool=2x, host=a b] < 1", "m where label = 'pool=2x' and host = 'a b' < 1"),
        ("m[traffic=[a, b], 1 <= ring < 5] < 1", "m where traffic in [a, b] and (1 <= ring and ring < 5) < 1"),
        ("m[] > 2 us", "m > 2 us"),
        ("m[a] < n[b]", "m where strategy = a < n where strategy = b"),
    ],
)
def test_brackets_are_short_for_where(short, long):
    assert str(parse_bound(short)).replace("(", "").replace(")", "") == str(parse_bound(long)).replace("(", "").replace(
        ")", ""
    )


@pytest.mark.parametrize(
    ("text", "unit", "threshold"),
    [("m < 50 us", "ns", 50_000), ("m < 0.1 %", "1", 0.001), ("m > 2 Mpps", "pps", 2e6), ("m < 16 pages", "pages", 16),
     ("m <= 4 KiB", "bytes", 4096), ("m < -5", "ns", -5), ("a < b", "ns", 0)],
)  # fmt: skip
def test_thresholds_are_in_the_unit_of_the_metric(text, unit, threshold):
    assert parse_bound(text).threshold(unit) == threshold
    with pytest.raises(ConditionError, match="which has the unit"):
        parse_bound("m < 5 lightyears").threshold(unit)


def test_a_parameter_of_a_table_is_compared_as_in_a_sweep_file():
    fields = [
        ("host.dma_sync", "ns", pa.array([1.3, 0.9])),
        ("nic.link", "Gbit/s", pa.array([10.0, 25.0])),
        ("nic.copybreak", "bytes", pa.array([0, 1024])),
        ("nic.coalesce.usecs", "us", pa.array([8.0, 0.5])),
        ("traffic.reader.rate", "Mpps", pa.array([10**6 / 333_333, 2.0])),
        ("nic.pcie_rate", "Mpps", pa.array([None, 20.0])),
    ]
    table = pa.table(
        [values for _, _, values in fields],
        schema=pa.schema(
            [pa.field(name, of.type, metadata={"unit": unit, "role": "parameter"}) for name, unit, of in fields]
        ),
    )
    columns = Table({field.name: field for field in table.schema}, table.column)
    for text, kept in {
        "host.dma_sync >= 1.3 ns": [True, False],
        "nic.coalesce.usecs = 8": [True, False],
        "nic.coalesce.usecs < 1 us": [False, True],
        "traffic.reader.rate = 3 Mpps": [True, False],  # rounded to a whole number of ps, as in the model
        "nic.pcie_rate = none": [True, False],
        "nic.link = 10 Gbit/s": [True, False],
        "nic.link > 10 Gbit/s": [False, True],
        "nic.copybreak = 1 KiB": [False, True],
    }.items():
        assert holds(parse(text), columns, 2).tolist() == kept, text
    with pytest.raises(ConditionError, match="write its unit"):
        holds(parse("host.dma_sync > 1.3"), columns, 2)
    with pytest.raises(ConditionError) as earlier:
        holds(parse("cost_dma_sync > 1300"), columns, 2)
    assert 'It is called "host.dma_sync" now.' in earlier.value.told(table.column_names)
